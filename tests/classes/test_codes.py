"""The code on the screen: it changes by the server's clock, and only who registers the session sees it."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from courses.check_in.codes import (
    SECONDS,
    ForgedCode,
    StaleCode,
    code_for,
    demand_fresh,
    demand_pass,
    pass_for,
    session_of,
)
from courses.models import Session
from courses.registering import Presence, register
from tests.classes.conftest import DAY


@pytest.fixture
def address(session):
    return reverse("courses:code", args=[session.pk])


def drawn(page: str) -> str:
    """The code's picture."""
    return re.search(r'<div class="code-picture".*?</div>', page, re.DOTALL)[0]


def test_the_screen_shows_a_code_and_how_many_are_here(
    session, enrolments, clock, login, trainer, address, text
):
    register(session, [Presence(enrolments[0].pk, "present")], user=trainer, at=timezone.now(), done=False)
    page = text(login(trainer).get(address))
    assert "<svg" in drawn(page)
    assert re.search(r"<b>1</b><span>/ 3 人已签到", page)
    assert f'data-seconds="{SECONDS}"' in page


def test_the_code_changes_with_the_servers_clock(session, clock, login, trainer, address, text):
    client = login(trainer)
    first = drawn(text(client.get(address)))
    clock(8, 50, SECONDS - 1)
    assert drawn(text(client.get(address))) == first
    clock(8, 50, SECONDS)
    assert drawn(text(client.get(address))) != first


def test_the_page_asks_for_its_middle_part_only(session, clock, login, trainer, address, text):
    part = text(login(trainer).get(address, headers={"HX-Request": "true"}))
    assert "<svg" in part
    assert "<html" not in part


@pytest.mark.parametrize(
    ("time", "words"),
    [((7, 59), "8:00 开始签到"), ((13, 0), "13:00 结束"), ((8, 0), "<svg"), ((12, 59), "<svg")],
)
def test_check_in_is_open_from_an_hour_before_to_an_hour_after(
    session, clock, login, trainer, address, text, time, words
):
    clock(*time)
    assert words in text(login(trainer).get(address))


def test_without_times_it_is_open_all_day(session, clock, login, trainer, address, text):
    Session.objects.update(starts_at=None, ends_at=None)
    clock(0, 1)
    assert "<svg" in text(login(trainer).get(address))


@pytest.mark.parametrize(
    ("values", "words"), [({"run": None}, "单独的讲座不点名"), ({"state": "cancelled"}, "已取消")]
)
def test_a_lecture_and_a_cancelled_session_have_no_code(
    session, clock, login, trainer, address, text, values, words
):
    Session.objects.update(**values)
    page = text(login(trainer).get(address))
    assert words in page
    assert "code-picture" not in page


def test_the_screen_is_for_who_registers_the_session(session, clock, login, outsider, reviewer, address):
    assert login(outsider).get(address).status_code == 404
    assert login(reviewer).get(address).status_code == 403
    assert login(outsider).post(address).status_code == 405


def test_a_code_is_good_while_it_stands_and_a_moment_longer(session, clock):
    now = timezone.now()
    code = code_for(session, now)
    demand_fresh(code, now)
    demand_fresh(code, now + (2 * SECONDS - 1) * DAY / 86_400)
    for late in (2 * SECONDS, 3600, -SECONDS):
        with pytest.raises(StaleCode):
            demand_fresh(code, now + late * DAY / 86_400)


@pytest.mark.parametrize(
    "change", [lambda code: code[:-1], lambda code: f"1{code}", lambda _code: "x.y.z", lambda _code: ""]
)
def test_a_code_that_was_changed_is_not_ours(session, clock, change):
    code = code_for(session, timezone.now())
    assert session_of(code) == session.pk
    with pytest.raises(ForgedCode):
        session_of(change(code))


def test_a_pass_is_for_its_code_and_some_minutes(session, clock):
    code = code_for(session, timezone.now())
    entry = pass_for(code)
    demand_pass(entry, code)
    for wrong in (entry + "x", "", pass_for(code_for(session, timezone.now() + DAY))):
        with pytest.raises(StaleCode):
            demand_pass(wrong, code)
    clock(8, 56)
    with pytest.raises(StaleCode):
        demand_pass(entry, code)
