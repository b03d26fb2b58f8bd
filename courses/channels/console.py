"""Writes notices to the terminal: for development. The address is masked there too."""

from __future__ import annotations

import sys
from typing import ClassVar

from courses.channels.base import Channel, Message, Reach


class ConsoleChannel(Channel):
    name: ClassVar = "console"

    def address_of(self, reach: Reach) -> str:
        return reach.phone or reach.email

    def send(self, message: Message) -> None:
        sys.stdout.write(f"[{message.subject}] …{message.address[-4:]}: {message.body}\n")
