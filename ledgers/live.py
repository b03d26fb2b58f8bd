"""Tells open pages that figures have moved. The page then asks again; a message says nothing else."""

from __future__ import annotations

import asyncio

from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings

from bureaus.models import AuditEvent

GROUP = "figures"
CHANGED = {"type": "figures.changed"}
LOOK_EVERY = 1.5  # seconds


def announce() -> None:
    """Tells every process at once where Redis joins them.

    The in-process layer must not be used from another thread, and no other process hears it: there each
    process looks for new lines of the audit itself, see `Watch`.
    """
    if settings.REDIS_URL:
        async_to_sync(get_channel_layer().group_send)(GROUP, CHANGED)


class Watch:
    """Looks for new lines of the audit while somebody listens, and tells this process's sockets."""

    def __init__(self) -> None:
        self.listeners = 0
        self.task: asyncio.Task[None] | None = None

    def join(self) -> None:
        self.listeners += 1
        if self.task is None and not settings.REDIS_URL:
            self.task = asyncio.get_running_loop().create_task(self.look())

    def leave(self) -> None:
        self.listeners -= 1
        if self.listeners == 0 and self.task is not None:
            self.task.cancel()
            self.task = None

    async def look(self) -> None:
        last = await newest_line()
        while True:
            await asyncio.sleep(LOOK_EVERY)
            newest = await newest_line()
            if newest != last:
                last = newest
                await get_channel_layer().group_send(GROUP, CHANGED)


@database_sync_to_async
def newest_line() -> int | None:
    return AuditEvent.objects.order_by("-id").values_list("id", flat=True).first()
