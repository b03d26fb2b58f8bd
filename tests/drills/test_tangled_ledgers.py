"""Ledgers whose people, names, classes and certificate numbers cross, read by few rows at a time.

Each row fares as the preview said, and undoing leaves the database as it was.
"""

import csv
import os
import random
from io import StringIO

import pytest
from django.utils import timezone

from bureaus.models import Bureau
from courses.models import Programme, RepeatLimit
from learners.id_numbers import check_digit
from ledgers.importing.applying import apply
from ledgers.importing.jobs import order_for, rule_for
from ledgers.importing.matching import Comparison
from ledgers.importing.outcomes import Terms, fingerprint
from ledgers.importing.undoing import undo
from ledgers.models import LedgerImport
from ledgers.reading import apart
from tests.imports.test_undo_leaves_no_trace import dump

SEEDS, ROWS, YEAR = 400 if os.environ.get("PEIXUN_DRILLS") == "full" else 6, 25, 2024
FAILED_ONCE = (48, 63)  # a repeat limit, and a level that an earlier row changed
HEADINGS = (
    *("姓名", "身份证号", "工作单位", "级别", "培训班次", "开班日期", "结束日期", "学时"),
    *("联系电话", "证书编号", "考核结果", "县市区", "发证单位"),
)
# 张三 and 阿依·古丽 are written in two ways.
NAMES = ("张三", "李四", "張三", "王五", "阿依·古丽", "阿依古丽")
NUMBERS = [f"4399991986012210{n}" for n in range(6)]
NUMBERS = [number + check_digit(number + "0") for number in NUMBERS]
RUNS = ("甲班", "乙班", "丙班", "“丁”班", '"丁"班')
pytestmark = pytest.mark.django_db


def tangled(dice):
    """A text ledger. Mostly a number is the person's own; now and then it is missing, or another's."""
    file = StringIO()
    out = csv.writer(file)
    out.writerow(HEADINGS)
    for _row in range(ROWS):
        person, day = dice.randrange(len(NAMES)), dice.randrange(1, 20)
        out.writerow(
            (
                dice.choice(NAMES) if dice.random() < 0.3 else NAMES[person],
                NUMBERS[person] if dice.random() < 0.75 else dice.choice(("", *NUMBERS)),
                *(dice.choice(("一中", "二中")), dice.choice(("", "县级")), dice.choice(RUNS)),
                *(f"2024-03-{day:02}", f"2024-03-{day + dice.randrange(3):02}"),
                *(
                    dice.choice(("8", "16", "", "许多")),
                    dice.choice(("", "13900000001", "13900000002", "12")),
                ),
                *(dice.choice(("", "", "A1", "A2", "A3", "a1")), dice.choice(("合格", "不合格", ""))),
                *(dice.choice(("湘潭县", "湘乡市")), dice.choice(("", "甲部", "市科协"))),
            )
        )
    return file.getvalue().encode()


@pytest.fixture
def terms(plan):
    programme = Programme.objects.select_related("plan").get(name="乡村致富带头人培训计划")
    return Terms(programme, YEAR, Bureau.objects.get(name="市科协"), rule_for(programme, YEAR))


def foretold(content, terms):
    with apart.reading(content, order_for(terms, shows_all=True)) as found:
        comparison = Comparison(found.ledger.tables, terms, timezone.localdate())
        return [fingerprint(comparison.feed(rows)) for rows in found.chunks]


def brought_in(content, terms, expected=None):
    """Written, where each chunk's rows still do what was `expected`; else `PreviewOutdated` is raised."""
    batch = LedgerImport.objects.create(
        bureau=terms.bureau,
        programme=terms.programme,
        year=YEAR,
        file_name="台账.csv",
        state=LedgerImport.State.APPLYING,
    )
    with apart.reading(content, order_for(terms, shows_all=False)) as found:
        apply(batch, found, terms, user=None, expected=expected)
    return batch


@pytest.mark.parametrize("seed", sorted({*range(SEEDS), *FAILED_ONCE}))
def test_each_row_fares_as_foretold_and_undoing_leaves_no_trace(terms, monkeypatch, seed):
    dice = random.Random(seed)
    for repeat in dice.sample(("year", "level"), dice.randrange(3)):
        RepeatLimit.objects.create(repeat=repeat, effect=dice.choice(("warn", "block")))
    for _ledger in range(3):
        monkeypatch.setattr(apart, "CHUNK", dice.choice((1, 3, 7, 50)))
        content, before = tangled(dice), dump()
        expected = foretold(content, terms)
        batch = brought_in(content, terms, expected)
        report = undo(batch, user=None)
        assert (report.kept, report.failed) == (0, 0)
        assert dump() == before
        brought_in(content, terms)  # the next ledger meets it
