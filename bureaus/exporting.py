"""Any list page as a file: `?as=` beside the page's own filters, sort and search gives all it would show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from bureaus.access import SignedInRequest, memberships_of
from bureaus.models import AuditEvent
from peixun.lib.downloads import attachment
from peixun.lib.tables import Column, Form, text_lines
from peixun.lib.xlsx import Line, Sheet, across, headings, streamed
from peixun.lib.xlsx_styles import Style

T = TypeVar("T")
REMEMBERED_AS = "export"
A_YEAR = 365 * 24 * 3600
READ_AHEAD = 2_000
HEADER_ROW = 3


def form_wanted(request: SignedInRequest) -> Form | None:
    """The form that the address asks for; None where it asks for the page."""
    wanted = request.GET.get("as", "")
    return Form(wanted) if wanted in Form.values else None


def list_file(
    request: SignedInRequest, title: str | Promise, columns: Sequence[Column[T]], *, rows: Iterable[T]
) -> StreamingHttpResponse:
    """All rows of a list page as a file, streamed; a line of the audit. The form is remembered."""
    form = form_wanted(request) or Form.XLSX
    name = f"{title}.{form.ending}"
    bureau = next((member.bureau for member in memberships_of(request.user)), None)
    AuditEvent.record(AuditEvent.Deed.LIST_EXPORTED, name, user=request.user, bureau=bureau)
    if form == Form.XLSX:
        content = as_workbook(request, str(title), columns, rows)
    else:
        content = text_lines(lines_of(columns, rows), form)
    response = attachment(StreamingHttpResponse(content, content_type=form.content_type), name)
    remember(response, form)
    return response


def remember(response: HttpResponseBase, form: Form) -> None:
    response.set_cookie(
        REMEMBERED_AS,
        form.value,
        max_age=A_YEAR,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )


def lines_of(columns: Sequence[Column[T]], rows: Iterable[T]) -> Iterator[list[Any]]:
    yield [str(column.heading) for column in columns]
    for row in read_on(rows):
        yield [column.value(row) for column in columns]


def as_workbook(
    request: SignedInRequest, title: str, columns: Sequence[Column[T]], rows: Iterable[T]
) -> Iterator[bytes]:
    by = _("导出人：%(user)s　　导出时间：%(at)s") % {
        "user": request.user,
        "at": f"{timezone.localtime():%Y-%m-%d %H:%M}",
    }
    widths = [column.width for column in columns]
    return streamed([Sheet(sheet_name(title), widths, sheet_lines(title, by, columns, rows), HEADER_ROW)])


def sheet_lines(title: str, by: str, columns: Sequence[Column[T]], rows: Iterable[T]) -> Iterator[Line]:
    last = len(columns) - 1
    yield across(title, last, Style.TITLE, height=32)
    yield across(by, last, Style.LEFT_LINE)
    yield headings((str(column.heading) for column in columns), height=24)
    styles = [column.style for column in columns]
    for row in read_on(rows):
        yield Line([column.value(row) for column in columns], styles)


def sheet_name(title: str) -> str:
    """At most 31 characters, without those that a sheet's name may not have."""
    return "".join(" " if char in r"[]:*?/\'" else char for char in title)[:31].strip()


def read_on(rows: Iterable[T]) -> Iterable[T]:
    """A queryset is read piece by piece and not kept."""
    return rows.iterator(READ_AHEAD) if isinstance(rows, QuerySet) else rows


def in_pieces(rows: Iterable[T], prepare: Callable[[list[T]], Iterable[Any]]) -> Iterator[Any]:
    """Rows that need more than their own table, such as figures: `prepare` gets so many at once."""
    waiting = iter(read_on(rows))
    while some := list(islice(waiting, READ_AHEAD)):
        yield from prepare(some)
