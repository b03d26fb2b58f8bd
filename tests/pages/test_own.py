"""我的培训: what the signed-in account looks after."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from courses.models import Enrolment
from learners.models import AccountLink

ADDRESS = reverse("certificates:own")


@pytest.fixture
def mine(learner, training, today):
    """A class of this year and one of an earlier, of whichever bureau."""
    this = training.run("今年的班", year=today.year, starts_on=today, ends_on=today)
    before = training.run("以前的班")
    for run, hours in ((this, 8), (before, 24)):
        Enrolment.objects.create(
            run=run,
            learner=learner,
            name=learner.name,
            district=run.district,
            state=Enrolment.State.COMPLETED,
            hours=Decimal(hours),
        )
    return this


def test_it_shows_hours_of_this_year_and_of_each_year(mine, login, learner_user, today, text):
    page = text(login(learner_user).get(ADDRESS))
    assert "<b>8</b><span>学时</span>" in page
    assert "<b>32</b><span>学时</span>" in page
    assert "2024 年 · 24 学时" in page
    assert f"{today.year} 年 · 8 学时" in page


def test_it_shows_certificates_without_asking_which_bureau(mine, training, login, learner_user, text):
    certificate = training.certificate(mine.enrolments.get(), "测〔2024〕7号")
    certificate.enrolment = None
    certificate.save()
    assert "测〔2024〕7号" in text(login(learner_user).get(ADDRESS))


def test_it_shows_the_sessions_to_come(mine, training, learner, login, learner_user, today, text):
    mine.enrolments.update(state=Enrolment.State.ADMITTED)
    day = today + datetime.timedelta(days=3)
    training.session("明天的课", run=mine, held_on=day, state="planned", year=day.year)
    training.session("别人的课", held_on=day, state="planned", year=day.year)
    page = text(login(learner_user).get(ADDRESS))
    assert "明天的课" in page
    assert "别人的课" not in page


def test_an_account_without_a_learner_is_told_what_to_do(login, officer, text):
    assert "还没有关联学员" in text(login(officer).get(ADDRESS))


def test_a_helper_sees_each_learner_until_the_link_runs_out(training, login, officer, today, text):
    for name, until in (("奶奶", None), ("爷爷", today), ("姑姑", today - datetime.timedelta(days=1))):
        AccountLink.objects.create(
            user=officer,
            learner=training.learner(name),
            relation=AccountLink.Relation.HELPER,
            consented_at=timezone.now(),
            until=until,
        )
    page = text(login(officer).get(ADDRESS))
    assert "奶奶" in page
    assert "爷爷" in page
    assert "姑姑" not in page


def test_ones_own_is_shown_to_nobody_else(mine, login, outsider, text):
    assert "今年的班" not in text(login(outsider).get(ADDRESS))


def test_the_number_of_queries_does_not_grow_with_the_classes(mine, training, learner_user, queries):
    few = queries(learner_user, ADDRESS)
    for number in range(10):
        training.enrol(training.run(f"班 {number}"), "王小明")
    assert queries(learner_user, ADDRESS) == few
