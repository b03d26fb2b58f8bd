"""A session is registered on a phone in at most six taps from the home page, with a script and without."""

import pytest

from tests.browser.conftest import PASSWORD, PHONE

pytestmark = pytest.mark.browser
MOST_TAPS = 6


class Thumb:
    """Taps, and counts its taps."""

    def __init__(self, page):
        self.page, self.taps = page, 0

    def tap(self, place):
        place.click()
        self.taps += 1


def a_new_session(page):
    """Opens the roster of a session like the last of the class, today; gives its address."""
    page.goto("/today/")
    page.locator("li.row", has_text="培训班").locator("text=照此新增").click()
    page.wait_for_url("**/register/")
    return page.url


def call_the_roster(thumb, session):
    page = thumb.page
    page.goto("/")
    path = "/" + session.split("/", 3)[3]
    thumb.tap(page.locator(f".lesson a[href='{path}']"))
    page.wait_for_url(session)
    thumb.tap(page.locator("[data-enrolment]").nth(1).locator(".state-absent"))
    thumb.tap(page.locator("[data-enrolment]").nth(2).locator(".state-leave"))
    thumb.tap(page.locator(".register-bar .button-main"))
    return path


def states(page, session):
    page.goto(session)
    chosen = page.locator("[data-enrolment] .states input:checked")
    return chosen.evaluate_all("inputs => inputs.map(input => input.value)")


def test_all_present_with_two_exceptions(window):
    page = window("jiaoshi", size=PHONE)
    session = a_new_session(page)
    thumb = Thumb(page)
    path = call_the_roster(thumb, session)
    page.wait_for_selector("text=点名完成")
    assert thumb.taps <= MOST_TAPS
    assert states(page, session)[:4] == ["present", "absent", "leave", "present"]
    page.goto("/today/")
    lesson = page.locator(".lesson", has=page.locator(f"a[href='{path}']"))
    assert "已点名 38/40" in lesson.locator(".badge").inner_text()


def test_the_foot_counts_along_and_somebody_is_found_by_name(window):
    page = window("jiaoshi", size=PHONE)
    a_new_session(page)
    everybody = page.locator("[data-enrolment]").count()
    page.locator("[data-enrolment]").first.locator(".state-absent").click()
    assert page.inner_text("[data-here]") == str(everybody - 1)
    assert page.inner_text("[data-away]") == "1"
    name = page.locator("[data-enrolment] legend b").last.inner_text()
    page.fill(".register-find input", name)
    assert page.locator("[data-enrolment]:visible").count() < everybody
    page.fill(".register-find input", "没有这个人")
    assert page.locator("[data-nobody]").is_visible()


def test_minutes_are_asked_for_only_where_they_count(window):
    page = window("jiaoshi", size=PHONE)
    a_new_session(page)
    person = page.locator("[data-enrolment]").first
    assert not person.locator("input[type=number]").is_visible()
    person.locator(".state-late").click()
    assert person.locator("input[type=number]").is_visible()


@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
def test_its_pages_fit_a_phone_with_targets_for_a_thumb(window, large):
    page = window("jiaoshi", size=PHONE, large=large)
    for address in ("/today/", a_new_session(page)):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
        heights = page.locator("main .state, .lesson .button, .register-bar .button").evaluate_all(
            "nodes => nodes.map(node => node.getBoundingClientRect().height)"
        )
        assert min(heights) >= (60 if large else 44), address


def test_it_works_without_a_script(chromium, server):
    context = chromium.new_context(base_url=server, locale="zh-CN", viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill("[name=login]", "jiaoshi")
    page.fill("[name=password]", PASSWORD)
    page.click("main button.button-main")
    session = a_new_session(page)
    call_the_roster(Thumb(page), session)
    assert "点名完成：到 38 人，缺 2 人" in page.inner_text("main")
    assert states(page, session)[:3] == ["present", "absent", "leave"]
    context.close()
