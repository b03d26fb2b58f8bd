"""学员台账 as a file of its own: masked for whoever may export, whole for few against a reason."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import IO

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from bureaus.access import bureaus_for, memberships_of
from bureaus.models import AuditEvent, User
from courses.models import Enrolment
from ledgers.columns import BY_KEY, COLUMNS
from ledgers.figures import Selection, enrolments
from ledgers.records import Records
from ledgers.yearly.report import filters_of, reach_of, reporting_unit, safe_name
from ledgers.yearly.tables import height_of, signatures
from peixun.lib.tables import Form, text_lines
from peixun.lib.xlsx import Book, Line, Properties, Sheet, Value, across, headings
from peixun.lib.xlsx_styles import Style

ALWAYS = frozenset(
    {
        *("name", "gender", "paper", "id_number", "birth", "phone", "employer", "position", "level"),
        *("district", "programme", "run", "start", "end", "place"),
        *("hours_theory", "hours_practice", "hours_offline", "hours_online", "hours", "hours_total"),
        *("assessment", "status", "certificate_number", "certificate_name", "certificate_issuer"),
        "certificate_day",
    }
)
STYLES = {
    **dict.fromkeys(("id_number", "phone", "certificate_number", "gender", "status", "paper"), Style.CODE),
    **dict.fromkeys(("start", "end", "certificate_day"), Style.DATE),
    **dict.fromkeys((key for key in BY_KEY if key.startswith("hours")), Style.HOURS),
}
WIDTHS = {"employer": 26, "run": 26, "programme": 22, "id_number": 21, "certificate_number": 24, "note": 24}
WIDTH, INDEX_WIDTH = 12, 6


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What goes out: whose rows, by whom and when, in which form. A `reason` means whole numbers."""

    selection: Selection
    user: User
    form: Form
    at: datetime.datetime
    reason: str = ""

    @property
    def whole(self) -> bool:
        return bool(self.reason)

    @property
    def mark(self) -> str:
        """Stands on each page of what holds whole numbers, so that a copy tells where it came from."""
        if not self.whole:
            return ""
        words = {"user": self.user, "account": self.user.username, "reason": self.reason}
        words["at"] = f"{timezone.localtime(self.at):%Y-%m-%d %H:%M}"
        return _("导出人：%(user)s（%(account)s）%(at)s　用途：%(reason)s　含完整证件号码，不得外传") % words


def export_learners(outgoing: Outgoing, file: IO[bytes]) -> str:
    """Writes the ledger and its line of the audit, both or none; gives the file's name."""
    seen = replace(outgoing, selection=replace(outgoing.selection, user=outgoing.user))
    with translation.override(settings.LANGUAGE_CODE), transaction.atomic():
        title = title_of(seen.selection)
        count = write_ledger(seen, file, title=title)
        name = safe_name(f"{title}{_('（完整号码）') if seen.whole else ''}.{seen.form.ending}")
        own = next((member.bureau for member in memberships_of(seen.user)), None)
        deed = AuditEvent.Deed.ID_NUMBERS_EXPORTED if seen.whole else AuditEvent.Deed.LEDGER_EXPORTED
        AuditEvent.record(
            deed,
            name,
            user=seen.user,
            bureau=seen.selection.bureau or own,
            after={"year": seen.selection.year, "enrolments": count},
            reason=seen.reason,
        )
    return name


def title_of(selection: Selection) -> str:
    """2024年度市科协学员台账, with the filters in brackets."""
    filters = "、".join(words for _label, words in filters_of(selection))
    title = _("%(year)d年度%(reach)s学员台账") % {"year": selection.year, "reach": reach_of(selection)}
    return f"{title}（{filters}）" if filters else title


def enrolments_of(selection: Selection, *, whole: bool) -> QuerySet[Enrolment]:
    """What the ledger lists. Whole numbers go out only of runs of bureaus for which the user may do so."""
    found = enrolments(selection)
    if whole and selection.user:
        return found.filter(run__bureau__in=bureaus_for(selection.user, "id_numbers.export"))
    return found


def write_ledger(outgoing: Outgoing, file: IO[bytes], *, title: str) -> int:
    """Writes title, unit, mark, header and rows; gives the number of rows."""
    records = Records(enrolments_of(outgoing.selection, whole=outgoing.whole), whole=outgoing.whole)
    used = ALWAYS | records.particulars()
    sheet = LedgerSheet(title, reporting_unit(outgoing.selection), outgoing.mark, records, used)
    if outgoing.form == Form.XLSX:
        about = Properties(str(outgoing.user), outgoing.mark) if outgoing.whole else None
        with Book(file, about) as book:
            book.add(sheet.as_sheet())
    else:
        for some in text_lines(sheet.text(), outgoing.form):
            file.write(some)
    return sheet.count


class LedgerSheet:
    """A learners' ledger in the columns that an import reads; `count` grows as rows are written."""

    def __init__(self, title: str, unit: str, mark: str, records: Records, used: frozenset[str]) -> None:
        self.head = [title, _("填报单位：%(unit)s") % {"unit": unit}, *filter(None, [mark])]
        self.mark = mark
        self.records = records
        self.keys = [column.key for column in COLUMNS if column.key in used]
        self.headings = [_("序号"), *(BY_KEY[key].heading for key in self.keys)]
        self.widths: list[float] = [INDEX_WIDTH, *(WIDTHS.get(key, WIDTH) for key in self.keys)]
        self.count = 0

    def rows(self) -> Iterator[list[Value]]:
        """Numbered."""
        for row in self.records.rows(self.keys):
            self.count += 1
            yield [self.count, *row]

    def text(self) -> Iterator[Sequence[Value]]:
        yield from ([line] for line in self.head)
        yield self.headings
        yield from self.rows()

    def as_sheet(self) -> Sheet:
        return Sheet(_("学员台账"), self.widths, self.lines(), header_row=len(self.head) + 1, mark=self.mark)

    def lines(self) -> Iterator[Line]:
        last = len(self.keys)
        title, *others = self.head
        yield across(title, last, Style.TITLE, height=32)
        for text in others:
            yield across(text, last, Style.LEFT_LINE)
        yield headings(self.headings)
        styles = [Style.INDEX, *(STYLES.get(key, Style.WORDS) for key in self.keys)]
        for row in self.rows():
            yield Line(row, styles, height_of(row, self.widths))
        yield across(signatures(), last, Style.LEFT_LINE, height=32)
