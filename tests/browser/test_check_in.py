"""The code on the screen, read as a phone's camera reads it: in time, by a second account, too late."""

import datetime
import re
from io import BytesIO

import pytest
import zxingcpp
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from courses.check_in.codes import code_for
from courses.models import Session
from tests.browser.conftest import DESKTOP, PHONE, add_session, sign_in, until

pytestmark = pytest.mark.browser
PAGES = ("code", "digits", "proxy", "sheet", "sheet/read", "evaluate/code", "evaluations")


@pytest.fixture(scope="module")
def session(chromium, server):
    """The key of a session whose check-in is open all day."""
    context = chromium.new_context(base_url=server, locale="zh-CN", viewport=PHONE)
    page = context.new_page()
    sign_in(page, "jiaoshi")
    key = add_session(page, "扫码签到的课")
    context.close()
    return key


def scanned(screen) -> str:
    """The address in the code on the screen: the whole of it, for the code is replaced now and then."""
    picture = Image.open(BytesIO(screen.screenshot()))
    return zxingcpp.read_barcodes(picture)[0].text


@pytest.fixture
def screen(window, session):
    """The code on the projector."""
    page = window("jiaoshi")
    page.goto(f"/sessions/{session}/code/")
    return page


def known(office, place) -> tuple[str, str]:
    """Name and last four digits of the ID number of somebody in the class, as the office reads them."""
    office.goto(f"/sessions/{place}/")
    office.locator("main a[href^='/runs/']", has_text="培训班").first.click()
    office.locator("main a[href^='/learners/']").nth(5).click()
    office.wait_for_url("**/learners/*/")
    number = office.get_by_text(re.compile(r"^\d{3}\*+\w{4}$")).first.inner_text()
    return office.inner_text("h1"), number[-4:]


def say_who(phone, name, digits):
    phone.fill("[name=name]", name)
    phone.fill("[name=digits]", digits)
    phone.click("main form button.button-main")


def test_a_code_that_is_scanned_in_time_checks_in_and_the_screen_counts(window, screen):
    count = screen.locator(".code-count b")
    before = int(count.inner_text())
    phone = window("xueyuan", size=PHONE)
    phone.goto(scanned(screen))
    phone.locator("main button.button-main").click()
    expect(phone.locator("h1")).to_have_text("签到成功")
    expect(count).to_have_text(str(before + 1), timeout=6_000)
    phone.goto(scanned(screen))
    expect(phone.locator("main")).to_contain_text("已签到")
    expect(phone.locator("main button.button-main")).to_have_count(0)


def test_a_stranger_tells_name_and_digits_and_a_second_account_for_the_person_counts_no_more(
    window, session, screen
):
    name, digits = known(window("tongchou"), session)
    count = screen.locator(".code-count b")
    before = int(count.inner_text())
    stranger = window(size=PHONE)
    stranger.goto(scanned(screen))
    say_who(stranger, name, digits)
    expect(stranger.locator("h1")).to_have_text("签到成功")
    expect(count).to_have_text(str(before + 1), timeout=6_000)
    second = window("shenhe", size=PHONE)
    second.goto(scanned(screen))
    say_who(second, name, digits)
    expect(second.locator("h1")).to_have_text("已经签到过了")
    screen.reload()
    expect(count).to_have_text(str(before + 1))


def test_a_second_account_is_not_offered_the_first_ones_place(window, screen):
    phone = window("jingban", size=PHONE)
    phone.goto(scanned(screen))
    assert phone.locator("[name=enrolment]").count() == 0
    say_who(phone, "学员本人", "0000")
    expect(phone.locator("main")).to_contain_text("没有对上")


def test_a_code_that_comes_too_late_says_what_to_do(window, session):
    a_minute_ago = timezone.now() - datetime.timedelta(minutes=1)
    phone = window(size=PHONE)
    phone.goto(f"/in/{code_for(Session(pk=session), a_minute_ago)}/")
    phone.wait_for_selector("h1:has-text('签到码已过期')")
    assert "请再扫一次" in phone.inner_text("main")


def test_the_code_on_the_screen_changes_by_itself(screen):
    first = scanned(screen)
    until(
        screen,
        "first => document.querySelector('.code-picture').innerHTML !== first",
        screen.locator(".code-picture").inner_html(),
    )
    assert scanned(screen) != first


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
def test_no_page_of_checking_in_is_wider_than_its_screen(window, session, size, large):
    page = window("jiaoshi", size=size, large=large)
    wide = []
    for name in PAGES:
        assert page.goto(f"/sessions/{session}/{name}/").status == 200, name
        if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
            wide.append(name)
    assert wide == []
