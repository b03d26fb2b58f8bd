"""What learners find to enrol for, and how they get there."""

import pytest
from django.urls import reverse

from courses.models import ClassRun, Enrolment
from tests.classes.conftest import DAY

OPEN = ClassRun.State.OPEN


@pytest.fixture
def address(plan) -> str:
    return reverse("courses:open")


def names(response) -> list[str]:
    return [run.name for run in response.context["page"].object_list]


def test_only_runs_open_today_are_listed_the_next_first(login, learner_user, address, classes, other_bureau):
    today = classes.today
    classes.run("下月班", state=OPEN, starts_on=today + 30 * DAY, ends_on=today + 31 * DAY)
    classes.run("下周班", state=OPEN, bureau=other_bureau, starts_on=today + 7 * DAY, ends_on=today + 8 * DAY)
    classes.run("日期未定", state=OPEN, starts_on=None, ends_on=None)
    classes.run("已截止", state=OPEN, enrol_until=today - DAY)
    classes.run("未开始报名", state=OPEN, enrol_from=today + DAY)
    classes.run("进行中")
    assert names(login(learner_user).get(address)) == ["下周班", "下月班", "日期未定"]


def test_seats_left_are_told_and_full_runs_have_a_waiting_list(login, learner_user, address, classes, text):
    full = classes.run("满的", state=OPEN, seats=1)
    classes.enrol(full, "甲")
    some = classes.run("有名额的", state=OPEN, seats=3)
    classes.enrol(some, "乙")
    classes.enrol(some, "丙", state=Enrolment.State.APPLIED)
    classes.session(some)
    classes.session(some, state="cancelled")
    classes.run("不限的", state=OPEN, seats=None)
    page = text(login(learner_user).get(address))
    for words in ("名额已满，可候补", "还有 2 个名额", "名额不限", "共 1 次课"):
        assert words in page
    assert reverse("courses:run-notice", args=[full.pk]) in page


def test_ones_own_application_is_told(login, learner_user, learner, address, classes):
    run = classes.run(state=OPEN)
    Enrolment.objects.create(run=run, learner=learner, name="王小明", district=run.district, state="applied")
    client = login(learner_user)
    assert client.get(address).context["applied"] == {run.pk}
    Enrolment.objects.update(state=Enrolment.State.WITHDRAWN)
    assert client.get(address).context["applied"] == set()


def test_the_list_is_narrowed_by_group_and_words(login, learner_user, address, classes):
    classes.run("农民班", state=OPEN, place="县农校")
    classes.run("讲座班", state=OPEN, programme=classes.lectures)
    client = login(learner_user)
    assert names(client.get(address, {"group": "seniors"})) == ["讲座班"]
    assert names(client.get(address, {"group": "没有"})) == ["农民班", "讲座班"]
    assert names(client.post(address, {"q": "农校"}, follow=True)) == ["农民班"]


def test_without_open_runs_the_page_says_so(login, learner_user, address, text):
    assert "现在没有可以报名的班次" in text(login(learner_user).get(address))


def test_the_list_asks_no_query_per_run(login, learner_user, address, classes, django_assert_max_num_queries):
    for number in range(12):
        classes.enrol(classes.run(f"第{number}期", state=OPEN, seats=30), f"学员{number}")
    client = login(learner_user)
    with django_assert_max_num_queries(12):
        client.get(address)


def test_learners_find_it_in_the_navigation_and_offices_their_registers(
    login, learner_user, officer, address, text
):
    assert f'href="{address}"' in text(login(learner_user).get(address))
    page = text(login(officer).get(reverse("courses:trainers")))
    assert f'href="{address}"' not in page
    assert "教学资源" in page
