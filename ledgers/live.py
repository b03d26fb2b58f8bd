"""Tells open pages that figures have moved. The page then asks again; a message says nothing else."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings

GROUP = "figures"


def announce() -> None:
    """Tells every process at once where Redis joins them.

    The in-process layer must not be used from another thread, and no other process hears it: there each
    process watches the audit itself (see `consumers.Watch`).
    """
    if settings.REDIS_URL:
        async_to_sync(get_channel_layer().group_send)(GROUP, {"type": "figures.changed"})
