"""Writes the yearly workbook (年度培训台账), and the deed that does so for a user."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace
from typing import IO

from django.conf import settings
from django.utils import timezone, translation

from bureaus.models import AuditEvent, User
from ledgers.figures import Selection, totals
from ledgers.yearly.cover import cover
from ledgers.yearly.learners import learner_register
from ledgers.yearly.registers import certificate_register, class_runs
from ledgers.yearly.report import Report, file_name, report_of
from ledgers.yearly.summary_tables import findings, progress, summaries
from peixun.lib.xlsx import Book, Sheet


def export_yearly(selection: Selection, user: User, file: IO[bytes]) -> str:
    """Writes what `user` sees of the selection and records it in the audit. Returns the file's name."""
    seen = replace(selection, user=user)
    with translation.override(settings.LANGUAGE_CODE):  # an official form, whatever its user's language
        write_workbook(seen, file, made_by=user)
        name = file_name(seen)
    AuditEvent.record(
        AuditEvent.Deed.LEDGER_EXPORTED,
        name,
        user=user,
        bureau=selection.bureau,
        after={"year": selection.year},
    )
    return name


def write_workbook(
    selection: Selection,
    file: IO[bytes],
    *,
    at: datetime.datetime | None = None,
    made_by: User | None = None,
) -> None:
    """Writes the nine sheets. About 60 queries, and three more for each 2,000 learners.

    `at` is the time that stands in the workbook and by which the pace is told; now, where it is None.
    """
    report = report_of(selection, at=at or timezone.now(), made_by=made_by)
    with Book(file) as book:
        for sheet in sheets(report):
            book.add(sheet)


def sheets(report: Report) -> Iterator[Sheet]:
    whole = totals(report.selection)
    yield cover(report, whole)
    for table in summaries(report, whole):
        yield table.sheet(report)
    yield progress(report).sheet(report)
    yield class_runs(report, whole).sheet(report)
    yield learner_register(report, whole).sheet(report)
    yield certificate_register(report, whole).sheet(report)
    yield findings(report).sheet(report)
