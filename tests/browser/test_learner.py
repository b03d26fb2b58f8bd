"""A learner on a phone: signs in both ways, or without an account, and finds hours and certificates.

An officer opened the account; a stranger checks what the learner shows. Pages are also looked at by axe.
"""

import io
import json
import re
import time

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect
from pypdf import PdfReader

from tests.browser.conftest import PHONE, is_sound, key_at

pytestmark = pytest.mark.browser
MOBILE = "13800009999"
OWN = "my-own-words-of-2026"


@pytest.fixture(scope="module")
def office(chromium, server):
    """A window of an officer; it stays open for the whole file."""
    context = chromium.new_context(base_url=server, locale="zh-CN")
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill("[name=login]", "tongchou")
    page.fill("[name=password]", "peixun-2025")
    page.click("main button[type=submit], main button.button-main")
    page.wait_for_url(lambda address: "/accounts/login" not in address)
    yield page
    context.close()


def fact(page, name: str) -> str:
    """What stands beside this word in a list of facts."""
    return page.locator(f"dt:text-is('{name}') + dd").first.inner_text().strip()


def drawn_one(office) -> tuple[int, int]:
    """The keys of a run and of a certificate that was drawn for it here."""
    office.goto("/certificates/issue/")
    links = office.locator("main a").evaluate_all("links => links.map(link => link.pathname)")
    for link in links:
        if found := re.fullmatch(r"/runs/(\d+)/certificates/hand-out/", link):
            office.goto(link)
            inside = office.locator("main a").evaluate_all("links => links.map(link => link.pathname)")
            drawn = [int(one[1]) for path in inside if (one := re.fullmatch(r"/certificates/(\d+)/", path))]
            if drawn:
                return int(found[1]), drawn[0]
    pytest.fail("No class of the demo has a certificate that was drawn here.")


@pytest.fixture(scope="module")
def learner(office) -> dict[str, str]:
    """Somebody with a certificate: the record's key, name, whole ID number, the certificate's number."""
    run, certificate = drawn_one(office)
    record = key_at(office, f"/certificates/{certificate}/", r"/learners/(\d+)/")
    found = {"record": record, "certificate": certificate, "run": run}
    found |= {"number": fact(office, "证书编号"), "name": fact(office, "姓名")}
    office.goto(f"/learners/{record}/id-number/")
    office.fill("[name=reason]", "核对报名信息")
    office.click("main form button.button-main")
    found["id_number"] = office.locator(".whole-number").first.inner_text().strip()
    return found


@pytest.fixture(scope="module")
def account(office, learner) -> dict[str, str]:
    """User name and first password, as the slip shows them; the learner's own phone is on the account."""
    office.goto(f"/learners/{learner['record']}/account/")
    office.fill("[name=phone]", MOBILE)
    office.check("[name=checked]")
    office.click("main form button.button-main")
    return {"username": fact(office, "用户名"), "password": fact(office, "初始密码")}


def enter(page, login: str, password: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", login)
    page.fill("[name=password]", password)
    page.click("main button[type=submit], main button.button-main")


def newest_code(folder) -> str:
    """What the carrier would send; it is handed over beside the request."""
    for _try in range(100):
        files = sorted((folder / "sms").glob("*.json"), key=lambda one: one.stat().st_mtime)
        if files:
            message = json.loads(files[-1].read_text())
            assert message["to"] == MOBILE
            return re.search(r"\d{6}", message["text"])[0]
        time.sleep(0.1)
    pytest.fail("No code was handed to the carrier.")


def looks_after(page, learner) -> None:
    """The record stands there with hours and certificates; nothing is wider than the screen."""
    page.goto("/my/")
    expect(page.locator("main")).to_contain_text("学时")
    expect(page.locator("main")).to_contain_text(learner["number"])
    is_sound(page)


def text_of(download) -> str:
    pages = PdfReader(io.BytesIO(download.path().read_bytes())).pages
    return re.sub(r"\s", "", "".join(page.extract_text() for page in pages))


def test_with_a_first_password_then_by_phone_then_by_code(window, folder, learner, account):
    page = window(size=PHONE)
    enter(page, account["username"], account["password"])
    page.wait_for_url("**/accounts/password/change/")
    page.fill("[name=oldpassword]", account["password"])
    page.fill("[name=password1]", OWN)
    page.fill("[name=password2]", OWN)
    page.click("main button[type=submit], main button.button-main")
    page.wait_for_url(lambda address: "/password/" not in address)
    looks_after(page, learner)

    by_phone = window(size=PHONE)
    enter(by_phone, MOBILE, OWN)
    by_phone.wait_for_url(lambda address: "/accounts/login" not in address)
    looks_after(by_phone, learner)

    by_code = window(size=PHONE, large=True)
    by_code.goto("/accounts/login/")
    by_code.click("text=用手机验证码登录")
    by_code.fill("[name=phone]", MOBILE)
    by_code.click("main button[type=submit], main button.button-main")
    by_code.wait_for_url("**/confirm/")
    by_code.fill("[name=code]", newest_code(folder))
    by_code.click("main button[type=submit], main button.button-main")
    by_code.wait_for_url(lambda address: "/accounts/login" not in address)
    looks_after(by_code, learner)

    by_code.click(f"main a:has-text('{learner['number']}')")
    expect(by_code.locator("h1")).to_be_visible()
    assert by_code.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    with by_code.expect_download() as waiting:
        by_code.click("text=下载 PDF")
    said = text_of(waiting.value)
    assert learner["name"] in said
    assert re.sub(r"\s", "", learner["number"]) in said

    scanned = zxingcpp.read_barcodes(
        Image.open(io.BytesIO(by_code.locator(".own-code-picture").screenshot()))
    )
    stranger = window(size=PHONE)
    stranger.goto(scanned[0].text)
    stranger.wait_for_selector("main h2:has-text('有效')")
    assert learner["name"] not in stranger.locator("main").inner_text()
    stranger.fill("[name=name]", learner["name"])
    stranger.locator("form button", has_text="核对").click()
    expect(stranger.locator("main")).to_contain_text(learner["name"])
    assert learner["name"] not in stranger.url


def test_without_an_account_by_name_and_id_number(window, learner):
    page = window(size=PHONE, large=True)
    page.goto("/accounts/login/")
    page.click("text=没有账号？")
    page.fill("[name=name]", learner["name"])
    page.fill("[name=id_number]", learner["id_number"])
    page.click("main form button.button-main")
    expect(page.locator("main")).to_contain_text(learner["number"])
    shown = page.content()
    assert learner["id_number"] not in shown + page.url
    assert learner["name"] not in page.locator("main").inner_text()
    is_sound(page)
    with page.expect_download() as waiting:
        page.locator("main a", has_text="PDF").first.click()
    assert learner["name"] in text_of(waiting.value)


def test_a_stranger_checks_by_the_form(window, learner):
    page = window(size=PHONE)
    page.goto("/v/")
    page.fill("[name=number]", learner["number"].replace("〔", "(").replace("〕", ")"))
    page.fill("form.panel [name=name]", learner["name"])
    page.locator("form.panel button").first.click()
    page.wait_for_selector("main h2:has-text('有效')")
    assert learner["name"] not in page.url
    is_sound(page)


# --- Pages ------------------------------------------------------------------------------------------

OFFICE_PAGES = (
    "/learners/{record}/",
    "/learners/{record}/account/",
    "/learners/{record}/helpers/",
    "/learners/{record}/exemptions/",
    "/learners/{record}/id-number/",
    "/certificates/{certificate}/",
    "/certificates/{certificate}/revoke/",
    "/certificates/{certificate}/replace/correction/",
    "/certificates/issue/",
    "/runs/{run}/certificates/",
    "/runs/{run}/certificates/hand-out/",
    "/issuers/",
    "/issue-rules/",
    "/issue-rules/new/",
    "/duties/",
    "/data-requests/",
)
OPEN_PAGES = ("/v/", "/v/offline/", "/record/", "/record/phone/", "/accounts/login/", "/accounts/login/code/")


@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
@pytest.mark.parametrize("address", OFFICE_PAGES + OPEN_PAGES)
def test_axe_finds_nothing_and_the_page_fits(window, office, learner, address, large):
    page = office if address in OFFICE_PAGES else window(size=PHONE, large=large)
    if page is office:
        page.set_viewport_size(PHONE)
        page.context.add_cookies(
            [{"name": "type", "value": "large" if large else "standard", "url": page.url}]
        )
    assert page.goto(address.format(**learner)).status == 200
    is_sound(page)
