"""The sockets of pages about classes: all of them together, and the board of one session."""

from __future__ import annotations

from typing import ClassVar

from bureaus.announcing import CLASSES, run_topic, session_topic
from bureaus.live import LiveSocket, Target, Watcher, reached
from courses.models import Session

LARGEST_KEY = 2**63 - 1  # a database refuses to look for more


class ClassesSocket(LiveSocket):
    """For lists of sessions and runs: says that one of them, somewhere, has changed."""

    deed: ClassVar = "runs.read"

    async def topics(self) -> set[str]:
        return {CLASSES}


class SessionSocket(LiveSocket):
    """For who registers this session: who came, and who is expected in its run."""

    deed: ClassVar = "attendance.register"

    @classmethod
    def admitted(cls, watchers: list[Watcher]) -> set[Watcher]:
        possible = [one for one in super().admitted(watchers) if is_key(one.target)]
        return reached(possible, Session.objects.registered_by)

    async def topics(self) -> set[str]:
        session = await Session.objects.aget(pk=str(self.target))
        found = {session_topic(session.pk)}
        return found | {run_topic(session.run_id)} if session.run_id else found


def is_key(target: Target) -> bool:
    return isinstance(target, int) and target <= LARGEST_KEY
