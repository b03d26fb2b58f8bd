"""A village without a network: a phone that was closed and opened again brings its marks, once each."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import CHROMIUM, PASSWORD, PHONE, QUIET, until

pytestmark = pytest.mark.browser
# Whether the phone keeps this page, with these words in it.
KEEPS = """async ([path, words]) => {
  const page = await (await caches.open("peixun-pages")).match(path);
  return page ? (await page.text()).includes(words) : false;
}"""

EMPTY = "async () => (await peixunQueue.all()).length === 0"


@pytest.fixture
def phone(chromium, server, tmp_path):
    """Opens the browser of one and the same phone, as often as wanted: a page of it."""
    opened = []

    def switch_on(*, offline: bool = False):
        context = chromium.browser_type.launch_persistent_context(
            tmp_path / "phone",
            executable_path=CHROMIUM,
            args=QUIET,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport=PHONE,
            base_url=server,
            offline=offline,
        )
        opened.append(context)
        return context.new_page()

    yield switch_on
    for context in opened:
        context.close()


def sign_in(page, user, *, remembered=False):
    page.goto("/accounts/login/?next=/today/")
    page.fill("[name=login]", user)
    page.fill("[name=password]", PASSWORD)
    page.set_checked("[name=remember]", remembered)
    page.click("main button.button-main")
    page.wait_for_url("**/today/")


def sign_out(page):
    page.click("details.menu summary")
    page.click("text=退出登录")
    page.wait_for_url("**/accounts/login/**")


def a_class_today(page):
    """Adds a session like the last one of the class of forty, and waits until the phone has its pages."""
    page.locator("li.row", has_text="培训班").locator("text=照此新增").click()
    page.wait_for_url("**/register/")
    path = page.evaluate("location.pathname")
    until(page, KEEPS, ["/today/", path])
    until(page, KEEPS, [path, "data-register"])
    return path


def call_the_roster(page, *exceptions):
    """Everybody is present but these, in the order of the list."""
    for place, state in enumerate(exceptions):
        page.locator("[data-enrolment]").nth(place).locator(f".state-{state}").click()
    page.click("form[data-register] .button-main")
    page.wait_for_selector("[data-queue-done]:not([hidden])")


def chosen(page, place):
    return page.locator("[data-enrolment]").nth(place).locator("input:checked").get_attribute("value")


def badge_of(page, path):
    page.goto("/today/")
    return page.locator(".lesson", has=page.locator(f"a[href='{path}']")).locator(".badge").inner_text()


def without_network(page, path):
    page.context.set_offline(True)
    page.goto("/today/")
    expect(page.locator("[data-kept-bar]")).to_contain_text("离线：显示的是")
    page.click(f".lesson a[href='{path}']")
    page.wait_for_url(f"**{path}")
    assert page.locator("form[data-register]").is_visible(), page.inner_text("main")


def test_forty_marks_survive_closing_the_browser_and_arrive_once(phone):
    page = phone()
    sign_in(page, "jiaoshi", remembered=True)
    path = a_class_today(page)
    without_network(page, path)
    call_the_roster(page, "absent", "late")
    assert "已保存在本机，40 条待发送" in page.inner_text("main")
    page.context.close()

    page = phone(offline=True)
    page.goto("/today/")
    page.wait_for_selector("[data-queue] >> text=40 条待发送")
    page.goto(path)
    page.wait_for_selector("[data-away]:text-is('1')", state="attached")
    assert (chosen(page, 0), chosen(page, 1), chosen(page, 2)) == ("absent", "late", "present")

    page.context.set_offline(False)
    until(page, EMPTY)
    assert "已点名 39/40" in badge_of(page, path)
    page.goto(path)
    assert (chosen(page, 0), chosen(page, 1)) == ("absent", "late")


def test_online_the_roster_is_sent_at_once(phone):
    page = phone()
    sign_in(page, "jiaoshi")
    path = a_class_today(page)
    call_the_roster(page, "leave")
    page.wait_for_selector("text=点名完成，已全部记入")
    assert "已点名 39/40" in badge_of(page, path)


def test_nobody_or_somebody_else_signed_in_keeps_the_marks_and_says_so(phone):
    page = phone()
    sign_in(page, "jiaoshi")
    path = a_class_today(page)
    without_network(page, path)
    call_the_roster(page)
    page.context.close()

    page = phone()
    page.goto("/today/")
    page.wait_for_url("**/accounts/login/**")
    page.wait_for_selector("text=这 40 条是罗老师登记的，保存在本机。请罗老师登录后发送。")
    sign_in(page, "tongchou")
    page.wait_for_selector("text=这 40 条是罗老师登记的")
    assert page.locator("[data-queue-send]").is_hidden()
    sign_out(page)
    sign_in(page, "jiaoshi")
    until(page, EMPTY)
    assert "已点名 40/40" in badge_of(page, path)


def test_signing_out_takes_the_rosters_off_the_phone_and_leaves_the_queue(phone):
    page = phone()
    sign_in(page, "jiaoshi")
    path = a_class_today(page)
    without_network(page, path)
    call_the_roster(page)
    page.route("**/offline/marks/", lambda route: route.abort())
    page.context.set_offline(False)
    sign_out(page)
    page.wait_for_selector("text=这 40 条是罗老师登记的")
    page.context.set_offline(True)
    page.goto(path)
    assert "现在没有网络" in page.inner_text("h1")
    page.wait_for_selector("text=这 40 条是罗老师登记的")
    assert "董" not in page.content()


def test_two_phones_that_disagree_are_shown_and_settled_with_one_tap(phone, window):
    page = phone()
    sign_in(page, "jiaoshi")
    path = a_class_today(page)
    without_network(page, path)
    call_the_roster(page, "absent")

    other = window("tongchou", size=PHONE)
    other.goto(path)
    call_the_roster(other, "present")
    other.wait_for_selector("text=点名完成，已全部记入")

    page.context.set_offline(False)
    page.wait_for_selector("text=1 条与已有记录不同")
    page.click("[data-queue-answers] >> text=去核对")
    page.click("button:has-text('改为缺席')")
    page.wait_for_selector("text=没有要核对的记录")
    assert "已点名 39/40" in badge_of(page, path)
