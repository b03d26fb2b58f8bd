"""Pages of ledgers and certificates at 360 px: axe finds nothing, none is wider than the screen."""

import datetime

import openpyxl
import pytest

from learners.id_numbers import check_digit
from tests.browser.conftest import is_sound, key_at
from tests.outgoing.blank_forms import learners_form

pytestmark = pytest.mark.browser
HEADINGS = ("姓名", "身份证号", "工作单位", "培训班次", "开班日期", "学时", "证书编号")
# Addresses by the demo account that opens them; what stands in braces is looked up in `places`.
PAGES = {
    "tongchou": (
        "/imports/",
        "/imports/new/",
        "/imports/{unknown}/",
        "/imports/{read}/",
        "/imports/{doubtful}/",
        "/imports/{doubtful}/doubts/",
        "/imports/{applied}/",
        "/imports/{applied}/undo/",
        "/imports/{undone}/",
        "/layouts/",
        "/templates/",
        "/sign-in-sheets/",
        "/sign-in-sheets/new/",
        "/sign-in-sheets/{sheet}/",
        "/export/?year=2025",
        "/export/learners/",
        "/public-list/?year=2025",
        "/forms/",
        "/forms/new/",
        "/forms/{form}/?year=2025",
        "/forms/{form}/edit/",
        "/people/",
        "/people/decisions/",
        "/people/merges/",
        "/progress/?year=2025",
        "/runs/?year=2025",
        "/sessions/?year=2025",
        "/enrolments/?year=2025",
        "/learners/?year=2025",
        "/learners/{learner}/",
        "/certificates/?year=2025",
        "/certificates/issue/",
        "/certificates/{certificate}/",
        "/issuers/",
        "/issue-rules/",
        "/issue-rules/new/",
        "/duties/",
        "/data-requests/",
        "/audit/",
        "/years/",
    ),
    "shenji": ("/", "/audit/"),
    "": ("/", "/v/", "/v/offline/", "/record/", "/accounts/login/"),
}


def id_number(day: int) -> str:
    digits = f"439999198603{day:02d}101"
    return digits + check_digit(digits + "0")


def lines(run: str, *days: int) -> list[tuple]:
    """A row for each day of birth: 样一 and so on, all of one unit."""
    start = datetime.date(2023, 3, 4)
    return [(f"样{chr(0x4E00 + day)}", id_number(day), "页面验收小学", run, start, 24, "") for day in days]


def workbook(path, rows, headings=HEADINGS):
    book = openpyxl.Workbook()
    for row in (headings, *rows):
        book.active.append(row)
    book.save(path)
    return path


@pytest.fixture(scope="module")
def office(seats):
    return seats("tongchou")


@pytest.fixture(scope="module")
def upload(office):
    """Sends a file in and follows it to the page that it ends at; gives the import's key."""

    def upload(path, *, shows):
        office.goto("/imports/new/")
        office.set_input_files("input[type=file]", path)
        office.click("text=上传并检查")
        office.wait_for_selector(f"main >> text={shows}", timeout=60_000)
        return office.url.split("/imports/")[1].split("/")[0]

    return upload


@pytest.fixture(scope="module")
def check(office, upload):
    """An upload whose rows are judged, for the teachers' programme in 2023, which no other test counts."""

    def check(path):
        key = upload(path, shows="逐行检查")
        office.select_option("select[name=programme]", label="培训科技辅导员")
        office.fill("[name=year]", "2023")
        office.click("button:has-text('逐行检查')")
        office.wait_for_selector("main >> text=导入 2 行", timeout=60_000)
        return key

    return check


@pytest.fixture(scope="module")
def confirm(office, check):
    def confirm(path):
        key = check(path)
        office.click("button:has-text('导入 2 行')")
        office.wait_for_selector("text=查看指标进度", timeout=60_000)
        return key

    return confirm


@pytest.fixture(scope="module")
def imports(office, upload, check, confirm, tmp_path_factory):
    """Imports at every point of their way, each with a faulty row where rows are shown."""
    folder = tmp_path_factory.mktemp("ledgers")
    faulty = ("样坏", "439999198603011234", "页面验收小学", "甲班", "三月", "许多", "")
    applied = confirm(workbook(folder / "已导入.xlsx", [*lines("甲班", 1, 2), faulty]))
    undone = confirm(workbook(folder / "已撤销.xlsx", lines("乙班", 3, 4)))
    office.click("button:has-text('撤销这次导入')")
    office.wait_for_selector("text=撤销前后的数字", timeout=60_000)
    office.fill("[name=reason]", "传错了年度")
    office.click("button:has-text('收回 2 行')")
    office.wait_for_selector("text=写入的数据都已收回", timeout=60_000)
    namesake = (lines("丙班", 1)[0][0], id_number(7), *lines("丙班", 1)[0][2:])
    doubtful = check(workbook(folder / "存疑.xlsx", [namesake, *lines("丙班", 8), faulty]))
    strange = ("人员", "证件", "在哪上班", "课", "几时", "多久", "备注一")
    unknown = upload(workbook(folder / "不认识.xlsx", lines("丁班", 5), strange), shows="表头没有认全")
    read = upload(workbook(folder / "待核对.xlsx", lines("戊班", 6)), shows="逐行检查")
    return {"applied": applied, "undone": undone, "doubtful": doubtful, "unknown": unknown, "read": read}


@pytest.fixture(scope="module")
def form(office, tmp_path_factory):
    path = tmp_path_factory.mktemp("forms") / "表样.xlsx"
    path.write_bytes(learners_form())
    office.goto("/forms/new/")
    office.set_input_files("input[type=file]", path)
    office.fill("[name=name]", "页面验收表样")
    office.click("main form button.button-main")
    office.wait_for_url("**/forms/*/**")
    return key_at(office, "/forms/", r"/forms/(\d+)/", "页面验收表样")


@pytest.fixture(scope="module")
def sheet(office, imports, tmp_path_factory):
    path = tmp_path_factory.mktemp("sheets") / "签到表.xlsx"
    workbook(path, [("样一", "页面验收小学", "√", "√")], ("姓名", "单位", "3月4日", "3月5日"))
    office.goto("/sign-in-sheets/new/")
    office.set_input_files("input[type=file]", path)
    office.click("button:has-text('上传并核对')")
    office.wait_for_url(lambda address: "/sign-in-sheets/new/" not in address)
    return office.url.split("/sign-in-sheets/")[1].split("/")[0]


@pytest.fixture(scope="module")
def places(office, imports, form, sheet):
    return imports | {
        "form": form,
        "sheet": sheet,
        "learner": key_at(office, "/learners/?year=2025", r"/learners/(\d+)/"),
        "certificate": key_at(office, "/certificates/?year=2025", r"/certificates/(\d+)/"),
    }


@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
@pytest.mark.parametrize(
    ("user", "address"), [(user, page) for user, pages in PAGES.items() for page in pages]
)
def test_axe_finds_nothing_and_the_page_fits(seats, places, user, address, large):
    page = seats(user, large=large)
    assert page.goto(address.format(**places)).status == 200
    is_sound(page)
