"""The sockets of pages that show figures or wait for an import, and the addresses of all sockets."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.urls import path

from bureaus.announcing import FIGURES
from bureaus.live import LiveSocket, Target, Watcher, reached
from courses.consumers import ClassesSocket, SessionSocket
from ledgers.importing.boards import board
from ledgers.importing.progress import import_topic
from ledgers.models import LedgerImport


class FiguresSocket(LiveSocket):
    deed: ClassVar = "figures.read"

    async def topics(self) -> set[str]:
        return {FIGURES}


class ImportSocket(LiveSocket):
    """For who waits for an import: it got on, or is over."""

    deed: ClassVar = "ledger.export"

    @classmethod
    def admitted(cls, watchers: list[Watcher]) -> set[Watcher]:
        return reached(super().admitted(watchers), LedgerImport.objects.visible_to)

    @classmethod
    def marks(cls, targets: set[Target]) -> dict[str, object]:
        keys = [key for key in targets if isinstance(key, UUID)]
        progress = board().read(keys)
        states = LedgerImport.objects.filter(pk__in=keys).values_list("pk", "state", "stage")
        return {import_topic(pk): (state, stage, progress.get(pk)) for pk, state, stage in states}

    async def topics(self) -> set[str]:
        return {import_topic(self.target)} if isinstance(self.target, UUID) else set()


socket_patterns = [
    path("ws/figures/", FiguresSocket.as_asgi()),
    path("ws/imports/<uuid:pk>/", ImportSocket.as_asgi()),
    path("ws/classes/", ClassesSocket.as_asgi()),
    path("ws/sessions/<int:pk>/", SessionSocket.as_asgi()),
]
