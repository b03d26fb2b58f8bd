"""What a ledger says of itself: its year and, as a guess for a person to confirm, its programme."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from courses.models import Plan, Programme
from ledgers.columns import BY_KEY
from ledgers.reading import Ledger, Table

YEAR = re.compile(r"(20\d{2})\s*年")
LIKE_ENOUGH = 0.55
RUN_COLUMNS = ("run", "course", "activity", "trade")


def year_of(ledger: Ledger, file_name: str) -> int | None:
    """The first 20xx年 of the titles, the sheets' names, the file's name."""
    titles = [table.title for table in ledger.tables] + [table.sheet for table in ledger.tables]
    return year_in(titles, file_name)


def year_in(titles: Iterable[str], file_name: str) -> int | None:
    for text in (*titles, file_name):
        if found := YEAR.search(text):
            return int(found[1])
    found = re.search(r"20\d{2}", file_name)
    return int(found[0]) if found else None


def programme_of(ledger: Ledger, file_name: str, *, year: int | None) -> Programme | None:
    """The programme whose name is most like the title, the file's name or the first rows' class names."""
    texts = [table.title for table in ledger.tables] + [file_name, *run_names(ledger)]
    return programme_like(texts, year=year)


def programme_named(ledger: Ledger, file_name: str, *, year: int | None) -> Programme | None:
    """The programme whose full name stands in a title or in the file's name; of several the longest name."""
    texts = [*(table.title for table in ledger.tables), file_name]
    named = [one for one in candidates(year) if any(one.name in text for text in texts)]
    return max(named, key=lambda programme: len(programme.name), default=None)


def programme_like(texts: list[str], *, year: int | None) -> Programme | None:
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
    return missing_where(ledger.lacks)


def missing_where(lacks: Callable[[str], bool]) -> list[str]:
    """The fields to be filled in once where `lacks` says that no column gives them."""
    wanted = []
    if all(lacks(key) for key in RUN_COLUMNS):
        wanted.append("run")
    hours = [key for key in BY_KEY if key == "days" or key.startswith("hours")]
    if all(lacks(key) for key in hours):
        wanted.append("hours")
    if all(lacks(key) for key in ("dates", "start", "end")):
        wanted.append("dates")
    if lacks("id_number") and lacks("employer"):
        wanted.append("employer")
    return wanted


def left_out(table: Table) -> list[str]:
    """The headings that are not read because it is known what they are."""
    unknown = {heading for heading, _key in table.unknown}
    return [heading for heading in table.ignored if heading not in unknown]


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
                "ignored": left_out(table),
                "unknown": [[heading, BY_KEY[key].heading if key else ""] for heading, key in table.unknown],
                "rows": table.count,
            }
            for table in ledger.tables
        ],
        "notes": list(ledger.notes),
        "missing": missing(ledger),
    }
