"""A loaded plan, and ledgers brought in through the command as a bureau would."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from learners import id_numbers

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
