"""SMS. A class named by `PEIXUN_SMS_BACKEND` carries them: every city has another carrier."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _


class NotSent(Exception):
    """The message surely did not leave, so that it may be tried again. Its text is for an officer.

    Any other exception of a carrier means that nobody knows: such a message is not sent again by itself.
    """


@dataclass(frozen=True, slots=True)
class Sms:
    """`to` is a mobile number of 11 digits. A carrier that is given a `key` twice has sent it already."""

    key: str
    to: str
    text: str


class SmsBackend:
    """One carrier. `send` gives a message over, or raises `NotSent` where it surely was not taken."""

    def send(self, sms: Sms) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Gives back what sending has opened."""


class FileBackend(SmsBackend):
    """Leaves each message as a file for the carrier's own program to fetch; only this user can read it.

    The file is named by the message's key and linked into place whole: a message that lies there already is
    not written again.
    """

    def send(self, sms: Sms) -> None:
        folder: Path = settings.PEIXUN_SMS_FOLDER
        target = folder / f"{sms.key}.json"
        half = folder / f".{sms.key}.{os.getpid()}"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_privately(half, {"to": sms.to, "text": sms.text})
            try:
                os.link(half, target)
            except FileExistsError:
                pass
            finally:
                half.unlink()
        except OSError as error:
            raise NotSent(_("短信文件写不进去，请检查存放的文件夹。")) from error


def write_privately(path: Path, content: dict[str, str]) -> None:
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        json.dump(content, file, ensure_ascii=False)


def open_backend() -> SmsBackend:
    """The carrier that the settings name; whoever opens it closes it."""
    path = settings.PEIXUN_SMS_BACKEND
    try:
        backend: SmsBackend = import_string(path)()
    except ImportError as error:
        raise ImproperlyConfigured(f"PEIXUN_SMS_BACKEND {path!r} cannot be loaded.") from error
    return backend
