"""The socket of the pages that show figures. It says "changed" and carries nothing else."""

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.urls import path

from bureaus.access import may
from bureaus.models import User
from ledgers.live import GROUP, Watch

NOT_ALLOWED = 4403
watch = Watch()


@database_sync_to_async
def may_read(user_id: int | None) -> bool:
    """Asked afresh each time: a socket outlives the rights that it was opened with."""
    user = User.objects.filter(pk=user_id or 0, is_active=True).first()
    return user is not None and may(user, "figures.read")


class FiguresConsumer(AsyncWebsocketConsumer):
    joined = False

    async def connect(self) -> None:
        if not await may_read(self.scope["user"].pk):
            await self.close(NOT_ALLOWED)
            return
        await self.channel_layer.group_add(GROUP, self.channel_name)
        watch.join()
        self.joined = True
        await self.accept()

    async def disconnect(self, code: int) -> None:
        if self.joined:
            watch.leave()
            await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def figures_changed(self, event: dict[str, Any]) -> None:
        if await may_read(self.scope["user"].pk):
            await self.send(text_data="changed")
        else:
            await self.close(NOT_ALLOWED)


socket_patterns = [path("ws/figures/", FiguresConsumer.as_asgi())]
