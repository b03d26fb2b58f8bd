"""Keeps what became of each row, and what the preview shows of it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterable, Mapping
from itertools import zip_longest
from typing import Any, NamedTuple

from django.core.serializers.json import DjangoJSONEncoder

from ledgers.importing import bulk, doubts, fields
from ledgers.importing.outcomes import Noted, Outcome, State, fingerprint
from ledgers.models import LedgerImport, LedgerRow, PreviewPiece
from peixun.lib.encryption import seal, unseal

NAMES = (
    *("id", "batch_id", "sheet", "number", "state", "code", "column", "message", "warnings"),
    *("enrolment_id", "session_id", "certificate_id", "created", "before"),
)


class Shown(NamedTuple):
    """What the preview shows of a row: field → text, and its changes in words."""

    texts: dict[str, str]
    changes: list[dict[str, str]]


def write_rows(batch: LedgerImport, outcomes: list[Outcome], noted: Mapping[int, Noted] | None = None) -> int:
    """Keeps the outcomes of a chunk; gives the key of the first row. `noted` is by the outcome's id."""
    ids = bulk.reserve(LedgerRow, len(outcomes))
    of_none: Any = ({}, {})
    rows = (
        (
            *(pk, batch.pk, outcome.row.sheet, outcome.row.number, outcome.state, outcome.code),
            *(outcome.column[:255], outcome.message, outcome.warnings),
            *(outcome.enrolment_id, outcome.session_id, outcome.certificate_id),
            *in_text(*((noted or {}).get(id(outcome), of_none))),
        )
        for pk, outcome in zip(ids, outcomes, strict=True)
    )
    bulk.insert(LedgerRow, NAMES, rows)
    doubts.keep(batch, outcomes)
    return ids[0]


def in_text(created: dict[str, int], before: dict[str, Any]) -> tuple[dict[str, int], str]:
    return created, json.dumps(before, cls=DjangoJSONEncoder) if before else ""


def keep_piece(
    batch: LedgerImport, outcomes: list[Outcome], *, first_row: int, districts: dict[int, str]
) -> None:
    """Keeps what the preview shows of a chunk of rows (masked values only), sealed."""
    shown = [
        (
            dict(outcome.row.shown),
            fields.in_words(outcome.changes, districts) if outcome.state == State.CHANGED else [],
        )
        for outcome in outcomes
    ]
    data = zlib.compress(json.dumps(shown, cls=DjangoJSONEncoder, ensure_ascii=False).encode(), 1)
    PreviewPiece.objects.create(
        batch=batch, first_row=first_row, fingerprint=fingerprint(outcomes), data=seal(data)
    )


def fingerprints(batch: LedgerImport) -> list[str]:
    """What was shown, chunk by chunk, in the order of the file."""
    return list(batch.pieces.order_by("first_row").values_list("fingerprint", flat=True))


def shown_of(batch: LedgerImport, rows: Iterable[LedgerRow]) -> dict[int, Shown]:
    """What the preview shows of `rows`, by key; nothing once it was dropped. Two queries, and one a piece."""
    wanted = sorted(row.pk for row in rows)
    firsts = list(batch.pieces.order_by("first_row").values_list("first_row", flat=True)) if wanted else []
    found: dict[int, Shown] = {}
    for first, following in zip_longest(firsts, firsts[1:]):
        within = [pk for pk in wanted if pk >= first and (following is None or pk < following)]
        if within:
            piece = piece_of(batch, first)
            found |= {pk: piece[pk] for pk in within}
    return found


def shown_at(batch: LedgerImport, places: Collection[tuple[str, int]]) -> dict[tuple[str, int], Shown]:
    """The same by sheet and number of the row, for a few places."""
    numbered = batch.rows.filter(number__in={number for _sheet, number in places})
    rows = [row for row in numbered if (row.sheet, row.number) in places]
    shown = shown_of(batch, rows)
    return {(row.sheet, row.number): shown[row.pk] for row in rows if row.pk in shown}


def rows_with(batch: LedgerImport, words: str) -> set[int]:
    """The keys of the rows whose shown texts have `words` in them. Two queries a piece."""
    sought = words.casefold()
    found: set[int] = set()
    for first in batch.pieces.values_list("first_row", flat=True):
        for pk, shown in piece_of(batch, first).items():
            if any(sought in text.casefold() for text in shown.texts.values()):
                found.add(pk)
    return found


def piece_of(batch: LedgerImport, first: int) -> dict[int, Shown]:
    """A piece's rows by key. They follow one another, but rows of other imports may stand in between."""
    piece = batch.pieces.get(first_row=first)
    shown = json.loads(zlib.decompress(unseal(bytes(piece.data))))
    keys = batch.rows.filter(pk__gte=first).order_by("pk").values_list("pk", flat=True)[: len(shown)]
    return {pk: Shown(*one) for pk, one in zip(keys, shown, strict=True)}
