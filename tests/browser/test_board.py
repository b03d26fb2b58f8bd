"""The board for the projector moves by itself when somebody checks in elsewhere."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from courses.check_in.codes import code_for
from courses.models import Session
from tests.browser.conftest import PHONE, add_session

pytestmark = pytest.mark.browser
SOON = 3_000  # ms


def test_the_board_moves_in_a_second_window(window):
    session = add_session(window("jiaoshi", size=PHONE), "大屏上的课")
    board = window("tongchou")
    with board.expect_websocket(lambda socket: f"/ws/sessions/{session}/" in socket.url):
        board.goto(f"/sessions/{session}/board/")
    here = board.locator(".board-count strong")
    expect(here).to_have_text("0")
    phone = window("xueyuan", size=PHONE)
    phone.goto(f"/in/{code_for(Session(pk=session), timezone.now())}/")
    phone.locator("main button.button-main").click()
    expect(here).to_have_text("1", timeout=SOON)
    expect(board.locator(".board-newest")).to_have_count(1)
