"""Gives a bureau the file of an import back, with what is wrong written into it (退回原表)."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from bisect import bisect_left
from collections import defaultdict
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User
from ledgers.importing.receiving import content_of
from ledgers.models import LedgerImport, LedgerRow
from ledgers.returning.orders import Note, Order, Place

MOST_ROWS = 20_000  # a longer file is not given back whole
MOST_LINES_ABOVE = 12
SECONDS = 300
MODULE = "ledgers.returning"
ROOT = Path(settings.BASE_DIR)


class CannotGiveBack(RuntimeError):
    """The text is a sentence for the user."""


def give_back(batch: LedgerImport, *, user: User) -> tuple[bytes, str]:
    """The workbook and its name, with a line in the audit: it holds whole ID numbers.

    Raises `CannotGiveBack` where the file is no longer kept, or no row of it has a fault or a warning.
    """
    if not batch.has_file:
        raise CannotGiveBack(_("原文件已到期或已删除，不能退回。请用手里的原表重新上传。"))
    order = order_for(batch)
    if not order.notes:
        raise CannotGiveBack(_("没有有问题或要提醒的行，不用退回。"))
    book = made_apart(content_of(batch), order)
    faulty = batch.figures.get("faulty", 0)
    with transaction.atomic():
        AuditEvent.record(
            AuditEvent.Deed.LEDGER_GIVEN_BACK,
            batch,
            user=user,
            bureau=batch.bureau,
            after={"faulty": faulty, "warned": batch.figures.get("warned", 0)},
        )
    stem = PurePosixPath(batch.file_name).stem
    return book, _("%(name)s（有问题 %(count)d 行）.xlsx") % {"name": stem, "count": faulty}


def is_too_long(batch: LedgerImport) -> bool:
    """Whether only the faulty rows are given back."""
    return int(batch.figures.get("read", 0)) > MOST_ROWS


def order_for(batch: LedgerImport) -> Order:
    """What is to be written into the file; of a long one only the faulty rows are asked for."""
    alone = is_too_long(batch)
    rows = batch.rows.exclude(message="", warnings=[]).order_by("id")
    if alone:
        rows = rows.filter(state=LedgerRow.State.FAULTY)
    notes = [note for row in rows.iterator(chunk_size=2000) for note in notes_of(row)]
    return Order(places_of(batch), notes, alone=alone)


def notes_of(row: LedgerRow) -> list[Note]:
    notes = [Note(row.sheet, row.number, row.column, row.message)] if row.message else []
    return notes + [
        Note(row.sheet, row.number, column, message, warning=True) for _code, column, message in row.warnings
    ]


def places_of(batch: LedgerImport) -> list[Place]:
    """The tables of the file, each with the lines above that belong to it: those after the last data row."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for sheet, number in batch.rows.order_by("sheet", "number").values_list("sheet", "number"):
        numbers[sheet].append(number)
    places = []
    for table in batch.understood.get("tables", []):
        first, before = table["header_rows"][0], numbers[table["sheet"]]
        at = bisect_left(before, first)
        above = before[at - 1] + 1 if at else 1
        places.append(
            Place(
                sheet=table["sheet"],
                header_rows=table["header_rows"],
                lines_from=max(above, first - MOST_LINES_ABOVE),
                headings=dict(table["columns"]),
            )
        )
    return places


def made_apart(content: bytes, order: Order) -> bytes:
    """The workbook, made by a process of its own within limits. Raises `CannotGiveBack`."""
    asked = order.dump()
    surroundings = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PATH": os.defpath}
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", MODULE],
            input=struct.pack(">Q", len(asked)) + asked + content,
            capture_output=True,
            env=surroundings,
            cwd=ROOT,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode:
        raise CannotGiveBack(
            _("这个文件的结构特殊，不能在原表上标注。请下载有问题的行，对照着在原表里修改。")
        )
    return done.stdout
