"""The board of a session: how many are here of how many, and who came last; names and nothing else."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from courses.boards import NAMES_SHOWN
from courses.models import Enrolment
from courses.registering import Presence, register

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def arrive(session):
    """Marks enrolments as here, one minute after the other."""

    def mark(*enrolments, state="present"):
        now = timezone.now()
        for number, enrolment in enumerate(enrolments):
            presence = Presence(enrolment.pk, state, way="code", at=now + number * MINUTE)
            register(session, [presence], user=None, at=now, done=False)

    return mark


@pytest.fixture
def board(login, trainer, session, text):
    """The board as the trainer sees it."""
    return lambda **headers: text(login(trainer).get(reverse("courses:board", args=[session.pk]), **headers))


def test_a_board_shows_who_is_here_of_how_many(board, arrive, enrolments):
    arrive(*enrolments[:2])
    page = board()
    assert "<strong>2</strong>" in page
    assert "应到 3 人" in page
    assert "66%" in page


def test_who_came_last_stands_first(board, arrive, enrolments):
    arrive(*enrolments[:2])
    page = board()
    assert page.index("李秀英") < page.index("王小明")
    assert "张建国" not in page


def test_names_only(board, arrive, enrolments):
    arrive(enrolments[0])
    assert "韶山村合作社" not in board()


def test_who_is_late_is_here_and_who_is_absent_is_not(board, arrive, enrolments):
    arrive(enrolments[0], state="late")
    arrive(enrolments[1], state="absent")
    page = board()
    assert "<strong>1</strong>" in page
    assert "迟到" in page
    assert "李秀英" not in page


def test_who_withdrew_is_not_expected(board, enrolments):
    Enrolment.objects.filter(pk=enrolments[0].pk).update(state=Enrolment.State.WITHDRAWN)
    assert "应到 2 人" in board()


def test_before_anybody_came_the_board_says_what_will_be_here(board):
    assert "还没有人签到" in board()


def test_a_lecture_shows_its_headcount(login, officer, classes, text):
    lecture = classes.session(None, "讲座", headcount=80)
    page = text(login(officer).get(reverse("courses:board", args=[lecture.pk])))
    assert "<strong>80</strong>" in page


def test_the_board_keeps_itself_current_with_and_without_a_socket(board, session):
    page = board()
    assert f'data-live="/ws/sessions/{session.pk}/"' in page
    assert 'data-live-poll="5"' in page


def test_for_htmx_only_what_moves_is_sent(board):
    part = board(headers={"HX-Request": "true"})
    assert "应到 3 人" in part
    assert "<html" not in part


def test_a_large_class_shows_the_last_names_and_how_many_more(board, arrive, classes, run):
    arrive(*classes.enrol(run, *(f"学员{number}" for number in range(NAMES_SHOWN + 5))))
    assert "还有 5 人先到" in board()


def test_the_board_takes_few_queries(
    login, trainer, session, arrive, enrolments, django_assert_max_num_queries
):
    arrive(*enrolments)
    client = login(trainer)
    with django_assert_max_num_queries(12):
        client.get(reverse("courses:board", args=[session.pk]), headers={"HX-Request": "true"})


@pytest.mark.parametrize(("role", "status"), [("outsider", 404), ("reviewer", 403), ("learner_user", 403)])
def test_a_board_is_for_who_registers_the_session(login, session, request, role, status):
    client = login(request.getfixturevalue(role))
    assert client.get(reverse("courses:board", args=[session.pk])).status_code == status
