"""What a ledger says of itself: its year and, as a guess for a person to confirm, its programme."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from courses.models import Plan, Programme
from ledgers.columns import BY_KEY
from ledgers.reading import Ledger

YEAR = re.compile(r"(20\d{2})\s*年")
LIKE_ENOUGH = 0.55
RUN_COLUMNS = ("run", "course", "activity", "trade")


def year_of(ledger: Ledger, file_name: str) -> int | None:
    """The first 20xx年 of the titles, the sheets' names, the file's name."""
    titles = [table.title for table in ledger.tables] + [table.sheet for table in ledger.tables]
    for text in (*titles, file_name):
        if found := YEAR.search(text):
            return int(found[1])
    found = re.search(r"20\d{2}", file_name)
    return int(found[0]) if found else None


def programme_of(ledger: Ledger, file_name: str, *, year: int | None) -> Programme | None:
    """The programme whose name is most like the title, the file's name or the first rows' class names."""
    texts = [table.title for table in ledger.tables] + [file_name, *run_names(ledger)]
    best, best_score = None, LIKE_ENOUGH
    for programme in candidates(year):
        score = max(likeness(programme.name, text) for text in texts)
        if score > best_score:
            best, best_score = programme, score
    return best


def candidates(year: int | None) -> Iterable[Programme]:
    plans = Plan.objects.in_year(year) if year else Plan.objects.all()
    return Programme.objects.filter(plan__in=plans).exclude(kind=Programme.Kind.BODY)


def run_names(ledger: Ledger) -> list[str]:
    names = []
    for table in ledger.tables:
        for column in table.columns:
            if column.key in RUN_COLUMNS:
                names += [
                    str(row.cells[column.position])
                    for row in table.rows[:3]
                    if column.position < len(row.cells)
                ]
    return names


def likeness(name: str, text: str) -> float:
    """The share of the name's pairs of characters that the text has too; 1 where the name stands in it."""
    if name in text:
        return 1.0
    pairs = {name[at : at + 2] for at in range(len(name) - 1)}
    return sum(pair in text for pair in pairs) / max(len(pairs), 1)


def missing(ledger: Ledger) -> list[str]:
    """The fields that a person may fill in once for the whole file, since no column gives them."""
    if all(table.kind == "lecture" for table in ledger.tables):
        return []
    wanted = []
    if all(ledger.lacks(key) for key in RUN_COLUMNS):
        wanted.append("run")
    hours = [key for key in BY_KEY if key == "days" or key.startswith("hours")]
    if all(ledger.lacks(key) for key in hours):
        wanted.append("hours")
    if all(ledger.lacks(key) for key in ("dates", "start", "end")):
        wanted.append("dates")
    if ledger.lacks("id_number") and ledger.lacks("employer"):
        wanted.append("employer")
    return wanted


def describe(ledger: Ledger) -> dict[str, Any]:
    """How the file was understood, for the page that asks for what it lacks."""
    return {
        "tables": [
            {
                "sheet": table.sheet,
                "title": table.title,
                "unit": table.reporting_unit,
                "lecture": table.kind == "lecture",
                "header_rows": list(table.header_rows),
                "columns": [[column.heading, column.label] for column in table.columns],
                "ignored": list(table.ignored),
                "rows": table.count,
            }
            for table in ledger.tables
        ],
        "notes": list(ledger.notes),
        "missing": missing(ledger),
    }
