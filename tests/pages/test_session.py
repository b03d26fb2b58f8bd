"""The page of one session or lecture."""

import pytest
from django.urls import reverse


def address(session, query=""):
    return reverse("courses:session", args=[session.pk]) + query


def test_a_lecture_shows_its_heads_and_that_nobody_is_known_by_name(login, officer, lecture, text):
    page = text(login(officer).get(address(lecture)))
    for words in ("智能手机讲座", "社区礼堂", "<b>80</b><span>人次</span>", "<b>—</b><span>人</span>"):
        assert words in page
    for label in ("其中女性", "其中老年人", "没有登记姓名"):
        assert label in page


def test_a_session_of_a_run_shows_who_was_there(training, first, login, officer, text):
    session = training.session("开班课", run=first, programme=first.programme)
    here, late = first.enrolments.filter(state="completed")
    training.attend(session, here)
    training.attend(session, late, state="late")
    page = text(login(officer).get(address(session)))
    assert "<b>2</b><span>人次</span>" in page
    assert "迟到" in page
    assert reverse("courses:run", args=[first.pk]) in page


def test_a_planned_session_has_no_figures(training, login, officer, text):
    page = text(login(officer).get(address(training.session("下次讲座", state="planned"))))
    assert 'class="figure"' not in page
    assert "待举办" in page


def test_a_trainer_sees_only_ones_own(training, lecture, login, trainer):
    assert login(trainer).get(address(lecture)).status_code == 404
    training.trainer(lecture, trainer)
    assert login(trainer).get(address(lecture)).status_code == 200


@pytest.mark.parametrize("query", ["?page=abc", "?page=0"])
def test_an_address_with_mistakes_still_shows_the_session(lecture, login, officer, query):
    assert login(officer).get(address(lecture, query)).status_code == 200


def test_the_number_of_queries_does_not_grow_with_those_present(training, first, officer, queries):
    session = training.session("开班课", run=first, programme=first.programme)
    few = queries(officer, address(session))
    training.attend(session, *training.enrol(first, *(f"学员{number}" for number in range(20))))
    assert queries(officer, address(session)) <= few + 1  # the page of names itself
