"""What a channel is, and which are in use."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar, Self

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Reach:
    """Where somebody can be told: a mobile number of 11 digits, an e-mail address; either may be empty."""

    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """`number` is the notice's own: a channel that is given it twice has sent it already."""

    number: int
    address: str
    subject: str
    body: str


class Channel:
    """One way out. Used as a context manager, so that a connection may serve several messages."""

    name: ClassVar[str]

    def address_of(self, reach: Reach) -> str:
        """Where this channel finds somebody; empty where it does not."""
        raise NotImplementedError

    def send(self, message: Message) -> None:
        """Sends, or raises `NotSent` (`peixun.lib.sms`) where the message surely did not leave."""
        raise NotImplementedError

    def close(self) -> None:
        """Gives back what sending has opened."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_channels() -> list[Channel]:
    """A channel of each class that the settings name, in their order."""
    return [channel_at(path) for path in settings.PEIXUN_CHANNELS]


def channel_at(path: str) -> Channel:
    try:
        channel = import_string(path)()
    except ImportError as error:
        raise ImproperlyConfigured(f"PEIXUN_CHANNELS names {path!r}, which cannot be loaded.") from error
    if not isinstance(channel, Channel):
        raise ImproperlyConfigured(f"PEIXUN_CHANNELS names {path!r}, which is no Channel.")
    return channel
