"""Which open pages a deed concerns, and how other processes hear of it.

A line of the audit is the news: every deed writes one. What is told to pages is that something changed, and
nothing else; see `bureaus.live` for who is told.
"""

from __future__ import annotations

from collections.abc import Iterable

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings

FIGURES = "figures"
CLASSES = "classes"
CHANGED = {"type": "live.changed"}
# The kinds of deeds (what stands before the dot) whose object is a session, or a class run.
OF_SESSIONS = frozenset({"session", "attendance", "appeal", "evidence"})
OF_RUNS = frozenset({"run", "enrolment"})


def session_topic(key: int | str) -> str:
    return f"session-{key}"


def run_topic(key: int | str) -> str:
    return f"run-{key}"


def topics_of(deed: str, key: str) -> set[str]:
    """What a deed on the object of that key touches: the figures always, classes, one session or run."""
    kind = deed.partition(".")[0]
    found = {FIGURES}
    if kind in OF_SESSIONS | OF_RUNS:
        found.add(CLASSES)
        if key:
            found.add(session_topic(key) if kind in OF_SESSIONS else run_topic(key))
    return found


def announce(deed: str, key: str) -> None:
    """Tells every process at once where Redis joins them; to be called after commit.

    The in-process layer must not be used from another thread, and no other process hears it: there each
    process looks for new lines of the audit itself, see `bureaus.live.Watch`.
    """
    if settings.REDIS_URL:
        async_to_sync(tell)(topics_of(deed, key))


async def tell(topics: Iterable[str]) -> None:
    """Says "changed" to the sockets that listen to one of these topics."""
    layer = get_channel_layer()
    for topic in topics:
        await layer.group_send(topic, CHANGED)
