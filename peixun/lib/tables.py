"""Tables that go out as files: one definition of columns, written as .xlsx or as text while rows are read."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from peixun.lib.downloads import XLSX
from peixun.lib.xlsx import TOGETHER, Value, writable
from peixun.lib.xlsx_styles import Style

T = TypeVar("T")
BOM = b"\xef\xbb\xbf"
# What a spreadsheet would make a number, a date or a formula of, though it is a text.
_SPOILED = re.compile(r"\s*[=+\-@].*|[\d.,:/%+\-eE ]*\d[\d.,:/%+\-eE ]*", re.DOTALL)


class Form(models.TextChoices):
    """In which form a table goes out; the value stands in addresses."""

    XLSX = "xlsx", _("Excel（.xlsx）")
    UTF8 = "csv", _("CSV（UTF-8，通用）")
    GB18030 = "gb18030", _("CSV（GB18030，旧系统用）")

    @property
    def ending(self) -> str:
        return "xlsx" if self == Form.XLSX else "csv"

    @property
    def content_type(self) -> str:
        charset = "gb18030" if self == Form.GB18030 else "utf-8"
        return XLSX if self == Form.XLSX else f"text/csv; charset={charset}"


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A heading, and what a row of the list has under it."""

    heading: str | Promise
    value: Callable[[T], Value]
    width: float = 16
    style: Style = Style.WORDS


def text_lines(lines: Iterable[Sequence[Value]], form: Form) -> Iterator[bytes]:
    """The rows as a text table in the encoding of `form`; GB18030 holds every character there is."""
    encoding = "gb18030" if form == Form.GB18030 else "utf-8"
    yield b"" if form == Form.GB18030 else BOM
    waiting = iter(lines)
    while some := list(islice(waiting, TOGETHER)):
        yield "".join(f"{','.join(map(text_field, line))}\r\n" for line in some).encode(encoding, "ignore")


def text_field(value: Value) -> str:
    """A number as it is, any text in quotes; a tab keeps what is a text from becoming something else.

    Spreadsheets and our own reader pass over the tab.
    """
    if value is None:
        return ""
    if isinstance(value, datetime.date):
        return value.isoformat()
    if not isinstance(value, str):
        return f"{value:f}" if not isinstance(value, int) else str(value)
    text = writable(value).replace('"', '""')
    return f'"\t{text}"' if _SPOILED.fullmatch(text) else f'"{text}"' if text else ""
