"""Sockets that say "changed" and nothing else. The page then fetches its fragment by the ordinary view.

A socket outlives the rights that it was opened with. They are asked for again before each word, and every few
seconds without one; always for all sockets of the process together, so that the number of queries does not
grow with the number of sockets.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session as SignIn
from django.db import Error
from django.db.models import Q, Value
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from bureaus.access import may, with_memberships
from bureaus.announcing import tell, topics_of
from bureaus.models import AuditEvent, User

log = logging.getLogger(__name__)

LOOK_EVERY = 0.8  # seconds, for new lines of the audit where there is no Redis
CHECK_EVERY = 4  # looks: the rights of all sockets are asked for every 3.2 s
NOT_ALLOWED = 4403
LINES_BEFORE = 100
LONGEST_TRANSACTION = 600  # seconds that a line with a lower number may still arrive
MOST_GAPS = 1_000
USERS_A_QUERY = 50


Target = int | UUID | None  # the key of a socket's object; None where there is only one


class Watcher(NamedTuple):
    """Somebody who would like to be told of an object."""

    user: User
    target: Target


class LiveSocket(AsyncWebsocketConsumer):
    """A socket for one deed's worth of rights. The address may hold `pk`, the key of its object."""

    deed: ClassVar[str]
    told = False

    @classmethod
    def admitted(cls, watchers: list[Watcher]) -> set[Watcher]:
        """Those of `watchers` who may be told. A fixed number of queries."""
        return {watcher for watcher in watchers if may(watcher.user, cls.deed)}

    @classmethod
    def marks(cls, targets: set[Target]) -> dict[str, object]:
        """How these objects stand, by topic, where that is no line of the audit: another mark is news.

        Asked at each look where there is no Redis. A fixed number of queries.
        """
        return {}

    async def topics(self) -> set[str]:
        """What this socket listens to."""
        raise NotImplementedError

    @property
    def target(self) -> Target:
        pk: Target = self.scope.get("url_route", {}).get("kwargs", {}).get("pk")
        return pk

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Also a socket that ends by a fault is no longer among those of this process."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            watch.leave(self)

    async def connect(self) -> None:
        self.joined: set[str] = set()
        watch.join(self)
        if self not in await watch.allowed():
            await self.put_out()
            return
        for topic in await self.topics():
            await self.channel_layer.group_add(topic, self.channel_name)
            self.joined.add(topic)
        await self.accept()
        self.told = True

    async def disconnect(self, code: int) -> None:
        watch.leave(self)
        while self.joined:
            await self.channel_layer.group_discard(self.joined.pop(), self.channel_name)

    async def live_changed(self, event: dict[str, Any]) -> None:
        if not self.told:
            return
        if self in await watch.allowed():
            await self.send(text_data="changed")
        else:
            await self.put_out()

    async def put_out(self) -> None:
        """Tells nothing more, and closes."""
        self.told = False
        watch.leave(self)
        await self.close(NOT_ALLOWED)


class Watch:
    """The open sockets of this process: looks for news without Redis, and puts out who may not hear it."""

    def __init__(self) -> None:
        self.sockets: set[LiveSocket] = set()
        self.task: asyncio.Task[None] | None = None

    def join(self, socket: LiveSocket) -> None:
        self.sockets.add(socket)
        if self.task is None:
            self.lines, self.lock = Lines(), asyncio.Lock()
            self.marks: dict[str, object] = {}
            self.coming: asyncio.Task[set[LiveSocket]] | None = None
            self.task = asyncio.create_task(self.run())

    def leave(self, socket: LiveSocket) -> None:
        self.sockets.discard(socket)
        if not self.sockets and self.task is not None:
            self.task.cancel()
            self.task = None

    async def run(self) -> None:
        looks = 0
        while True:
            try:
                if not settings.REDIS_URL:
                    await self.look()
                if looks % CHECK_EVERY == CHECK_EVERY - 1:
                    await self.check()
            except Error as error:  # the database is away for a moment; this loop must not end
                log.warning("Live pages: %s", type(error).__name__)
            looks += 1
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> None:
        """Tells this process's sockets of what is new since the last look: lines of the audit, marks."""
        fresh = await database_sync_to_async(self.lines.fresh)(time.monotonic())
        marks = await database_sync_to_async(marks_of)(list(self.sockets))
        # An object that nobody watched before may have moved since its page was made.
        moved = {topic for topic, mark in marks.items() if self.marks.get(topic) != mark}
        self.marks = marks
        await tell(moved.union(*(topics_of(deed, key) for deed, key in fresh)))

    async def check(self) -> None:
        """Puts out the sockets whose rights have ended."""
        before = {socket for socket in self.sockets if socket.told}
        for socket in before - await self.allowed():
            if socket.told:
                await socket.put_out()

    async def allowed(self) -> set[LiveSocket]:
        """The sockets that may be told now, by a check that began after this call; callers share it."""
        if self.coming is None:
            self.coming = asyncio.create_task(self._ask())
        return await asyncio.shield(self.coming)

    async def _ask(self) -> set[LiveSocket]:
        async with self.lock:
            self.coming = None  # who asks from now on waits for the next check
            found: set[LiveSocket] = await database_sync_to_async(allowed_among)(list(self.sockets))
            return found


watch = Watch()


class Lines:
    """New lines of the audit, each once.

    A line's number is drawn before its transaction commits, so that a lower one may come after a higher one:
    numbers that were passed over are looked for until no transaction can be that old.
    """

    def __init__(self) -> None:
        self.last: int | None = None
        self.gaps: dict[int, float] = {}

    def fresh(self, now: float) -> list[tuple[str, str]]:
        """(deed, key of the object) of each line since the last call; of none at the first. One query."""
        if self.last is None:
            newest = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            self.last = max(newest - LINES_BEFORE, 0)
            self.read(now)
            return []
        return self.read(now)

    def read(self, now: float) -> list[tuple[str, str]]:
        last = self.last or 0
        new = AuditEvent.objects.filter(Q(pk__gt=last) | Q(pk__in=list(self.gaps)))
        rows = list(new.order_by("pk").values_list("pk", "deed", "object_key"))
        found = {pk for pk, _deed, _key in rows}
        self.last = max(found | {last})
        passed_over = range(max(last + 1, self.last - MOST_GAPS), self.last)
        self.gaps |= dict.fromkeys(passed_over, now + LONGEST_TRANSACTION)
        self.gaps = {pk: until for pk, until in self.gaps.items() if pk not in found and until > now}
        return [(deed, key) for _pk, deed, key in rows]


def marks_of(sockets: list[LiveSocket]) -> dict[str, object]:
    """How the objects of all sockets stand that are not told of by the audit."""
    targets: dict[type[LiveSocket], set[Target]] = defaultdict(set)
    for socket in sockets:
        targets[type(socket)].add(socket.target)
    found: dict[str, object] = {}
    for kind, of_kind in targets.items():
        found |= kind.marks(of_kind)
    return found


def reached(watchers: Iterable[Watcher], by: Callable[[User], Any]) -> set[Watcher]:
    """Those watchers whose object is among those that their user may reach. One query for 50 users."""
    wanted: dict[User, set[Target]] = defaultdict(set)
    for user, target in watchers:
        wanted[user].add(target)
    parts = [
        by(user)
        .filter(pk__in=targets)
        .order_by()
        .annotate(watcher=Value(user.pk))
        .values_list("watcher", "pk")
        for user, targets in wanted.items()
    ]
    found: set[tuple[int, Target]] = set()
    for at in range(0, len(parts), USERS_A_QUERY):
        first, *others = parts[at : at + USERS_A_QUERY]
        found |= set(first.union(*others))
    return {watcher for watcher in watchers if (watcher.user.pk, watcher.target) in found}


def allowed_among(sockets: list[LiveSocket]) -> set[LiveSocket]:
    """Those of `sockets` whose user is still signed in and may still be told.

    Three queries, and those of the rights of each kind of sockets.
    """
    users = signed_in(sockets)
    by_kind: dict[type[LiveSocket], list[tuple[LiveSocket, Watcher]]] = defaultdict(list)
    for socket, user in users.items():
        by_kind[type(socket)].append((socket, Watcher(user, socket.target)))
    found = set()
    for kind, asking in by_kind.items():
        admitted = kind.admitted([watcher for _socket, watcher in asking])
        found |= {socket for socket, watcher in asking if watcher in admitted}
    return found


def signed_in(sockets: Iterable[LiveSocket]) -> dict[LiveSocket, User]:
    """The user of each socket whose sign-in still stands: not signed out, not disabled, same password."""
    keys = {socket: socket.scope["session"].session_key for socket in sockets}
    rows = SignIn.objects.filter(session_key__in=set(keys.values()), expire_date__gt=timezone.now())
    stored = {row.session_key: row.get_decoded() for row in rows}
    wanted = {data[SESSION_KEY] for data in stored.values() if SESSION_KEY in data}
    active = with_memberships(User.objects.filter(pk__in=wanted, is_active=True))
    users = {str(user.pk): user for user in active}
    found = {}
    for socket, key in keys.items():
        data = stored.get(key, {})
        user = users.get(data.get(SESSION_KEY, ""))
        if user is not None and still_his(user, data.get(HASH_SESSION_KEY, "")):
            found[socket] = user
    return found


def still_his(user: User, kept: str) -> bool:
    """Whether the sign-in was made with the password that the account has now."""
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(kept, now) for now in hashes)
