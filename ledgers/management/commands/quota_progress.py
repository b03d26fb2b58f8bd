"""`manage.py quota_progress --year YYYY [--json]`: how far the year's quotas are, the whole city's."""

import json
import unicodedata
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from ledgers.figures import QuotaProgress, Selection, quota_progress
from ledgers.management.years import year as year_type

HEADINGS = ("项目", "群体", "周期", "目标", "完成", "单位", "人次", "人数", "期数", "场次", "完成率", "原文")
FIGURES = range(3, 11)
UNKNOWN = "—"


class Command(BaseCommand):
    help = "Show quotas and what was done for them in a year."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--year", type=year_type, required=True)
        parser.add_argument("--json", action="store_true", help="a JSON list instead of a table")

    def handle(self, *, year: int, json: bool, **options: Any) -> None:
        lines = [as_data(line) for line in quota_progress(Selection(year), at=timezone.localdate())]
        self.stdout.write(as_json(lines) if json else as_table(lines))


def as_data(line: QuotaProgress) -> dict[str, Any]:
    return {
        "programme": line.programme,
        "group": line.group,
        "unit": line.unit,
        "period": line.period,
        "target": number(line.target),
        "done": number(line.done),
        "person_times": line.person_times,
        "people": line.people,
        "runs": line.runs,
        "sessions": line.sessions,
        "completion": number(line.completion),
        "words": line.words,
    }


def number(value: Decimal | int | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)


def as_json(lines: list[dict[str, Any]]) -> str:
    return json.dumps(lines, ensure_ascii=False, indent=1)


def as_table(lines: list[dict[str, Any]]) -> str:
    table = [list(HEADINGS), *(cells_of(line) for line in lines)]
    widths = [max(width_of(row[column]) for row in table) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(padded(cell, widths[at], right=at in FIGURES) for at, cell in enumerate(row)).rstrip()
        for row in table
    )


def cells_of(line: dict[str, Any]) -> list[str]:
    completion = line["completion"]
    figures = [
        line[name] for name in ("target", "done", "unit", "person_times", "people", "runs", "sessions")
    ]
    return [
        line["programme"],
        line["group"],
        line["period"],
        *(UNKNOWN if figure is None else str(figure) for figure in figures),
        UNKNOWN if completion is None else f"{completion:.0%}",
        line["words"],
    ]


def width_of(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in text)


def padded(text: str, width: int, *, right: bool) -> str:
    blanks = " " * (width - width_of(text))
    return blanks + text if right else text + blanks
