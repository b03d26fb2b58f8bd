"""The printed sign-in sheet: each row carries a small code that says whose row it is.

A code reads `PX1:<session>.<enrolment>.<digest>` in base 36: short enough for the smallest QR code, in the
letters that QR packs tightest. The digest is keyed by the key that never rotates: paper lives long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.crypto import constant_time_compare
from django.utils.http import base36_to_int, int_to_base36

from courses.models import Session
from peixun.lib.encryption import digest

PREFIX = "PX1:"
DIGEST_LETTERS = 7
SHAPE = re.compile(rf"{PREFIX}([0-9A-Z]{{1,11}})\.([0-9A-Z]{{1,11}})\.([0-9A-F]{{{DIGEST_LETTERS}}})")
# Empty rows for who is not on the list.
BLANK_ROWS = 6


@dataclass(frozen=True, slots=True)
class RowCode:
    """What a row's code says: the keys of session and enrolment."""

    session: int
    enrolment: int


def row_code(session: Session, enrolment: int) -> str:
    return written(RowCode(session.pk, enrolment))


def written(code: RowCode) -> str:
    check = digest("sheet row", str(code.session), str(code.enrolment))[:DIGEST_LETTERS]
    return f"{PREFIX}{int_to_base36(code.session)}.{int_to_base36(code.enrolment)}.{check}".upper()


def read_row_code(text: str) -> RowCode | None:
    """What `text` says; None for what was not printed here."""
    shape = SHAPE.fullmatch(text)
    if shape is None:
        return None
    code = RowCode(base36_to_int(shape[1]), base36_to_int(shape[2]))
    return code if constant_time_compare(text, written(code)) else None
