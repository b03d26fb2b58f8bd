"""Where a running step says how far it is, and learns that it is to stop: a row, or on SQLite a file.

It must be seen while the transaction that writes the ledger is open. On PostgreSQL the beating thread writes
the row of `ImportWork` by a connection of its own. SQLite has one writer for the whole database, so that
nobody could say or ask anything until the ledger is written; there it is a file beside the uploads. SQLite is
used on one machine only, so that the file is seen by all.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from ledgers.models import ImportWork

TOO_EARLY = 3  # seconds in which no rate can be told yet


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is. `seconds` is how long its present stage had lasted when that was noted."""

    stage: str = ""
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    cancel_asked: bool = False

    @property
    def seconds_left(self) -> int | None:
        """By the rate of this stage so far; None where that cannot be told yet."""
        if not self.done or self.seconds < TOO_EARLY:
            return None
        return round(self.seconds / self.done * max(self.total - self.done, 0))


class Board(Protocol):
    """The place for the progress of imports, by their keys."""

    def write(self, pk: UUID, holder: UUID, progress: Progress) -> None:
        """Notes how far the step of this holder is; also a sign of life."""

    def read(self, pks: Iterable[UUID]) -> dict[UUID, Progress]:
        """How far these are; those of which nothing is known are missing. One query."""

    def is_silent(self, work: ImportWork, allowed: datetime.timedelta) -> bool:
        """Whether there was no sign of life for so long."""

    def ask_to_stop(self, pk: UUID) -> None: ...

    def clear(self, pk: UUID) -> None:
        """Before a step is queued, and after it."""


class RowBoard:
    """In the import's row of `ImportWork`."""

    def write(self, pk: UUID, holder: UUID, progress: Progress) -> None:
        ImportWork.objects.filter(pk=pk, holder=holder).update(
            stage=progress.stage,
            done=progress.done,
            total=progress.total,
            stage_at=Now() - datetime.timedelta(seconds=progress.seconds),
            heard_at=Now(),
        )

    def read(self, pks: Iterable[UUID]) -> dict[UUID, Progress]:
        return {work.pk: progress_of(work) for work in ImportWork.objects.filter(pk__in=list(pks))}

    def is_silent(self, work: ImportWork, allowed: datetime.timedelta) -> bool:
        """By the database's clock: those of two machines differ."""
        return ImportWork.objects.filter(pk=work.pk, heard_at__lt=Now() - allowed).exists()

    def ask_to_stop(self, pk: UUID) -> None:
        ImportWork.objects.filter(pk=pk).update(cancel_asked=True)

    def clear(self, pk: UUID) -> None:
        ImportWork.objects.filter(pk=pk).update(
            stage="", stage_at=None, done=0, total=0, cancel_asked=False, heard_at=Now()
        )


def progress_of(work: ImportWork) -> Progress:
    seconds = (work.heard_at - work.stage_at).total_seconds() if work.stage_at else 0.0
    return Progress(work.stage, work.done, work.total, seconds, work.cancel_asked)


class FileBoard:
    """In two small files for each import: one that the worker writes, one that asks it to stop."""

    @staticmethod
    def path(pk: UUID) -> Path:
        return Path(settings.MEDIA_ROOT) / "work" / f"{pk}.json"

    def write(self, pk: UUID, holder: UUID, progress: Progress) -> None:
        """A reader finds the old file or the new one, never half of it."""
        path = self.path(pk)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{holder}")
        fresh.write_text(json.dumps(asdict(progress)))
        fresh.replace(path)

    def read(self, pks: Iterable[UUID]) -> dict[UUID, Progress]:
        found = {}
        for pk in pks:
            asked = self.path(pk).with_suffix(".stop").exists()
            try:
                found[pk] = replace(Progress(**json.loads(self.path(pk).read_text())), cancel_asked=asked)
            except FileNotFoundError:
                if asked:
                    found[pk] = Progress(cancel_asked=True)
        return found

    def is_silent(self, work: ImportWork, allowed: datetime.timedelta) -> bool:
        heard = work.heard_at.timestamp()
        with suppress(FileNotFoundError):
            heard = max(heard, self.path(work.pk).stat().st_mtime)
        return time.time() - heard > allowed.total_seconds()

    def ask_to_stop(self, pk: UUID) -> None:
        path = self.path(pk).with_suffix(".stop")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    def clear(self, pk: UUID) -> None:
        """Also what a killed worker had not finished writing."""
        folder, name = self.path(pk).parent, self.path(pk).stem
        for path in folder.glob(f"{name}.*"):
            path.unlink(missing_ok=True)


def board() -> Board:
    return FileBoard() if connection.vendor == "sqlite" else RowBoard()
