"""A loaded plan, and ledgers brought in through the command as a bureau would."""

import json
from io import BytesIO, StringIO
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from learners import id_numbers
from ledgers.models import LedgerImport

LEDGERS = Path(__file__).resolve().parent.parent / "ledgers"


@pytest.fixture
def bring_in(plan):
    """Runs `import_ledger` and gives its exit code and what `--json` printed."""

    def run(path: Path | str, *options: str, programme="培训科技辅导员", bureau="市科协", year=2024):
        out = StringIO()
        path = LEDGERS / path if isinstance(path, str) else path
        arguments = ["--programme", programme, "--bureau", bureau, "--year", str(year), "--json", *options]
        try:
            call_command("import_ledger", str(path), *arguments, stdout=out)
        except SystemExit as ended:
            return ended.code, json.loads(out.getvalue())
        return 0, json.loads(out.getvalue())

    return run


HEADINGS = [
    "序号",
    "姓名",
    "身份证号",
    "单位",
    "班次",
    "培训时间",
    "学时",
    "联系电话",
    "证书编号",
    "考核结果",
]
# Synthetic people: prefix 439999.
ANNA = ("张建国", "439999198601221825", "雨湖区第一中学")
BO = ("李秀英", "439999199510251070", "岳塘区实验小学")


def person(number):
    """A made-up person."""
    digits = f"43999919900101{number:03}"
    return (
        f"学员甲{'一二三四五六七八九十'[number % 10]}",
        digits + id_numbers.check_digit(digits),
        f"第{number}小学",
    )


def text_ledger(*rows: list[str], headings: list[str] = HEADINGS) -> bytes:
    return "\n".join(",".join(row) for row in [headings, *rows]).encode()


def row(number: int, person: tuple[str, str, str], **changes: str) -> list[str]:
    name, id_number, employer = person
    values = {
        "序号": str(number),
        "姓名": name,
        "身份证号": id_number,
        "单位": employer,
        "班次": "第1期培训班",
        "培训时间": "2024-03-05至2024-03-07",
        "学时": "24",
        "联系电话": "13800000001",
        "证书编号": f"测培〔2024〕{number:04}号",
        "考核结果": "合格",
    }
    return [(values | changes)[heading] for heading in HEADINGS]


@pytest.fixture
def ledger(tmp_path):
    """Writes a small text ledger of rows and gives its path."""

    def write(*rows: list[str], headings: list[str] = HEADINGS) -> Path:
        path = tmp_path / "台账.csv"
        path.write_bytes(text_ledger(*rows, headings=headings))
        return path

    return write


@pytest.fixture
def book():
    """Sheet name → rows as the bytes of an .xlsx file; cells are merged in every sheet."""

    def make(sheets: dict[str, list[list]], *merges: str) -> bytes:
        made = openpyxl.Workbook()
        made.remove(made.active)
        for name, rows in sheets.items():
            sheet = made.create_sheet(name)
            for row in rows:
                sheet.append(row)
            for merge in merges:
                sheet.merge_cells(merge)
        target = BytesIO()
        made.save(target)
        return target.getvalue()

    return make


@pytest.fixture
def _jobs_inline(settings, tmp_path, django_capture_on_commit_callbacks):
    settings.MEDIA_ROOT = tmp_path
    with django_capture_on_commit_callbacks(execute=True):
        yield


@pytest.fixture
def client(login, officer):
    return login(officer)


@pytest.fixture
def send(client, officer, django_capture_on_commit_callbacks):
    """Uploads a file and gives the import."""

    def upload(content: bytes, name: str = "2024年台账.csv") -> LedgerImport:
        bureau = officer.memberships.get().bureau
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(
                "/imports/new/", {"file": SimpleUploadedFile(name, content), "bureau": bureau.pk}
            )
        assert response.status_code == 302, response.content.decode()
        return LedgerImport.objects.latest("uploaded_at")

    return upload


@pytest.fixture
def go(client, django_capture_on_commit_callbacks):
    """Posts to a step of an import and gives it anew."""

    def post(batch: LedgerImport, step: str, **data) -> LedgerImport:
        with django_capture_on_commit_callbacks(execute=True):
            client.post(reverse(f"ledgers:import-{step}", args=[batch.pk]), data)
        return LedgerImport.objects.get(pk=batch.pk)

    return post


@pytest.fixture
def programme(plan):
    return plan.programmes.get(name="乡村致富带头人培训计划")
