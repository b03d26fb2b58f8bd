"""The sockets of pages about classes: all of them together, and the board of one session."""

from __future__ import annotations

from collections import defaultdict
from typing import ClassVar

from django.db.models import QuerySet, Value

from bureaus.announcing import CLASSES, run_topic, session_topic
from bureaus.live import LiveSocket, Watcher
from bureaus.models import User
from courses.models import Session

USERS_A_QUERY = 50
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
        wanted: dict[User, set[int]] = defaultdict(set)
        for user, target in super().admitted(watchers):
            if target is not None and target <= LARGEST_KEY:
                wanted[user].add(target)
        found = registered_by_each(wanted)
        return {watcher for watcher in watchers if (watcher.user.pk, watcher.target) in found}

    async def topics(self) -> set[str]:
        session = await Session.objects.aget(pk=self.target or 0)
        found = {session_topic(session.pk)}
        return found | {run_topic(session.run_id)} if session.run_id else found


def registered_by_each(wanted: dict[User, set[int]]) -> set[tuple[int, int]]:
    """(user, session) for those of the wanted sessions that each may register. One query for 50 users."""
    parts: list[QuerySet[Session, tuple[int, int]]] = [
        Session.objects.registered_by(user)
        .filter(pk__in=sessions)
        .order_by()
        .annotate(watcher=Value(user.pk))
        .values_list("watcher", "pk")
        for user, sessions in wanted.items()
    ]
    found: set[tuple[int, int]] = set()
    for at in range(0, len(parts), USERS_A_QUERY):
        first, *others = parts[at : at + USERS_A_QUERY]
        found |= set(first.union(*others))
    return found
