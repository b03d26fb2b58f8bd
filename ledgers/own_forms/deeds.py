"""Keeping a form, changing what its columns show, and filling it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import islice
from typing import IO

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, Bureau, User
from ledgers.figures import Figures, Selection, totals
from ledgers.importing.receiving import shown_name
from ledgers.outgoing.exporting import Outgoing, enrolments_of
from ledgers.own_forms.filling import Fill, fill
from ledgers.own_forms.kinds import Kind
from ledgers.own_forms.models import OwnForm
from ledgers.own_forms.parts import FormBook, FormSheet
from ledgers.own_forms.recognising import Column, recognise
from ledgers.own_forms.records import records
from ledgers.own_forms.rows import figure
from ledgers.yearly.report import reporting_unit, safe_name
from peixun.lib.tables import Form

ROWS_SHOWN = 3


@transaction.atomic
def keep_form(content: bytes, *, file_name: str, name: str, bureau: Bureau, user: User) -> OwnForm:
    """Understands and keeps a blank form. Raises `UnreadableFile`."""
    layout = recognise(FormBook(content))
    form = OwnForm(
        bureau=bureau,
        name=name,
        kind=layout.kind,
        file_name=shown_name(file_name),
        layout=layout.as_json(),
        added_by=user,
    )
    form.keep(content)
    form.save()
    record(form, user=user, added=True)
    return form


@transaction.atomic
def change_form(form: OwnForm, *, kind: str, columns: list[Column], user: User) -> None:
    """Keeps another content, understood anew, or other fields for the columns."""
    if kind != form.kind:
        layout = recognise(form.book(), kind=kind)
    else:
        layout = replace(form.understood(), columns=columns)
    form.kind, form.layout = kind, layout.as_json()
    form.save(update_fields=["kind", "layout"])
    record(form, user=user, fields=[column.heading for column in layout.columns if column.field])


@transaction.atomic
def drop_form(form: OwnForm, *, user: User) -> None:
    record(form, user=user, deleted=form.name)
    form.delete()


def record(form: OwnForm, *, user: User, **after: object) -> None:
    AuditEvent.record(AuditEvent.Deed.FORM_CHANGED, form, user=user, bureau=form.bureau, after=after)


@dataclass(frozen=True, slots=True)
class Filled:
    name: str
    rows: int


def export_form(form: OwnForm, outgoing: Outgoing, file: IO[bytes]) -> Filled:
    """Fills the form with what the user sees of the selection, and writes the audit's line; both or none."""
    seen = replace(outgoing, selection=replace(outgoing.selection, user=outgoing.user))
    with translation.override(settings.LANGUAGE_CODE), transaction.atomic():
        rows = fill_form(form, seen, file)
        name = safe_name(f"{seen.selection.year}{_('年度')}{form.name}.{Form.XLSX.ending}")
        deed = AuditEvent.Deed.ID_NUMBERS_EXPORTED if seen.whole else AuditEvent.Deed.LEDGER_EXPORTED
        AuditEvent.record(
            deed,
            name,
            user=seen.user,
            bureau=form.bureau,
            after={"year": seen.selection.year, "rows": rows},
            reason=seen.reason,
        )
    return Filled(name, rows)


def fill_form(form: OwnForm, outgoing: Outgoing, file: IO[bytes], *, most: int | None = None) -> int:
    """Writes the filled workbook; `most` rows of it for a look."""
    selection = outgoing.selection
    count = count_of(form.kind, selection, whole=outgoing.whole)
    found = records(form.kind, selection, whole=outgoing.whole)
    if most is not None:
        count, found = min(count, most), islice(found, most)
    values = values_for(selection, totals(selection), user=outgoing.user, at=outgoing.at)
    values["rows"] = str(count)
    given = Fill(found, count, values, mark=outgoing.mark, creator=str(outgoing.user))
    return fill(form.book(), form.understood(), given, file)


def count_of(kind: str, selection: Selection, *, whole: bool) -> int:
    """How many rows there will be: ranges and sums are written before the rows are read."""
    if kind == Kind.LEARNERS:
        return enrolments_of(selection, whole=whole).count()
    return sum(1 for _one in records(kind, selection))


def values_for(selection: Selection, whole: Figures, *, user: User, at: datetime.datetime) -> dict[str, str]:
    """What the placeholders of a form stand for."""
    chosen = {
        "programme": selection.programme,
        "district": selection.district,
        "group": selection.group,
    }
    figures = {
        name: "—" if (value := getattr(whole, name)) is None else figure(value)
        for name in ("person_times", "people", "runs", "sessions", "hours")
    }
    return {
        "year": str(selection.year),
        "unit": reporting_unit(selection),
        "date": f"{timezone.localtime(at):%Y-%m-%d}",
        "filler": str(user),
        "run": "",
        **{name: str(one or "") for name, one in chosen.items()},
        **figures,
    }


@dataclass(frozen=True, slots=True)
class ShownCell:
    text: str
    columns: int
    rows: int
    is_head: bool


def look_at(form: OwnForm, outgoing: Outgoing) -> list[list[ShownCell]]:
    """The form with its first rows, as a table for a page; made from the very file that would go out."""
    file = BytesIO()
    fill_form(form, outgoing, file, most=ROWS_SHOWN)
    layout = form.understood()
    sheet = next(one for one in FormBook(file.getvalue()).sheets if one.name == layout.sheet)
    return lines_of(sheet, width=max(column.at for column in layout.columns), head=layout.header_rows)


def lines_of(sheet: FormSheet, *, width: int, head: tuple[int, int]) -> list[list[ShownCell]]:
    """The sheet's cells row by row; what a merge covers is left out."""
    spans = {(top, left): (bottom - top + 1, right - left + 1) for top, left, bottom, right in sheet.merges}
    covered = {
        (row, column)
        for top, left, bottom, right in sheet.merges
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
    } - spans.keys()
    lines = []
    for row in range(1, sheet.last_row + 1):
        line = []
        for column in range(1, width + 1):
            if (row, column) not in covered:
                rows, columns = spans.get((row, column), (1, 1))
                text = sheet.texts.get((row, column), "")
                line.append(
                    ShownCell(text, min(columns, width - column + 1), rows, head[0] <= row <= head[1])
                )
        lines.append(line)
    return lines
