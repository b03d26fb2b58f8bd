"""A learner applies, sees what became of it, and takes the application back."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from bureaus.models import User
from courses.enrolling import deciding
from courses.models import Attendance, ClassRun, Enrolment, RepeatLimit
from learners.models import AccountLink, Holder, Learner

DAY = datetime.timedelta(days=1)
State = Enrolment.State


@pytest.fixture
def open_run(classes):
    """Begins in ten days; two seats, an officer decides."""
    first = classes.today + 10 * DAY
    values = {"starts_on": first, "ends_on": first + DAY, "year": first.year}
    return classes.run("秋季班", state=ClassRun.State.OPEN, seats=2, contact="李老师 0731-5550000", **values)


@pytest.fixture
def free(open_run):
    """The same without approval."""
    ClassRun.objects.filter(pk=open_run.pk).update(approval=False)
    return open_run


@pytest.fixture
def send(login, learner_user, learner):
    """Sends the form of applying; follows to where it leads."""

    def apply(run, **values):
        values = {
            "learner": learner.pk,
            "employer": "韶山学校",
            "position": "教师",
            "phone": "13800000000",
        } | values
        return login(learner_user).post(reverse("courses:apply", args=[run.pk]), values, follow=True)

    return apply


def words(response):
    return response.content.decode()


def test_with_approval_one_has_applied_and_the_bureau_sees_it(open_run, send, learner):
    assert "报名已提交，请等主办单位审核。" in words(send(open_run))
    enrolment = Enrolment.objects.get()
    assert (enrolment.state, enrolment.came_by) == (State.APPLIED, Enrolment.CameBy.LEARNER)
    assert (enrolment.employer, enrolment.position) == ("韶山学校", "教师")
    assert Holder.objects.get(learner=learner).phone == "13800000000"


def test_without_approval_one_is_admitted(free, send):
    assert "报名成功，已录取" in words(send(free))
    assert Enrolment.objects.get().state == State.ADMITTED


def test_over_the_seats_one_is_told_the_place(free, send, classes):
    classes.enrol(free, "甲一", "乙二")
    classes.enrol(free, "丙三", "丁四", state=State.WAITING, waits_from=timezone.now())
    response = send(free)
    assert "您排在候补第 3 位" in words(response)
    assert "候补第 3 位" in words(response).split("</header>")[-1]


def test_one_does_not_apply_twice(free, send):
    send(free)
    response = send(free)
    assert response.status_code == 422
    assert Enrolment.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"state": ClassRun.State.RUNNING}, "已经开班"),
        ({"state": ClassRun.State.CANCELLED}, "已取消"),
        ({"enrol_from": timezone.localdate() + 2 * DAY}, "还没有到报名时间"),
        ({"enrol_from": timezone.localdate() - 3 * DAY, "enrol_until": timezone.localdate() - DAY}, "截止"),
    ],
)
def test_a_run_that_takes_no_applications_says_why(open_run, send, login, learner_user, values, sentence):
    ClassRun.objects.filter(pk=open_run.pk).update(**values)
    assert sentence in words(login(learner_user).get(reverse("courses:apply", args=[open_run.pk])))
    response = send(open_run)
    assert response.status_code == 422
    assert sentence in words(response)
    assert not Enrolment.objects.exists()


def test_a_run_still_planned_is_not_there(open_run, login, learner_user):
    ClassRun.objects.filter(pk=open_run.pk).update(state=ClassRun.State.PLANNED)
    assert login(learner_user).get(reverse("courses:apply", args=[open_run.pk])).status_code == 404


def test_without_a_linked_learner_one_is_told_whom_to_ask(open_run, login, plan):
    stranger = User.objects.create(username="xinren")
    response = login(stranger).get(reverse("courses:apply", args=[open_run.pk]))
    assert "李老师 0731-5550000" in words(response)
    assert "还没有关联学员" in words(response)


def test_somebody_elses_learner_is_no_choice(open_run, send):
    other = Learner.objects.create(name="李秀英")
    assert send(open_run, learner=other.pk).status_code == 422
    assert not Enrolment.objects.exists()


def test_a_link_that_has_run_out_gives_no_right(open_run, send, learner_user):
    AccountLink.objects.update(until=timezone.localdate() - DAY)
    assert send(open_run).status_code == 422
    assert not Enrolment.objects.exists()


def test_an_account_of_a_family_says_who_comes(open_run, send, learner_user, login):
    mother = Learner.objects.create(name="李秀英")
    AccountLink.objects.create(
        user=learner_user, learner=mother, relation="helper", consented_at=timezone.now()
    )
    assert "谁参加" in words(login(learner_user).get(reverse("courses:apply", args=[open_run.pk])))
    send(open_run, learner=mother.pk)
    assert Enrolment.objects.get().learner == mother


def test_what_was_typed_stays_when_something_is_missing(open_run, send):
    response = send(open_run, phone="")
    assert response.status_code == 422
    assert "韶山学校" in words(response)


def test_a_limit_that_blocks_is_said_to_the_learner(free, send, classes, learner):
    RepeatLimit.objects.create(repeat="year", effect="block")
    other = classes.run("春季班", year=free.year)
    Enrolment.objects.create(run=other, learner=learner, name="王小明", district=other.district)
    response = send(free)
    assert response.status_code == 422
    assert "参加过本项目的培训" in words(response)


def test_taking_it_back_frees_the_seat(free, send, classes, login, learner_user):
    send(free)
    classes.enrol(free, "甲一")
    classes.enrol(free, "乙二", state=State.WAITING, waits_from=timezone.now())
    own = Enrolment.objects.get(learner__account_links__user=learner_user)
    address = reverse("courses:withdraw-own", args=[own.pk])
    client = login(learner_user)
    assert "名额会马上让给候补的人" in words(client.get(address))
    client.post(address)
    assert dict(free.enrolments.values_list("name", "state")) == {
        "王小明": State.WITHDRAWN,
        "甲一": State.ADMITTED,
        "乙二": State.ADMITTED,
    }


def test_who_left_may_apply_again_and_an_officer_decides(free, send, login, learner_user):
    send(free)
    own = Enrolment.objects.get()
    login(learner_user).post(reverse("courses:withdraw-own", args=[own.pk]))
    send(free)
    own.refresh_from_db()
    assert (own.state, own.reason) == (State.APPLIED, "")


def test_who_was_turned_down_does_not_apply_again(open_run, send, officer):
    send(open_run)
    deciding.reject(open_run.pk, [Enrolment.objects.get().pk], by=officer, reason="不符合条件")
    assert send(open_run).status_code == 422
    assert Enrolment.objects.get().state == State.REJECTED


def test_after_the_beginning_one_cannot_leave_alone(free, send, login, learner_user):
    send(free)
    ClassRun.objects.filter(pk=free.pk).update(starts_on=timezone.localdate())
    own = Enrolment.objects.get()
    response = login(learner_user).post(reverse("courses:withdraw-own", args=[own.pk]))
    assert response.status_code == 422
    assert "请联系主办单位" in words(response)


def test_others_applications_are_not_there(free, classes, login, learner_user, officer):
    other = classes.enrol(free, "甲一")[0]
    for user in (learner_user, officer):
        assert login(user).post(reverse("courses:withdraw-own", args=[other.pk])).status_code == 404


def test_the_own_page_shows_what_is_coming_and_what_was_missed(classes, run, login, learner, learner_user):
    session = classes.session(run, "水稻栽培")
    classes.session(run, "田间管理", held_on=classes.today + DAY)
    enrolment = Enrolment.objects.create(
        run=run, learner=learner, name="王小明", district=run.district, state=State.ATTENDING
    )
    Attendance.objects.create(enrolment=enrolment, session=session, state="absent")
    page = words(login(learner_user).get(reverse("courses:my-classes")))
    assert "田间管理" in page
    assert "缺席" in page
    assert reverse("courses:appeal", args=[enrolment.pk, session.pk]) in page


def test_the_own_page_asks_no_query_per_class(
    classes, login, learner, learner_user, django_assert_max_num_queries
):
    for number in range(8):
        run = classes.run(f"班{number}")
        classes.session(run)
        Enrolment.objects.create(
            run=run,
            learner=learner,
            name="王小明",
            district=run.district,
            state=State.WAITING,
            waits_from=timezone.now(),
        )
    client = login(learner_user)
    with django_assert_max_num_queries(16):
        assert words(client.get(reverse("courses:my-classes"))).count("候补第 1 位") == 8
