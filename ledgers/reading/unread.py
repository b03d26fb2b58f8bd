"""Columns of a table that nothing was made of: what they may mean, and when they are no trifle."""

import re
from collections.abc import Sequence

from ledgers.columns import plain_heading
from ledgers.reading.guesses import best_guesses, mostly_id_numbers, sample_of
from ledgers.reading.headers import Header
from ledgers.reading.results import Cell, HeaderUnknown

_DIGITS = re.compile(r"\d{5,}")
_SOMEBODY_ELSES = re.compile("监护|家长|配偶|户主|父|母|子女|孩子|联系人|推荐|授课|主讲")


def unread_columns(
    header: Header, rows: Sequence[Sequence[Cell]], *, sheet: str
) -> tuple[tuple[str, str], ...]:
    """The headings that nothing was made of, each with the key that it may mean or "".

    Raises `HeaderUnknown` where one of these columns holds ID numbers and the table has none: without them
    people would be told apart by name and employer only.
    """
    samples = [(heading, sample_of(rows, at)) for at, heading in header.unknown]
    if not header.positions("id_number"):
        _demand_no_id_numbers(samples, sheet=sheet)
    named = [(heading, cells) for heading, cells in samples if heading]
    taken = [column.key for column in header.columns]
    found = best_guesses([(plain_heading(heading), cells) for heading, cells in named], taken=taken)
    return tuple((heading, guess.key) for (heading, _), guess in zip(named, found, strict=True))


def _demand_no_id_numbers(samples: Sequence[tuple[str, Sequence[Cell]]], *, sheet: str) -> None:
    for heading, cells in samples:
        if mostly_id_numbers(cells) and not _SOMEBODY_ELSES.search(heading):
            where = f"工作表“{sheet}”里" if sheet else ""
            column = f"“{_DIGITS.sub('…', heading[:40])}”一列" if heading else "没有列名的一列"
            raise HeaderUnknown(f"{where}{column}的内容像是身份证号，但列名认不出。")
