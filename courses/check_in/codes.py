"""The code on the screen: it changes every few seconds by the server's clock and is signed.

An address of it says session and time window. Who opens it in time gets a pass for some minutes, so that
typing a name does not fail when the code on the screen has moved on. A photo that is sent on comes too late.
"""

from __future__ import annotations

import datetime

from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.http import base36_to_int, int_to_base36

from courses.models import Session

# Seconds that a code stands on the screen. The one before it counts too: a phone needs a moment.
SECONDS = 15
WINDOWS = 2
PASS_SECONDS = 5 * 60
CODE_SALT = "peixun.check_in.code"
PASS_SALT = "peixun.check_in.pass"  # noqa: S105
MAC_BYTES = 12


class ForgedCode(ValueError):
    """It was not made here, or has been damaged."""


class StaleCode(ValueError):
    """Its time is over."""


def window_of(at: datetime.datetime) -> int:
    return int(at.timestamp()) // SECONDS


def seconds_left(at: datetime.datetime) -> int:
    """Until the code on the screen changes."""
    return SECONDS - int(at.timestamp()) % SECONDS


def code_for(session: Session, at: datetime.datetime) -> str:
    """The code of the window in which `at` lies; may stand in an address."""
    return signed(f"{int_to_base36(session.pk)}.{int_to_base36(window_of(at))}")


def signed(value: str) -> str:
    mac = salted_hmac(CODE_SALT, value, algorithm="sha256").digest()[:MAC_BYTES]
    return f"{value}.{signing.b64_encode(mac).decode()}"


def session_of(code: str) -> int:
    """The key of the code's session, however old the code is. Raises `ForgedCode`."""
    value, _dot, _mac = code.rpartition(".")
    if not constant_time_compare(code, signed(value)):
        raise ForgedCode
    return base36_to_int(value.partition(".")[0])


def demand_fresh(code: str, at: datetime.datetime) -> None:
    """Raises `StaleCode` unless `code`, which is of ours, stands on the screen at `at` or did just before."""
    window = base36_to_int(code.split(".")[1])
    if not 0 <= window_of(at) - window < WINDOWS:
        raise StaleCode


def pass_for(code: str) -> str:
    """Who has seen `code` in time may use it for `PASS_SECONDS`."""
    return signing.TimestampSigner(salt=PASS_SALT).sign(code)


def demand_pass(given: str, code: str) -> None:
    """Raises `StaleCode` unless `given` is a pass for `code` whose time is not over."""
    try:
        seen = signing.TimestampSigner(salt=PASS_SALT).unsign(given, max_age=PASS_SECONDS)
    except signing.BadSignature as fault:
        raise StaleCode from fault
    if not constant_time_compare(seen, code):
        raise StaleCode
