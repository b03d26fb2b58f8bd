"""满意度: three questions by a code, without a name, one a browser, never more than were present."""

import re
import uuid

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from courses.evaluating import LEAST, Scores, link_token, summary_for
from courses.models import Ballot, Evaluation, Session
from courses.registering import Presence, register
from tests.classes.conftest import DAY

ANSWERS = {"content": 5, "teaching": 4, "arrangement": 3, "words": ""}


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()


@pytest.fixture
def held(session, enrolments, trainer):
    """All three were here."""
    presences = [Presence(enrolment.pk, "present") for enrolment in enrolments]
    register(session, presences, user=trainer, at=timezone.now())
    return session


@pytest.fixture
def address(session):
    return reverse("courses:say", args=[link_token(session)])


@pytest.fixture
def results(session):
    return reverse("courses:evaluations", args=[session.pk])


def say(address, client=None, **answers):
    client = client or Client()
    client.get(address)
    return client.post(address, ANSWERS | answers, follow=True)


def given(session, number=LEAST, **values):
    scores = {"content": 5, "teaching": 4, "arrangement": 3, "made_on": session.held_on} | values
    return [Evaluation.objects.create(session=session, **scores) for _ in range(number)]


def test_an_evaluation_is_taken_without_a_name(held, address, text):
    page = text(say(address, words="讲得好"))
    assert "谢谢您的评价" in page
    evaluation = Evaluation.objects.get()
    assert (evaluation.content, evaluation.teaching, evaluation.arrangement) == (5, 4, 3)
    assert (evaluation.words, evaluation.made_on) == ("讲得好", timezone.localdate())


def test_the_page_says_that_nobody_sees_who_answered(held, address, text):
    page = text(Client().get(address))
    assert "不记姓名" in page
    assert not re.search(r'name="(name|phone|login)"', page)


def test_an_account_that_is_signed_in_leaves_no_trace(held, address, login, learner_user):
    say(address, login(learner_user))
    row = Ballot.objects.values().get()
    assert set(row) == {"id", "session_id", "digest"}
    assert {field.name for field in Evaluation._meta.fields} == {
        *("id", "session", "content", "teaching", "arrangement", "words", "made_on")
    }


def test_a_browser_votes_once(held, address, text):
    client = Client()
    say(address, client)
    assert "已经评价过了" in text(say(address, client))
    assert Evaluation.objects.count() == 1


def test_there_are_no_more_evaluations_than_people_present(held, address, text):
    for _ in range(3):
        say(address)
    assert "到场的人都已评价" in text(say(address))
    assert (Evaluation.objects.count(), Ballot.objects.count()) == (3, 3)


def test_a_lecture_counts_its_heads(session, address, text):
    Session.objects.update(run=None, headcount=1)
    assert "谢谢" in text(say(address))
    assert "都已评价" in text(say(address))


def test_before_anybody_is_registered_none_is_taken(session, address, text):
    assert "还没有登记到场情况" in text(say(address))


@pytest.mark.parametrize(
    "answers", [{"content": ""}, {"teaching": 6}, {"arrangement": 0}, {"content": "x"}, {"words": "长" * 401}]
)
def test_answers_that_cannot_be_are_said_at_the_field(held, address, answers):
    assert say(address, **answers).status_code == 422
    assert not Evaluation.objects.exists()


def test_without_a_cookie_no_vote_is_taken(held, address):
    response = Client().post(address, ANSWERS)
    assert response.status_code == 422
    assert "Cookie" in response.content.decode()


@pytest.mark.parametrize(("days", "words"), [(-1, "还没有上课"), (7, "不记姓名"), (8, "评价已结束")])
def test_it_is_open_for_a_week(held, address, text, days, words):
    Session.objects.update(held_on=timezone.localdate() - days * DAY)
    assert words in text(Client().get(address))


def test_a_forged_link_leads_nowhere(session):
    assert Client().get(f"/say/{session.pk}.AAAA/").status_code == 404


def test_the_trainers_screen_shows_the_code(held, login, trainer, text):
    page = text(login(trainer).get(reverse("courses:evaluate-code", args=[held.pk])))
    assert "<svg" in page
    assert "不用登录" in page


def test_the_screen_of_an_old_session_says_that_it_is_over(held, login, trainer, text):
    Session.objects.update(held_on=timezone.localdate() - 8 * DAY)
    assert "评价已结束" in text(login(trainer).get(reverse("courses:evaluate-code", args=[held.pk])))


def test_results_show_averages_spread_and_words(session, results, login, trainer, text):
    given(session, 2)
    given(session, 1, content=2, words="希望多实践")
    page = text(login(trainer).get(results))
    assert "内容：平均 4.0 分" in page
    assert "收到 3 份" in page
    assert "希望多实践" in page
    assert re.search(r"很满意</span>.*?2 份", page, re.DOTALL)


def test_few_answers_are_not_shown(session, results, login, trainer, text):
    given(session, LEAST - 1, words="只有我这么说")
    page = text(login(trainer).get(results))
    assert f"收到 {LEAST - 1} 份" in page
    assert "只有我这么说" not in page
    assert "平均" not in page


def test_words_stand_in_no_order_of_time(session, results, login, trainer, text):
    for number in (3, 1, 2):
        given(session, 1, id=uuid.UUID(int=number), words=f"第{number}条")
    assert re.findall(r"第(\d)条", text(login(trainer).get(results))) == ["1", "2", "3"]


def test_results_are_for_the_trainer_and_the_office(
    session, results, login, trainer, officer, reviewer, outsider
):
    for user, status in ((trainer, 200), (officer, 200), (reviewer, 200), (outsider, 404)):
        assert login(user).get(results).status_code == status
    assert login(officer).post(results).status_code == 405


def test_the_summary_of_many_sessions_is_one_query(session, classes, run, django_assert_num_queries):
    other = classes.session(run, "病虫害")
    given(session, 3)
    given(other, 1, content=1)
    with django_assert_num_queries(1):
        found = summary_for([session, other])
    assert found[session.pk] == Scores(3, 15, 12, 9)
    assert (found[session.pk].overall, found[other.pk].overall) == (4.0, None)
    assert sum(found.values(), Scores()).mean("content") == 4.0
