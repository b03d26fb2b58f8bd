"""Many rows at once: what stands in the database afterwards is what Django would have written."""

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from courses.models import ClassRun, Enrolment
from learners.models import Identity, Learner
from ledgers.importing import bulk

pytestmark = pytest.mark.django_db


def add(count, **values):
    ids = bulk.reserve(Learner, count)
    now = timezone.now()
    rows = [(pk, f"张{pk}", "", "1980", now) for pk in ids]
    bulk.insert(Learner, ("id", "name", "gender", "birth", "created_at"), rows)
    return ids


def test_reserved_keys_are_never_given_again():
    first = bulk.reserve(Learner, 3)
    second = bulk.reserve(Learner, 2)
    saved = Learner.objects.create(name="甲")
    assert len({*first, *second, saved.pk}) == 6
    assert list(first) == sorted(first)


@pytest.mark.parametrize(
    "name", ["制表\t符", "反斜\\杠", "换\n行", "引'号\"", "\\N", "", "阿依古丽·买买提", "𬱖䶮𠮷", "100%s"]
)
def test_any_text_is_stored_as_it_is(name):
    (pk,) = bulk.reserve(Learner, 1)
    bulk.insert(Learner, ("id", "name", "created_at"), [(pk, name, timezone.now())])
    assert Learner.objects.get(pk=pk).name == name


def test_what_is_not_named_gets_its_default():
    (pk,) = add(1)
    learner = Learner.objects.get(pk=pk)
    assert (learner.gender, learner.birth) == ("", "1980")


def test_sealed_fields_are_sealed():
    (pk,) = add(1)
    bulk.insert(
        Identity, ("learner_id", "kind", "value", "digest"), [(pk, "id_number", "439999197503120014", "d")]
    )
    assert Identity.objects.get(learner=pk).value == "439999197503120014"
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM learners_identity WHERE learner_id = %s", [pk])
        assert "43999919750312" not in cursor.fetchone()[0]


def test_numbers_days_times_and_json_come_back_as_they_were(plan, bureau):
    programme = plan.programmes.first()
    run = ClassRun.objects.create(programme=programme, name="第1期", bureau=bureau, district_id=1, year=2024)
    (learner,), (pk,) = add(1), bulk.reserve(Enrolment, 1)
    now = timezone.now()
    values = {
        "id": pk,
        "run_id": run.pk,
        "learner_id": learner,
        "name": "甲",
        "district_id": run.district_id,
        "hours": Decimal("7.50"),
        "hours_general": None,
        "particulars": {"note": '说"明\\', "title": "教师"},
        "created_at": now,
        "changed_at": now,
    }
    bulk.insert(Enrolment, tuple(values), [tuple(values.values())])
    stored = Enrolment.objects.get(pk=pk)
    assert (stored.hours, stored.hours_general) == (Decimal("7.50"), None)
    assert stored.particulars == values["particulars"]
    assert stored.changed_at == now
    assert stored.state == Enrolment.State.ADMITTED


def test_an_update_sets_the_named_fields_of_the_rows_it_finds():
    first, second, third = add(3)
    found = bulk.update(
        Learner, ("name", "birth"), [(first, "甲", "1990"), (third, "丙", ""), (third + 99, "", "")]
    )
    assert found == 2
    assert list(Learner.objects.order_by("pk").values_list("name", "birth")) == [
        ("甲", "1990"),
        (f"张{second}", "1980"),
        ("丙", ""),
    ]
    assert bulk.update(Learner, ("name",), [(second, "乙")]) == 1


def test_constraints_hold():
    (pk,) = add(1)
    row = (pk, "id_number", "x", "same")
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert(Identity, ("learner_id", "kind", "value", "digest"), [row, row])
    assert Identity.objects.count() == 0


def test_any_of_takes_thousands_of_values_in_one_parameter(django_assert_num_queries):
    ids = add(5000)
    wanted = [*ids[:2500], 10**9]
    with django_assert_num_queries(1):
        assert Learner.objects.filter(pk__any_of=wanted).count() == 2500
    assert Learner.objects.filter(name__any_of=["张0", f"张{ids[7]}"]).get().pk == ids[7]
    assert Identity.objects.filter(learner__any_of=list(ids)).count() == 0
    assert Learner.objects.filter(created_at__date=datetime.date(2000, 1, 1), pk__any_of=[]).count() == 0


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite plans without counts")
def test_postgresql_counts_anew_what_was_written(db):
    Learner.objects.bulk_create(Learner(name=f"学员{number}") for number in range(50))
    bulk.analyse(Learner)
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [Learner._meta.db_table])
        assert cursor.fetchone() == (50,)
