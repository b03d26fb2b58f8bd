"""Every page fits a desk's screen, in normal and large type; for a phone's see the tests with axe."""

import pytest

from tests.browser.conftest import DESKTOP, PHONE

pytestmark = pytest.mark.browser
PAGES = (
    "/",
    "/progress/?year=2025",
    "/runs/?year=2025",
    "/sessions/?year=2025",
    "/enrolments/?year=2025",
    "/learners/?year=2025",
    "/certificates/?year=2025",
    "/certificate-templates/",
    "/certificate-pictures/",
    "/imports/",
    "/imports/new/",
    "/layouts/",
    "/sign-in-sheets/",
    "/sign-in-sheets/new/",
    "/export/learners/",
    "/public-list/?year=2025",
    "/forms/",
    "/forms/new/",
    "/people/",
    "/people/decisions/",
    "/people/merges/",
    "/certificates/issue/",
    "/issuers/",
    "/issue-rules/",
    "/duties/",
    "/data-requests/",
    "/templates/",
    "/export/?year=2025",
    "/audit/",
    "/years/",
    "/accounts/password/change/",
)


@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
def test_no_page_is_wider_than_its_screen(window, large):
    page = window("tongchou", size=DESKTOP, large=large)
    wide = []
    for address in PAGES:
        response = page.goto(address)
        assert response.status == 200, address
        if page.evaluate("document.documentElement.scrollWidth") > DESKTOP["width"]:
            wide.append(address)
    assert wide == []


def test_targets_are_large_enough_for_thumbs_in_large_type(window):
    page = window("tongchou", size=PHONE, large=True)
    page.goto("/imports/new/")
    heights = page.locator("main .button").evaluate_all(
        "nodes => nodes.map(n => n.getBoundingClientRect().height)"
    )
    assert heights
    assert min(heights) >= 60


def test_the_pages_work_without_javascript(chromium, server):
    context = chromium.new_context(base_url=server, locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill("[name=login]", "tongchou")
    page.fill("[name=password]", "peixun-2025")
    page.click("main button.button-main")
    page.goto("/progress/?year=2025")
    assert "培训科技辅导员" in page.inner_text("main")
    context.close()
