"""A made-up ledger of 20 columns, as a bureau's Excel would write it: shared strings, dates, numbers."""

import datetime
from collections.abc import Iterator
from pathlib import Path

from rustpy_xlsxwriter import write_worksheet

from learners.id_numbers import check_digit

HEADINGS = (
    *("序号", "县市区", "姓名", "性别", "身份证号", "联系电话", "工作单位", "职务", "职称", "文化程度"),
    *(
        "乡镇",
        "培训班次",
        "开班日期",
        "结束日期",
        "培训地点",
        "理论学时",
        "实操学时",
        "考核结果",
        "证书编号",
        "备注",
    ),
)
DISTRICTS = ("湘潭县", "湘乡市", "韶山市", "雨湖区", "岳塘区")
CLASS_SIZE = 50


def id_number(n: int) -> str:
    """The n-th person's: the prefix is assigned to no place, the days are real."""
    born = f"{1950 + n % 50:04d}{n // 50 % 12 + 1:02d}{n // 600 % 28 + 1:02d}"
    digits = f"439999{born}{n // 16800 % 1000:03d}"
    return digits + check_digit(digits + "0")


def row(n: int) -> tuple[object, ...]:
    run = n // CLASS_SIZE
    number = id_number(n)
    first = datetime.date(2024, 1 + run % 11, 1 + run % 26)
    name = chr(0x5F20 + n % 40) + chr(0x4E00 + n % 5000) + chr(0x4E00 + n // 7 % 5000)
    return (
        *(n + 1, DISTRICTS[run % 5], name, "男" if int(number[16]) % 2 else "女", number, f"139{n:08d}"),
        *(f"第{n % 3000}村民小组", "组长", "农艺师", "初中", f"{n % 60}号镇", f"第{run}期种植技术培训班"),
        *(first, first + datetime.timedelta(days=2), f"{run % 30}号教室", 16.0, 8.0, "合格"),
        *(f"培{n:07d}号", "自费" if n % 3 else ""),
    )


def rows(count: int) -> Iterator[tuple[object, ...]]:
    return map(row, range(count))


def write(path: Path, count: int) -> None:
    records = (dict(zip(HEADINGS, line, strict=True)) for line in rows(count))
    write_worksheet(records, str(path), "台账", dedupe_strings=True)
