"""Made-up ledgers in the shapes that bureaus keep."""

from __future__ import annotations

import datetime
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from ledgers.demo.people import Person, person

Cells = Sequence[object]
WORKS = ("湘潭钢铁有限公司", "湘潭电机有限公司", "湘潭新材料有限公司")
TITLES = ("智能手机使用讲座", "防范电信网络诈骗讲座", "合理用药讲座", "网络谣言辨别讲座")
PLACES = ("社区科普大讲堂", "老年大学", "敬老院", "小区养老驿站")
SPEAKERS = ("江老师", "钱老师", "苏老师", "刘老师", "雷老师")


@dataclass(frozen=True, slots=True)
class Book:
    """A ledger to import: the file, and for what."""

    name: str
    programme: str
    bureau: str
    year: int
    content: bytes
    skip_faulty: bool = True


@dataclass(frozen=True, slots=True)
class Class:
    name: str
    start: datetime.date
    days: int
    size: int
    hours: int

    @property
    def end(self) -> datetime.date:
        return self.start + datetime.timedelta(days=self.days - 1)


def sheet_of(book: Workbook, name: str, title: str, unit: str, headings: Cells) -> Worksheet:
    sheet: Worksheet = book.create_sheet(name)
    sheet.append([title])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(headings))
    sheet.append([f"填报单位（盖章）：{unit}"])
    sheet.append(list(headings))
    return sheet


def saved(book: Workbook) -> bytes:
    book.remove(book.worksheets[0])
    file = BytesIO()
    book.save(file)
    return file.getvalue()


TUTOR_HEADINGS = (
    *("序号", "县市区", "单位（学校）", "姓名", "性别", "身份证号", "任教学科", "职称", "联系电话"),
    *("培训班次", "培训时间", "培训地点", "学时", "考核结果", "证书编号", "备注"),
)


def teachers(year: int, classes: Sequence[Class], districts: Sequence[str], dice: random.Random) -> Book:
    """Tutors by ID number, in merged class cells; a few mistakes as people make them."""
    book, title = Workbook(), f"{year}年度湘潭市科技辅导员培训人员台账"
    sheet = sheet_of(book, f"{year}年台账", title, "湘潭市科学技术协会", TUTOR_HEADINGS)
    pool = [person(dice) for _ in range(150)]
    number = 0
    for held in classes:
        first = sheet.max_row + 1
        for who in dice.sample(pool, held.size):
            number += 1
            sheet.append(tutor(number, who, held, dice.choice(districts), dice))
        for column in (10, 11, 12):
            sheet.merge_cells(start_row=first, end_row=sheet.max_row, start_column=column, end_column=column)
    sheet.append(["合计", None, None, f"{number}人次"])
    sheet.append(["填表人：", None, None, None, "审核人："])
    return Book(f"{title}.xlsx", "培训科技辅导员", "市科协", year, saved(book))


def tutor(number: int, who: Person, held: Class, district: str, dice: random.Random) -> list[object]:
    """One row; the 31st has lost digits of its ID number, the 77th has words for hours."""
    passed = dice.random() < 0.93
    return [
        *(number, district, school(district, dice), who.name, who.gender),
        int(who.id_number[:17]) * 10 if number == 31 else who.id_number,
        dice.choice(("科学", "物理", "信息技术", "综合实践")),
        dice.choice(("一级教师", "二级教师", "高级教师")),
        *(who.phone, held.name, f"{held.start:%Y.%m.%d}—{held.end:%m.%d}"),
        "市科技馆" if held.size % 2 else "湘潭市教师进修学校",
        "若干" if number == 77 else held.hours,
        "合格" if passed else "不合格",
        f"潭科协培〔{held.start.year}〕{number:04}号" if passed else None,
        None,
    ]


def school(district: str, dice: random.Random) -> str:
    return district + dice.choice(("第一中学", "第二中学", "实验小学", "中心小学", "职业技术学校"))


def farmers(year: int, counties: Mapping[str, Sequence[Class]], dice: random.Random) -> Book:
    """A sheet a county, with the dates and hours in two-row headings."""
    book = Workbook()
    upper = (
        "序号",
        "姓名",
        "性别",
        "身份证号码",
        "乡镇（街道）",
        "联系方式",
        "从事产业",
        "培训班名称",
        "培训时间",
        None,
        "学时",
        None,
        "合格证书编号",
    )
    lower = (*(None,) * 8, "开班日期", "结业日期", "线下", "线上", None)
    number = 0
    for county, classes in counties.items():
        title = f"{county}{year}年高素质农民培育学员花名册"
        sheet = sheet_of(book, county, title, f"{county}农业农村局", upper)
        sheet.append(list(lower))
        for held in classes:
            for _ in range(held.size):
                number += 1
                who = person(dice, first_year=1958)
                sheet.append(
                    [
                        number,
                        who.name,
                        who.gender,
                        who.id_number,
                        dice.choice(("棋梓镇", "花石镇", "射埠镇", "清溪镇")),
                        who.phone,
                        dice.choice(("湘莲", "水稻", "油茶", "生猪")),
                        held.name,
                        held.start,
                        held.end,
                        held.hours - 8,
                        8,
                        f"XT{year}{number:05}",
                    ]
                )
    return Book(
        f"{year}年高素质农民培育学员花名册.xlsx", "乡村致富带头人培训计划", "市农业农村局", year, saved(book)
    )


def workers(year: int, classes: Sequence[Class], dice: random.Random) -> Book:
    """Trades and levels; theory and practice apart."""
    book, title = Workbook(), f"湘潭市{year}年职业技能提升行动培训台账"
    headings = (
        "序号",
        "姓名",
        "性别",
        "公民身份号码",
        "手机号",
        "单位名称",
        "培训工种",
        "培训等级",
        "理论课时",
        "实操课时",
        "开班日期",
        "结业日期",
        "考核结果",
        "证书名称",
        "证书编号",
    )
    sheet = sheet_of(book, "培训台账", title, "湘潭市人力资源和社会保障局", headings)
    number = 0
    for held in classes:
        trade, level = held.name.split(" ")
        for _ in range(held.size):
            number += 1
            who = person(dice, first_year=1970)
            passed = dice.random() < 0.85
            ident: object = who.id_number[:-1] if number == 40 else who.id_number
            sheet.append(
                [
                    number,
                    who.name,
                    who.gender,
                    ident,
                    who.phone,
                    dice.choice(WORKS),
                    trade,
                    level,
                    held.hours // 3,
                    held.hours - held.hours // 3,
                    held.start,
                    held.end,
                    "合格" if passed else "不合格",
                    "职业技能等级证书" if passed else None,
                    f"S00043{year}{dice.randint(10**11, 10**12 - 1)}" if passed else None,
                ]
            )
    return Book(f"{title}.xlsx", "职业技能提升行动", "市人力资源社会保障局", year, saved(book))


def cadres(year: int, classes: Sequence[Class], dice: random.Random) -> Book:
    """No ID numbers: a person is the name at the employer; days for hours."""
    book, title = Workbook(), f"湘潭市{year}年度干部教育培训学时登记台账"
    headings = ("序号", "姓名", "性别", "出生年月", "工作单位及职务", "职级", "班次名称", "起止时间", "学时")
    sheet = sheet_of(book, "学时登记", title, "中共湘潭市委组织部", headings)
    offices = ("财政局", "教育局", "科技局", "民政局", "水利局", "统计局")
    posts = ("主任", "副科长", "科员")
    pool: list[tuple[Person, str]] = [
        (person(dice, first_year=1966, last_year=1993), f"湘潭市{dice.choice(offices)}{dice.choice(posts)}")
        for _ in range(60)
    ]
    number = 0
    for held in classes:
        for who, office in dice.sample(pool, held.size):
            number += 1
            born = f"{who.id_number[6:10]}.{who.id_number[10:12]}"
            hours = "半天" if held.days == 1 else f"{held.days}天"
            sheet.append(
                [
                    number,
                    who.name,
                    who.gender,
                    born,
                    office,
                    dice.choice(("乡科级正职", "县处级副职", "一级科员")),
                    held.name,
                    f"{held.start:%Y.%m.%d}—{held.end:%m.%d}",
                    hours,
                ]
            )
    return Book(f"{title}.xlsx", "领导干部科学素质能力提升班", "市委组织部", year, saved(book))


def lectures(year: int, last: datetime.date, dice: random.Random) -> Book:
    """Open lectures: a day, a title, a place, a headcount, as text."""
    lines = [
        f"湘潭市{year}年智慧助老行动科普活动台账",
        "",
        "序号,县市区,日期,活动名称,地点,授课人,参加人数,其中女性",
    ]
    day, number = datetime.date(year, 1, 9), 0
    while day <= last:
        number += 1
        count = dice.randint(28, 110)
        lines.append(
            f"{number},{dice.choice(('雨湖区', '岳塘区', '湘潭县', '湘乡市', '韶山市'))},{day:%Y-%m-%d},"
            f"{dice.choice(TITLES)},{dice.choice(PLACES)},{dice.choice(SPEAKERS)},"
            f"{count},{count * dice.randint(45, 65) // 100}"
        )
        day += datetime.timedelta(days=dice.randint(5, 11))
    content = "\r\n".join(lines).encode("gb18030")
    return Book(f"{year}年智慧助老行动科普活动台账.csv", "智慧助老行动", "市卫生健康委", year, content)
