"""Notices by SMS, over the carrier of `peixun.lib.sms`."""

from __future__ import annotations

from typing import ClassVar

from courses.channels.base import Channel, Message, Reach
from peixun.lib.sms import Sms, open_backend


class SmsChannel(Channel):
    name: ClassVar = "sms"

    def __init__(self) -> None:
        self.backend = open_backend()

    def address_of(self, reach: Reach) -> str:
        return reach.phone

    def send(self, message: Message) -> None:
        self.backend.send(Sms(str(message.number), message.address, message.body))

    def close(self) -> None:
        self.backend.close()
