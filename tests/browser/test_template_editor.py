"""A real browser designs a certificate: drags, nudges, types, and saves a new version."""

import pytest

from tests.browser.conftest import PHONE

pytestmark = pytest.mark.browser


def open_editor(window, **given):
    page = window("tongchou", **given)
    page.goto("/certificate-templates/")
    page.locator(".paper-card", has_text="结业证书").locator("a.paper-link").click()
    page.click("text=改版面")
    page.wait_for_selector(".sheet-box[tabindex]")
    return page


def value(page, name: str) -> float:
    return float(page.input_value(f"[name={name}]"))


def waiting_for_the_sheet(page):
    return page.expect_response(lambda response: response.url.endswith("/preview/"))


def test_a_box_is_dragged_nudged_and_saved(window):
    page = open_editor(window)
    area = page.locator("[data-place=texts-2] .sheet-area")
    before = value(page, "texts-2-x"), value(page, "texts-2-y")
    place = area.bounding_box()
    scale = page.locator(".sheet-view").bounding_box()["width"] / 297
    x, y = place["x"] + 8, place["y"] + 8
    with waiting_for_the_sheet(page):
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 21 * scale, y - 3 * scale, steps=6)
        page.mouse.up()
    assert value(page, "texts-2-x") - before[0] == pytest.approx(21, abs=1.5)
    assert value(page, "texts-2-y") - before[1] == pytest.approx(-3, abs=1.5)
    assert page.locator("#part-texts-2").get_attribute("open") is not None
    here = value(page, "texts-2-x")
    with waiting_for_the_sheet(page):
        page.keyboard.press("Shift+ArrowLeft")
    assert value(page, "texts-2-x") == pytest.approx(here - 5)
    assert page.evaluate("document.activeElement.dataset.place") == "texts-2"
    page.fill("[name=note]", "姓名往右挪")
    page.click("text=保存为新版本")
    page.wait_for_selector("text=已保存为第")
    assert page.locator(".paper-card").first.locator("text=姓名往右挪").is_visible()


def test_a_width_is_dragged_and_a_fault_is_told_at_the_box(window):
    page = open_editor(window)
    with waiting_for_the_sheet(page):
        page.locator("[data-place=texts-1] .sheet-area").click(position={"x": 4, "y": 4})
        page.keyboard.press("ArrowDown")
    width = value(page, "texts-1-width")
    handle = page.locator("[data-place=texts-1] .sheet-handle").bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    with waiting_for_the_sheet(page):
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 60, y, steps=5)
        page.mouse.up()
    assert value(page, "texts-1-width") < width - 10
    with waiting_for_the_sheet(page):
        page.fill("[name=texts-1-x]", "290")
    page.wait_for_selector("#said-texts-1 >> text=超出纸张")


def test_a_word_is_inserted_and_a_text_added_and_removed(window):
    page = open_editor(window)
    count = page.locator(".sheet-box[data-place^=texts]").count()
    page.click("text=＋ 添加文字")
    page.wait_for_selector(f"#part-texts-{count}[open]")
    page.fill(f"[name=texts-{count}-text]", "学时")
    with waiting_for_the_sheet(page):
        page.click("[data-insert='{hours}']")
    assert page.input_value(f"[name=texts-{count}-text]") == "学时{hours}"
    page.locator(f"#part-texts-{count}").locator("text=删去").click()
    page.wait_for_selector(f"#part-texts-{count}", state="detached")
    assert page.locator(".sheet-box[data-place^=texts]").count() == count


def test_the_editor_fits_a_phone(window):
    page = open_editor(window, size=PHONE)
    page.locator("#part-texts-3 > summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
