"""Two records made one: everything follows, 人次 stay right, and all of it can be taken back."""

from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from bureaus.models import AuditEvent, YearClose, YearClosed
from certificates.models import Certificate, Template, TemplateVersion
from certificates.models.certificates import new_code
from courses.models import Attendance, ClassRun, Enrolment
from learners.models import AccountLink, FormerRecord, Holder, Identity, Learner, LearnerAlias
from learners.own_data import reveal, seen_by
from ledgers.figures import Selection, totals
from ledgers.models import Merge, PersonDecision
from ledgers.people import relations
from ledgers.people.deciding import deny
from ledgers.people.merging import CannotMerge, Choice, merge
from ledgers.people.unmerging import unmerge
from tests.people.conftest import dump

pytestmark = pytest.mark.django_db
CHOICE = Choice("电话核实")


def differences(before, after):
    return {
        label: [(one, other) for one, other in zip(before[label], after[label], strict=False) if one != other]
        or (len(before[label]), len(after[label]))
        for label in before
        if before[label] != after[label]
    }


def test_every_foreign_key_to_a_learner_and_to_an_enrolment_is_handled():
    assert relations.unhandled() == set()
    assert ("courses.Enrolment", "learner") in relations.pointing_at(Learner)


def test_a_foreign_key_that_merging_does_not_know_stops_it(town, officer, monkeypatch):
    monkeypatch.setattr(relations, "OF_LEARNERS", relations.OF_LEARNERS[1:])
    with pytest.raises(ImproperlyConfigured, match=r"learners\.Identity"):
        merge(1, 2, choice=CHOICE, by=officer)


@pytest.mark.parametrize("seed", range(12))
def test_a_merge_that_is_taken_back_leaves_every_row_as_it_was(town, officer, seed):
    here = town(seed)
    gone, kept = here.learner(), here.learner()
    before = dump()
    done = merge(gone.pk, kept.pk, choice=Choice("电话核实", facts=("name", "birth")), by=officer)
    assert differences(before, dump())
    assert not Learner.objects.filter(pk=gone.pk).exists()
    unmerge(done.pk, by=officer, reason="弄错了")
    assert differences(before, dump()) == {}
    assert {one["outcome"] for one in Merge.objects.get().outcome} == {"back"}


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_lost_and_a_run_counts_a_person_once(town, officer, seed):
    here = town(seed)
    gone, kept = here.learner(), here.learner()
    certificates, marks = Certificate.objects.count(), dump()["courses.Mark"]
    runs = set(Enrolment.objects.values_list("run", flat=True))
    sessions = set(Attendance.objects.filter(state="present").values_list("session", flat=True))
    merge(gone.pk, kept.pk, choice=CHOICE, by=officer)
    assert sorted(kept.enrolments.values_list("run", flat=True)) == sorted(runs)
    assert kept.certificates.count() == certificates
    assert len(dump()["courses.Mark"]) == len(marks)
    there = Attendance.objects.filter(enrolment__learner=kept, state="present")
    assert set(there.values_list("session", flat=True)) == sessions
    assert Identity.objects.filter(learner=kept).count() == 2


def test_of_two_enrolments_in_one_run_the_one_that_took_part_stays(town, officer):
    here = town()
    gone, kept = (Learner.objects.create(name="王小明") for _n in range(2))
    for one in (gone, kept):
        Holder.objects.create(learner=one, bureau=here.bureau)
    Enrolment.objects.create(
        run=here.runs[0],
        learner=gone,
        name="王小明",
        district=here.home["district"],
        state="completed",
        hours=Decimal(24),
        employer="甲单位",
    )
    stays = Enrolment.objects.create(
        run=here.runs[0], learner=kept, name="王小明", district=here.home["district"], state="no_show"
    )
    selection = Selection(year=2024)
    merge(gone.pk, kept.pk, choice=CHOICE, by=officer)
    stays.refresh_from_db()
    assert (stays.state, stays.hours, stays.employer) == ("completed", Decimal(24), "甲单位")
    assert (totals(selection).person_times, totals(selection).people) == (1, 1)


def test_what_somebody_changed_since_stays_and_is_told(town, officer):
    here = town(3)
    gone, kept = here.learner(), here.learner()
    alone = here.enrol(gone, here.run("第9期"))
    done = merge(gone.pk, kept.pk, choice=CHOICE, by=officer)
    Certificate.objects.filter(enrolment=alone).delete()
    alone.refresh_from_db()
    alone.notices.all().delete()
    alone.ledger_rows.all().delete()
    alone.delete()
    unmerge(done.pk, by=officer, reason="弄错了")
    stays = [one for one in Merge.objects.get().outcome if one["outcome"] != "back"]
    assert {(one["model"], one["why"]) for one in stays} == {
        ("courses.Enrolment", "deleted"),
        ("certificates.Certificate", "deleted"),
    }
    assert Learner.objects.filter(pk=gone.pk).exists()


def test_the_other_name_and_the_old_number_lead_to_the_record_that_stays(town, officer):
    here = town()
    gone, kept = here.learner("王小明"), here.learner("王大明")
    reveal(gone, by=officer, reason="核对")
    merge(gone.pk, kept.pk, choice=CHOICE, by=officer)
    assert LearnerAlias.objects.filter(learner=kept, name="王小明").exists()
    assert FormerRecord.objects.get().number == gone.pk
    assert [event.reason for event in seen_by(kept)] == ["核对"]


def test_facts_are_filled_and_chosen(town, officer):
    here = town()
    gone, kept = here.learner("王小明"), here.learner("王大明")
    Learner.objects.filter(pk=gone.pk).update(gender="male", birth="1985")
    Learner.objects.filter(pk=kept.pk).update(gender="", birth="1990")
    merge(gone.pk, kept.pk, choice=Choice("核实", facts=("name",)), by=officer)
    kept.refresh_from_db()
    assert (kept.name, kept.gender, kept.birth) == ("王小明", "male", "1990")


def test_two_accounts_both_open_the_record(town, officer):
    here = town()
    gone, kept = here.learner(), here.learner()
    AccountLink.objects.all().delete()
    for learner, user in ((gone, here.users[0]), (kept, here.users[1])):
        AccountLink.objects.create(user=user, learner=learner)
    merge(gone.pk, kept.pk, choice=CHOICE, by=officer)
    assert kept.account_links.count() == 2


def test_two_valid_certificates_of_one_title_in_one_run_are_settled_first(town, officer):
    here = town()
    gone, kept = here.learner(), here.learner()
    template = Template.objects.create(bureau=here.bureau, name="证", title="证")
    version = TemplateVersion.objects.create(template=template, number=1, layout={})
    run = here.run("第9期")
    for n, learner in enumerate((gone, kept)):
        Certificate.objects.create(
            issuer=here.issuer,
            number=f"发{n}",
            title="证",
            learner=learner,
            name="王小明",
            year=2024,
            enrolment=here.enrol(learner, run),
            origin="drawn",
            code=new_code(),
            version=version,
        )
    before = dump()
    with pytest.raises(CannotMerge, match="同名证书"):
        merge(gone.pk, kept.pk, choice=CHOICE, by=officer)
    assert dump() == before


def test_a_closed_year_whose_people_would_be_fewer_refuses(town, officer):
    here = town()
    gone, kept = here.learner(), here.learner()
    here.enrol(gone, here.run("第7期"))
    here.enrol(kept, here.run("第8期"))
    YearClose.objects.create(bureau=here.bureau, year=2024)
    before = dump()
    with pytest.raises(YearClosed, match="2024"):
        merge(gone.pk, kept.pk, choice=CHOICE, by=officer)
    assert dump() == before


def test_a_closed_year_in_which_only_one_took_part_does_not_refuse(town, officer, bureau):
    here = town()
    gone, kept = (Learner.objects.create(name="王小明", gender="male") for _n in range(2))
    for one, year in ((gone, 2023), (kept, 2024)):
        Holder.objects.create(learner=one, bureau=bureau)
        run = ClassRun.objects.create(programme=here.programme, name="班", **here.home | {"year": year})
        here.enrol(one, run)
    YearClose.objects.create(bureau=bureau, year=2023)
    done = merge(gone.pk, kept.pk, choice=CHOICE, by=officer)
    assert kept.enrolments.count() == 2
    YearClose.objects.create(bureau=bureau, year=2024)
    unmerge(done.pk, by=officer, reason="弄错了")


def test_a_sex_that_is_filled_in_moves_a_closed_figure_too(town, officer, bureau):
    here = town()
    gone, kept = Learner.objects.create(name="王小明", gender="female"), Learner.objects.create(name="王小明")
    for one, year in ((gone, 2023), (kept, 2024)):
        Holder.objects.create(learner=one, bureau=bureau)
        run = ClassRun.objects.create(programme=here.programme, name="班", **here.home | {"year": year})
        here.enrol(one, run)
    YearClose.objects.create(bureau=bureau, year=2024)
    with pytest.raises(YearClosed):
        merge(gone.pk, kept.pk, choice=CHOICE, by=officer)


def test_a_year_that_was_closed_after_the_merge_keeps_it(town, officer):
    here = town()
    gone, kept = here.learner(), here.learner()
    for one in (gone, kept):
        here.enrol(one, here.run(f"加{one.pk}"))
    done = merge(gone.pk, kept.pk, choice=CHOICE, by=officer)
    YearClose.objects.create(bureau=here.bureau, year=2024)
    with pytest.raises(YearClosed):
        unmerge(done.pk, by=officer, reason="弄错了")


def test_a_closed_year_of_another_bureau_is_told_where_only_the_city_counts_fewer(
    town, coordinator, other_bureau
):
    here = town()
    gone, kept = (Learner.objects.create(name="王小明", gender="male") for _n in range(2))
    for one, bureau in ((gone, here.bureau), (kept, other_bureau)):
        Holder.objects.create(learner=one, bureau=bureau)
        here.enrol(
            one,
            ClassRun.objects.create(programme=here.programme, name="班", **here.home | {"bureau": bureau}),
        )
    YearClose.objects.create(bureau=other_bureau, year=2024)
    merge(gone.pk, kept.pk, choice=CHOICE, by=coordinator)
    assert AuditEvent.objects.get(deed="learners.merged").after["city_years"] == [2024]


def test_what_another_bureau_trained_is_not_an_officers_to_move(town, officer, coordinator, other_bureau):
    here = town()
    gone, kept = here.learner(), here.learner()
    Holder.objects.create(learner=gone, bureau=other_bureau)
    with pytest.raises(CannotMerge, match="别的单位"):
        merge(gone.pk, kept.pk, choice=CHOICE, by=officer)
    merge(kept.pk, gone.pk, choice=CHOICE, by=officer)
    assert gone.holders.count() == 2


def test_a_learner_whom_the_bureau_does_not_hold_is_not_merged(town, outsider):
    here = town()
    gone, kept = here.learner(), here.learner()
    with pytest.raises(CannotMerge):
        merge(gone.pk, kept.pk, choice=CHOICE, by=outsider)


def test_a_record_is_not_merged_into_itself_nor_twice(town, officer):
    here = town()
    gone, kept = here.learner(), here.learner()
    with pytest.raises(CannotMerge, match="两份不同"):
        merge(gone.pk, gone.pk, choice=CHOICE, by=officer)
    merge(gone.pk, kept.pk, choice=CHOICE, by=officer)
    with pytest.raises(CannotMerge, match="已经不在"):
        merge(gone.pk, kept.pk, choice=CHOICE, by=officer)


def test_merges_on_top_of_one_another_are_taken_back_from_the_last(town, officer):
    here = town(5)
    one, two, three = here.learner(), here.learner(), here.learner()
    before = dump()
    first = merge(one.pk, two.pk, choice=CHOICE, by=officer)
    second = merge(two.pk, three.pk, choice=CHOICE, by=officer)
    with pytest.raises(CannotMerge, match="后来"):
        unmerge(first.pk, by=officer, reason="弄错了")
    unmerge(second.pk, by=officer, reason="弄错了")
    unmerge(first.pk, by=officer, reason="弄错了")
    assert differences(before, dump()) == {}
    with pytest.raises(CannotMerge, match="已经撤销"):
        unmerge(first.pk, by=officer, reason="再来")


def test_a_merge_overrides_that_they_were_said_to_be_two(town, officer):
    here = town()
    gone, kept = here.learner(), here.learner()
    PersonDecision.objects.all().delete()
    deny(gone, kept, by=officer)
    merge(gone.pk, kept.pk, choice=CHOICE, by=officer)
    assert not PersonDecision.objects.exists()


def test_the_steps_lie_sealed(town, officer):
    here = town()
    gone, kept = here.learner(), here.learner()
    done = merge(gone.pk, kept.pk, choice=CHOICE, by=officer)
    with connection.cursor() as cursor:
        cursor.execute("SELECT steps, gone_name FROM ledgers_merge")
        stored = "".join(cursor.fetchone())
    assert gone.name in done.steps
    assert gone.name not in stored
    assert "learners.Identity" not in stored
