"""What only one's own account or one's teaching opens: it is seen, and enters no official figure."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from certificates.models import Certificate
from courses.models import ClassRun, Enrolment, Session
from learners.models import AccountLink, Holder, Learner
from ledgers.figures import Selection, quality, runs_by_state, totals
from tests.pages.conftest import YEAR, Training


@pytest.fixture
def training(bureau):
    return Training(bureau)


@pytest.fixture
def foreign(training, other_bureau) -> ClassRun:
    """A run of another bureau with a session and a certificate."""
    run = training.run("外单位的班", bureau=other_bureau)
    enrolment = training.enrol(run, "王小明")[0]
    training.certificate(enrolment, "外〔2024〕1号")
    training.session("外单位的课", run=run, programme=run.programme, bureau=other_bureau, headcount=50)
    return run


def link(user, learner, until: datetime.date | None = None) -> AccountLink:
    return AccountLink.objects.create(
        user=user,
        learner=learner,
        relation=AccountLink.Relation.HELPER,
        consented_at=timezone.now(),
        until=until,
    )


def days(count: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=count)


def seen_by(user) -> tuple[bool, ...]:
    return tuple(
        model.objects.visible_to(user).exists()
        for model in (Learner, Enrolment, Certificate, ClassRun, Session)
    )


def test_ones_own_class_elsewhere_is_seen_and_not_counted(foreign, officer):
    nothing = totals(Selection(YEAR, user=officer))
    link(officer, Learner.objects.get())
    assert seen_by(officer) == (True, True, True, False, False)
    assert totals(Selection(YEAR, user=officer)) == nothing
    assert (nothing.person_times, nothing.certificates) == (0, 0)


def test_what_one_teaches_elsewhere_is_seen_and_not_counted(foreign, training, officer):
    training.trainer(foreign.sessions.get(), officer)
    assert seen_by(officer) == (False, True, True, True, True)
    selection = Selection(YEAR, user=officer)
    assert (totals(selection).person_times, totals(selection).sessions, totals(selection).runs) == (0, 0, 0)
    assert runs_by_state(selection) == {}
    assert sum(finding.count for finding in quality(selection)) == 0


def test_a_trainer_still_lists_the_runs_and_sessions_that_one_teaches(foreign, training, trainer, login):
    training.trainer(foreign.sessions.get(), trainer)
    training.run("别的班", bureau=foreign.bureau)
    client, year = login(trainer), {"year": YEAR}
    rows = client.get(reverse("ledgers:runs"), year).context["page"]
    assert [run.name for run in rows] == ["外单位的班"]
    rows = client.get(reverse("ledgers:sessions"), year).context["page"]
    assert [session.title for session in rows] == ["外单位的课"]
    assert not client.get(reverse("ledgers:runs"), {"year": YEAR - 1}).context["page"].object_list


@pytest.mark.parametrize(("until", "status"), [(None, 200), (0, 200), (1, 200), (-1, 404)])
def test_a_link_opens_a_record_until_its_last_day(foreign, officer, login, until, status):
    learner = Learner.objects.get()
    link(officer, learner, None if until is None else days(until))
    assert login(officer).get(reverse("certificates:record", args=[learner.pk])).status_code == status
    assert seen_by(officer)[:3] == (status == 200,) * 3


# --- Names ------------------------------------------------------------------------------------------


@pytest.fixture
def guessed(foreign, training, bureau) -> Learner:
    """王小明's number, brought in by the officer's bureau under another name."""
    learner = Learner.objects.get()
    Holder.objects.create(learner=learner, bureau=bureau)
    run = training.run("猜号的班")
    Enrolment.objects.create(
        run=run, learner=learner, name="随便写的", district=run.district, state="completed", hours=8
    )
    return learner


def pages_of(client, learner) -> list[str]:
    addresses = (
        reverse("certificates:record", args=[learner.pk]),
        f"{reverse('ledgers:learners')}?year={YEAR}",
    )
    return [client.get(address).content.decode() for address in addresses]


def test_a_number_under_another_name_does_not_tell_the_true_name(guessed, officer, login):
    for page in pages_of(login(officer), guessed):
        assert "随便写的" in page
        assert "王小明" not in page


def test_who_sees_the_whole_city_sees_the_stored_name(guessed, coordinator, login):
    for page in pages_of(login(coordinator), guessed):
        assert "王小明" in page


def test_the_newest_name_in_reach_is_shown(guessed, training, officer, login):
    later = training.run("后来的班", starts_on=datetime.date(YEAR, 9, 1), ends_on=datetime.date(YEAR, 9, 2))
    Enrolment.objects.create(
        run=later, learner=guessed, name="改过的名", district=later.district, state="completed"
    )
    record, listed = pages_of(login(officer), guessed)
    assert "<title>改过的名" in record
    assert "改过的名" in listed
    assert Learner.objects.get().name == "王小明"
