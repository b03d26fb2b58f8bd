"""The notice of a run: for everybody while it is open, with the code that leads to enrolling."""

import pytest
from django.test import Client
from django.urls import reverse

from courses.models import ClassRun
from courses.qr import qr_picture
from tests.classes.conftest import DAY


@pytest.fixture
def opened(classes) -> ClassRun:
    run = classes.run(
        state="open",
        starts_on=classes.today + DAY,
        ends_on=classes.today + 2 * DAY,
        place="市农校",
        seats=40,
        notice="请自带笔记本电脑。\n\n<b>食宿</b>统一安排。",
        contact="科普部 0731-50000000",
        approval=False,
    )
    classes.session(run, "水稻栽培", held_on=run.starts_on)
    classes.session(run, "不办的课", held_on=run.starts_on, state="cancelled")
    classes.enrol(run, "王小明")
    return run


def address(run) -> str:
    return reverse("courses:run-notice", args=[run.pk])


def test_everybody_reads_the_notice_of_an_open_run(opened, text):
    page = text(Client().get(address(opened)))
    for words in ("市农校", "40 人", "0731-50000000", "水稻栽培", "请自带笔记本电脑。", "报名即录取"):
        assert words in page
    assert "&lt;b&gt;食宿" in page
    assert "不办的课" not in page
    assert "王小明" not in page


def test_the_code_leads_to_enrolling(opened, text):
    wanted = f"http://testserver{reverse('courses:apply', args=[opened.pk])}"
    page = text(Client().get(address(opened)))
    assert wanted in page
    assert str(qr_picture(wanted)) in page


@pytest.mark.parametrize("state", ["planned", "running", "finished", "cancelled"])
def test_any_other_is_for_those_who_see_the_run(opened, state, login, officer, outsider, learner_user):
    ClassRun.objects.update(state=state)
    response = Client().get(address(opened))
    assert response["Location"].startswith("/accounts/login/")
    assert login(officer).get(address(opened)).status_code == 200
    assert login(outsider).get(address(opened)).status_code == 404
    assert login(learner_user).get(address(opened)).status_code == 404


def test_an_unknown_run_looks_like_one_that_is_not_open(db):
    assert Client().get(reverse("courses:run-notice", args=[999_999])).status_code == 302


def test_outside_the_days_for_enrolling_it_says_so(opened, classes, text):
    ClassRun.objects.update(enrol_until=classes.today - DAY)
    page = text(Client().get(address(opened)))
    assert "现在不在报名时间内" in page
    assert "我要报名" not in page
