"""What undoing does, in numbers: rows by what becomes of them and why, and the figures before and after."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

from ledgers.figures import Figures, Selection, by_programme, totals
from ledgers.importing.undoing.trail import Trail, Undone
from ledgers.models import LedgerImport

COUNTED = ("person_times", "people", "hours", "certificates", "runs", "sessions")
Numbers = dict[str, float | None]


@dataclass(slots=True)
class Report:
    """`kinds` are (verdict, kind of reason, rows); `figures` a line for each programme and year that moves.

    `digest` is another one where any row fares otherwise.
    """

    reversed: int = 0
    kept: int = 0
    failed: int = 0
    kinds: list[tuple[str, str, int]] = field(default_factory=list)
    digest: str = ""
    figures: list[dict[str, Any]] = field(default_factory=list)

    @property
    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def report_of(trail: Trail) -> Report:
    """The rows of a trail that was followed to its end."""
    rows = Counter(line.verdict for line in trail.lines)
    kinds = Counter((line.verdict, kind) for line in trail.lines for kind in {r.kind for r in line.reasons})
    fates = sha256()
    for line in trail.lines:
        fates.update(f"{line.pk} {line.verdict} {sorted({r.kind for r in line.reasons})}\n".encode())
    return Report(
        reversed=rows[Undone.REVERSED],
        kept=rows[Undone.KEPT],
        failed=rows[Undone.FAILED],
        kinds=[(verdict, kind, count) for (verdict, kind), count in sorted(kinds.items())],
        digest=fates.hexdigest(),
    )


def figures_of(batch: LedgerImport, years: set[int]) -> dict[tuple[int, int], tuple[str, Numbers]]:
    """The bureau's figures of these years, by year and programme (0 for all together)."""
    found: dict[tuple[int, int], tuple[str, Numbers]] = {}
    for year in sorted(years):
        selection = Selection(year, bureau=batch.bureau)
        for line in (totals(selection), *by_programme(selection)):
            found[year, line.pk or 0] = (line.label, numbers(line))
    return found


def numbers(line: Figures) -> Numbers:
    values = {name: getattr(line, name) for name in COUNTED}
    return {name: None if value is None else float(value) for name, value in values.items()}


def moved(
    before: dict[tuple[int, int], tuple[str, Numbers]], after: dict[tuple[int, int], tuple[str, Numbers]]
) -> list[dict[str, Any]]:
    """The lines that differ, with both numbers; what is gone entirely counts 0 after."""
    none: Numbers = dict.fromkeys(COUNTED, 0.0)
    lines = []
    for (year, pk), (label, old) in before.items():
        new = after.get((year, pk), ("", none))[1]
        if new != old:
            lines.append({"year": year, "programme": pk, "label": label, "before": old, "after": new})
    return lines
