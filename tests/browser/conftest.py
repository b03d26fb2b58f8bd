"""A server of its own with worker and demo data, and a real Chromium that speaks Chinese."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
PASSWORD = "peixun-2025"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 820}
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run"]  # fmt: skip


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def sign_in(page, user):
    page.goto("/accounts/login/")
    page.fill("[name=login]", user)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit], main button.button-main")
    page.wait_for_url(lambda address: "/accounts/login" not in address)


def add_session(page, title: str) -> int:
    """Its key. A session of the class under way, today and without times: its check-in is open all day."""
    page.goto("/today/")
    page.locator("li.row", has_text="培训班").locator("text=照此新增").click()
    page.wait_for_url("**/register/")
    page.click("text=改名称、时间、地点")
    for name, value in (("title", title), ("starts_at", ""), ("ends_at", "")):
        page.fill(f"[name={name}]", value)
    page.click("form[action$='/about/'] button")
    page.wait_for_url("**/register/")
    return int(page.url.split("/")[-3])


def key_at(page, address, pattern, text="") -> int:
    """The key in the first link of the page at `address` that fits `pattern` and holds `text`."""
    page.goto(address)
    links = page.locator("main a", has_text=text).evaluate_all("links => links.map(link => link.pathname)")
    return next(int(found[1]) for link in links if (found := re.fullmatch(pattern, link)))


def is_sound(page):
    """axe finds no violation of WCAG 2.1 A and AA, and nothing is wider than the phone's screen."""
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def until(page, question, given=None):
    """Waits until the answer is yes: `wait_for_function` would need a script that the page forbids."""
    for _ in range(200):
        if page.evaluate(question, given):
            return
        page.wait_for_timeout(100)
    pytest.fail(question)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as response:  # noqa: S310
            return response.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """What the server keeps: its database, its log, and in `sms` the messages for the carrier."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="session")
def server(folder):
    """Its address. A process for the pages and one worker, on a database of their own."""
    port = free_port()
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "MEDIA_ROOT": str(folder / "media"),
        "REDIS_URL": "",
        "PEIXUN_JOBS": "worker",
        "PEIXUN_SMS_CODES": "true",
        "PEIXUN_SMS_FOLDER": str(folder / "sms"),
        "DEBUG": "true",
    }
    manage = [sys.executable, "manage.py"]
    for command in (["migrate", "-v0"], ["load_plan"], ["load_demo"]):
        subprocess.run([*manage, *command], cwd=ROOT, env=environment, check=True, capture_output=True)  # noqa: S603
    processes = [
        subprocess.Popen([*manage, *command], cwd=ROOT, env=environment, stdout=log, stderr=log)  # noqa: S603
        for command, log in (
            (["db_worker", "--interval", "0.3", "--no-startup-delay"], (folder / "worker.log").open("w")),
            (["runserver", "--noreload", f"127.0.0.1:{port}"], (folder / "web.log").open("w")),
        )
    ]
    address = f"http://127.0.0.1:{port}"
    for _ in range(1200):
        if answers(f"{address}/accounts/login/"):
            break
        time.sleep(0.1)
    else:
        pytest.fail((folder / "web.log").read_text()[-2000:])
    yield address
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(10)


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def window(chromium, server):
    """Opens a window, signed in where a user is named; afterwards no script or CSP error may have come."""
    contexts, complaints = [], []

    def open_window(user: str = "", *, size=DESKTOP, large: bool = False):
        context = chromium.new_context(base_url=server, locale="zh-CN", viewport=size)
        contexts.append(context)
        if large:
            context.add_cookies([{"name": "type", "value": "large", "url": server}])
        page = context.new_page()
        page.on("console", lambda entry: complaints.append(entry.text) if entry.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if user:
            sign_in(page, user)
        return page

    yield open_window
    for context in contexts:
        context.close()
    meant = ("404", "410", "422")
    assert [text for text in complaints if not any(status in text for status in meant)] == []


@pytest.fixture(scope="module")
def seats(chromium, server):
    """A page by account and type size, each signed in once for all that it opens."""
    opened = {}

    def seat(user, *, large=False):
        if (user, large) not in opened:
            context = chromium.new_context(base_url=server, locale="zh-CN", viewport=PHONE)
            if large:
                context.add_cookies([{"name": "type", "value": "large", "url": server}])
            opened[user, large] = context.new_page()
            if user:
                sign_in(opened[user, large], user)
        return opened[user, large]

    yield seat
    for page in opened.values():
        page.context.close()
