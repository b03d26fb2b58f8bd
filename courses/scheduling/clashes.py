"""Clashes: one trainer, or one place, at two sessions at overlapping times, in all bureaus.

Sessions of which a time is not known clash with nothing, nor do cancelled ones; a place is no matter online.
Of another bureau's session one learns the time and the bureau only, unless one may see it.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from bureaus.models import User
from courses.models import ClassRun, Session, Trainer
from peixun.lib.comparing import comparable

COLUMNS = (
    *("pk", "held_on", "starts_at", "ends_at", "place", "mode", "title", "bureau__name"),
    *("trainers", "trainers__name"),
)
# A trainer (by id) or a place (comparable) on a day.
Claim = tuple[datetime.date, int | str]


@dataclass(slots=True)
class Occupied:
    """When and where something is, or is to be, and who teaches (by id, with the name). Times are known."""

    day: datetime.date
    starts_at: datetime.time
    ends_at: datetime.time
    place: str = ""
    trainers: dict[int, str] = field(default_factory=dict)
    pk: int | None = None
    title: str = ""
    bureau: str = ""

    def claims(self) -> dict[Claim, str]:
        """Whom and what it needs on its day, with the words for it."""
        found: dict[Claim, str] = {(self.day, pk): name for pk, name in self.trainers.items()}
        if key := comparable(self.place):
            found[self.day, key] = self.place
        return found

    def overlaps(self, other: Occupied) -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(slots=True)
class Clash:
    """The session that stands against, and what both need. `seen` says that the user may see it."""

    other: Occupied
    needs: list[str] = field(default_factory=list)
    seen: bool = False


def occupied(session: Session, trainers: Iterable[Trainer]) -> Occupied | None:
    """What `session`, saved or not, takes up with these trainers; None where a time is not known."""
    if session.starts_at is None or session.ends_at is None:
        return None
    place = "" if session.mode == Session.Mode.ONLINE else session.place
    names = {trainer.pk: trainer.name for trainer in trainers}
    return Occupied(session.held_on, session.starts_at, session.ends_at, place, names, session.pk)


def clashes_of(wanted: Sequence[Occupied], *, user: User) -> list[Clash]:
    """What stands against these, each other session once, in order of time. Two queries."""
    own = {one.pk for one in wanted}
    by_claim = claimed_on({one.day for one in wanted})
    found: dict[int | None, Clash] = {}
    for one in wanted:
        for claim, words in one.claims().items():
            for other in by_claim[claim]:
                if other.pk in own or not one.overlaps(other):
                    continue
                clash = found.setdefault(other.pk, Clash(other))
                if words not in clash.needs:
                    clash.needs.append(words)
    if found:
        seen = Session.objects.visible_to(user).filter(pk__in=[pk for pk in found if pk])
        for pk in seen.values_list("pk", flat=True):
            found[pk].seen = True
    return sorted(found.values(), key=lambda clash: (clash.other.day, clash.other.starts_at))


def clashes_with(session: Session, *, user: User) -> list[Clash]:
    """What stands against a stored session, unless it is cancelled itself. Three queries."""
    if session.state == Session.State.CANCELLED:
        return []
    one = occupied(session, session.trainers.all())
    return clashes_of([one], user=user) if one else []


def clashing(sessions: Iterable[Session]) -> set[int]:
    """The ids of those of these stored sessions that clash with any other. One query."""
    days = {session.held_on: None for session in sessions}
    found: set[int | None] = set()
    for claimants in claimed_on(days).values():
        for one, other in combinations(claimants, 2):
            if one.overlaps(other):
                found |= {one.pk, other.pk}
    return {session.pk for session in sessions if session.pk in found}


def claimed_on(days: Iterable[datetime.date]) -> dict[Claim, list[Occupied]]:
    """What takes place in the whole city on these days at a known time, by what it needs. One query."""
    rows = (
        Session.objects.filter(held_on__in=set(days), starts_at__isnull=False, ends_at__isnull=False)
        .exclude(state=Session.State.CANCELLED)
        .exclude(run__state=ClassRun.State.CANCELLED)
        .order_by("held_on", "starts_at", "pk")
    )
    found: dict[int, Occupied] = {}
    for pk, day, starts, ends, place, mode, title, bureau, trainer, name in rows.values_list(*COLUMNS):
        here = "" if mode == Session.Mode.ONLINE else place
        one = found.setdefault(pk, Occupied(day, starts, ends, here, {}, pk, title, bureau))
        if trainer:
            one.trainers[trainer] = name
    by_claim: dict[Claim, list[Occupied]] = defaultdict(list)
    for one in found.values():
        for claim in one.claims():
            by_claim[claim].append(one)
    return by_claim
