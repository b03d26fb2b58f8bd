"""The socket of the pages that show figures, and the addresses of all sockets."""

from __future__ import annotations

from typing import ClassVar

from django.urls import path

from bureaus.announcing import FIGURES
from bureaus.live import LiveSocket
from courses.consumers import ClassesSocket, SessionSocket


class FiguresSocket(LiveSocket):
    deed: ClassVar = "figures.read"

    async def topics(self) -> set[str]:
        return {FIGURES}


socket_patterns = [
    path("ws/figures/", FiguresSocket.as_asgi()),
    path("ws/classes/", ClassesSocket.as_asgi()),
    path("ws/sessions/<int:pk>/", SessionSocket.as_asgi()),
]
