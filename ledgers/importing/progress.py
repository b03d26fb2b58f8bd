"""The lease of an import: one worker at a time has it in hand, says that it lives, and hears when to stop.

A thread beats once a second, by a connection of its own, and does all the writing: `tell` only notes numbers,
so that the work may call it for every chunk. What is over within a second never beats. A worker that was
not heard of for `LEASE` is taken to be dead: no machine that works pauses for 45 beats, and a page that waits
stands still for little more than a minute. Should it live after all, it finds that another holds the lease,
and stops; what it wrote until then is rolled back, or refused by the state of the import's row.
"""

from __future__ import annotations

import datetime
import logging
import threading
import time
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID, uuid4

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import Error, connections, models
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from bureaus.announcing import tell as tell_sockets
from ledgers.importing.boards import Progress, board
from ledgers.models import ImportWork

log = logging.getLogger(__name__)

BEAT = 1.0  # seconds
LEASE = datetime.timedelta(seconds=45)
MOST_ATTEMPTS = 5  # a file that ends its worker each time must not do so for ever


class Stage(models.TextChoices):
    """What a step is about, in the words of the page that waits."""

    READ = "read", _("正在读取文件")
    CHECK = "check", _("正在逐行检查")
    COMPARE = "compare", _("正在与已有数据比对")
    WRITE = "write", _("正在写入")
    WEIGH = "weigh", _("正在核对撤销会收回什么")
    UNDO = "undo", _("正在撤销")


class Cancelled(Exception):
    """Who waits has called the work off. What is written is to be rolled back."""


class LeaseLost(Cancelled):
    """Another worker has the import in hand: this one was silent for too long, or it was queued anew."""


class Tell(Protocol):
    """What long work calls after each chunk, with how many of how many are done. May raise `Cancelled`."""

    def __call__(self, done: int, total: int) -> None: ...


def tell_nobody(done: int, total: int) -> None:
    """For work that nobody waits for."""


def take(pk: UUID) -> Held | None:
    """The lease of an import that nobody has in hand; None where somebody has, or all attempts are used."""
    work, _made = ImportWork.objects.get_or_create(pk=pk)
    if work.attempts >= MOST_ATTEMPTS or (work.holder and not board().is_silent(work, LEASE)):
        return None
    holder = uuid4()
    free = ImportWork.objects.filter(pk=pk, holder=work.holder, attempts=work.attempts)
    now = Now()
    if not free.update(holder=holder, attempts=F("attempts") + 1, heard_at=now, started_at=now):
        return None
    return Held(pk, holder)


class Held:
    """A lease in hand; as a context it beats, and gives the lease back at the end."""

    def __init__(self, pk: UUID, holder: UUID) -> None:
        self.pk = pk
        self.holder = holder
        self.stop: type[Cancelled] | None = None
        self.over = threading.Event()
        self.beating = threading.Thread(target=self.beat_on, name=f"import-{pk}", daemon=True)
        self.enter(Stage.READ)

    def enter(self, stage: Stage) -> None:
        """Begins a stage: its rows are counted from nothing."""
        self.stage, self.done, self.total, self.since = stage, 0, 0, time.monotonic()

    def tell(self, done: int, total: int) -> None:
        """Notes how far the stage is. Costs no query. Raises `Cancelled` where that was asked."""
        self.done, self.total = done, total
        if self.stop:
            raise self.stop

    def __enter__(self) -> Self:
        if (known := board().read([self.pk]).get(self.pk)) and known.cancel_asked:
            self.stop = Cancelled
        self.beating.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self.beating.join()
        try:
            self.give_back()
        except Error as lost:  # the database is away: the lease runs out by itself
            log.warning("Import %s: lease not given back, %s", self.pk, type(lost).__name__)

    def give_back(self) -> None:
        mine = ImportWork.objects.filter(pk=self.pk, holder=self.holder)
        if mine.update(holder=None, heard_at=Now()):
            board().clear(self.pk)
        say_changed(self.pk)

    def beat_on(self) -> None:
        try:
            while not self.over.wait(BEAT):
                self.beat()
        finally:
            connections.close_all()

    def beat(self) -> None:
        """Says how far it is and asks whether to go on. A database that is away is tried again."""
        try:
            self.listen()
            if self.stop is not LeaseLost:
                progress = Progress(self.stage, self.done, self.total, time.monotonic() - self.since)
                board().write(self.pk, self.holder, progress)
                say_changed(self.pk)
        except (Error, OSError) as error:
            log.warning("Import %s: %s while telling how far it is.", self.pk, type(error).__name__)
            connections.close_all()

    def listen(self) -> None:
        work = ImportWork.objects.filter(pk=self.pk).first()
        if work and work.holder != self.holder:
            self.stop = LeaseLost
        elif (known := board().read([self.pk]).get(self.pk)) and known.cancel_asked:
            self.stop = Cancelled


def import_topic(pk: UUID) -> str:
    """What the sockets of an import's page listen to."""
    return f"import-{pk}"


def say_changed(pk: UUID) -> None:
    """Tells the pages that wait, where Redis joins the processes; else each looks by itself."""
    if settings.REDIS_URL:
        async_to_sync(tell_sockets)({import_topic(pk)})
