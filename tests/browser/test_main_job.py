"""The main job in a real browser: a ledger in, progress seen, the yearly ledger out."""

import io
from pathlib import Path

import openpyxl
import pytest

LEDGERS = Path(__file__).resolve().parent.parent / "ledgers"
pytestmark = pytest.mark.browser


def upload(page, name):
    page.goto("/imports/new/")
    page.set_input_files("input[type=file]", LEDGERS / name)
    page.click("text=上传并检查")
    page.wait_for_selector("text=逐行检查", timeout=60_000)


def workbook_of(download):
    return openpyxl.load_workbook(io.BytesIO(Path(download.path()).read_bytes()))


def test_an_officer_brings_in_last_years_ledger_and_takes_out_the_yearly_one(window):
    page = window("tongchou")
    watcher = window("tongchou")
    watcher.goto("/progress/?year=2024")
    assert "234" not in watcher.inner_text("#board")

    upload(page, "teachers-2024.xlsx")
    assert page.locator("select[name=programme] option:checked").inner_text() == "培训科技辅导员"
    assert page.input_value("[name=year]") == "2024"
    page.click("button:has-text('逐行检查')")
    page.wait_for_selector("text=导入 234 行", timeout=60_000)
    assert page.locator("tbody tr").count() == 6
    text = page.inner_text("main")
    assert "240" in text
    assert "被存成数字" in text or "数字" in text
    with page.expect_download() as download:
        page.click("text=下载有问题的行")
    assert workbook_of(download.value).active.max_row == 2 + 6

    page.click("button:has-text('导入 234 行')")
    page.wait_for_selector("text=查看指标进度", timeout=60_000)
    watcher.wait_for_selector("#board >> text=234", timeout=60_000)

    page.click("text=查看指标进度")
    line = page.locator("tr", has_text="每年培训科技辅导员200人次")
    assert "200 人次" in line.inner_text()
    assert "234" in line.inner_text()
    assert "204" in line.inner_text()
    assert "117%" in line.inner_text()

    page.click("text=导出年度台账")
    with page.expect_download() as download:
        page.click("text=下载 Excel")
    assert download.value.suggested_filename.startswith("2024年度")
    assert len(workbook_of(download.value).sheetnames) == 9


def test_an_import_is_undone_with_a_reason(window):
    page = window("jingban")
    upload(page, "workers-2024.xls")
    page.click("button:has-text('逐行检查')")
    page.wait_for_selector("text=导入 132 行", timeout=60_000)
    page.click("button:has-text('导入 132 行')")
    page.wait_for_selector("text=查看指标进度", timeout=60_000)
    page.click("button:has-text('撤销这次导入')")
    page.wait_for_selector("text=撤销前后的数字", timeout=60_000)
    page.fill("[name=reason]", "传错了年度")
    page.click("button:has-text('收回 132 行')")
    page.wait_for_selector("text=写入的数据都已收回", timeout=60_000)


def test_a_file_that_is_no_ledger_gets_a_sentence(window, tmp_path):
    page = window("jingban")
    path = tmp_path / "台账.xls"
    path.write_text("<html><table><tr><td>姓名</td></tr></table></html>", encoding="utf-8")
    page.goto("/imports/new/")
    page.set_input_files("input[type=file]", path)
    page.click("text=上传并检查")
    page.wait_for_selector("text=这个文件没有导入", timeout=60_000)
    assert "另存为" in page.inner_text("main")


def test_signing_in_by_the_accounts_phone(window):
    page = window("13900000000")
    assert "我的培训" in page.inner_text("body")
