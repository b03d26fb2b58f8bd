"""Moves people through a run: admit, reject, withdraw, reinstate.

Each deed holds the run (`seats.held`), is all or nothing, gives the seats that are free, tells those who were
decided upon, and leaves one line in the audit. `CannotEnrol` and `YearClosed` are for the user to read.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User
from courses import noticing
from courses.enrolling import moves, seats
from courses.enrolling.limits import limits_hit
from courses.enrolling.moves import CannotEnrol
from courses.models import ClassRun, Enrolment
from courses.registering import begin
from learners.models import Learner

State = Enrolment.State
MOVED = ("state", "waits_from", "reason", "changed_at")
# Kept in the record, so it is Chinese whichever language the learner reads.
OWN_WISH = "本人取消报名"


def admit(pk: int, chosen: Collection[int], *, by: User | None) -> list[Enrolment]:
    """Admits applicants in the order in which they applied; over the seats they wait."""
    with seats.held(pk) as run:
        found = movable(run, chosen, moves.ADMIT)
        hold_learners(enrolment.learner_id for enrolment in found)
        demand_within_limits(run, {enrolment.learner_id: enrolment.level for enrolment in found})
        seats.queue(found, at=timezone.now())
        save(found)
        record(run, settle(run, found), by=by)
    return found


def reject(pk: int, chosen: Collection[int], *, by: User | None, reason: str) -> list[Enrolment]:
    """Turns down applicants and who is waiting, with a reason that they are told."""
    with seats.held(pk) as run:
        found = movable(run, chosen, moves.REJECT, reason=reason)
        leave(found, State.REJECTED, reason)
        record(run, settle(run, found), by=by, reason=reason)
    return found


def withdraw(pk: int, chosen: Collection[int], *, by: User | None, reason: str) -> list[Enrolment]:
    """Takes people out of the run; who waits longest moves up."""
    with seats.held(pk) as run:
        found = movable(run, chosen, moves.WITHDRAW, reason=reason)
        leave(found, State.WITHDRAWN, reason)
        record(run, settle(run, found), by=by, reason=reason)
    return found


def withdraw_own(enrolment: Enrolment, *, by: User, day: datetime.date) -> None:
    """A learner takes the application back, until the run begins."""
    with seats.held(enrolment.run_id) as run:
        if has_begun(run, day):
            raise CannotEnrol(_("班次已经开始，不能再自己取消。请联系主办单位。"))
        found = movable(run, [enrolment.pk], moves.WITHDRAW, reason=OWN_WISH)
        leave(found, State.WITHDRAWN, OWN_WISH)
        record(run, settle(run, found), by=by, reason=OWN_WISH)


def has_begun(run: ClassRun, day: datetime.date) -> bool:
    """Whether the run is under way or over on `day`."""
    if run.state not in (ClassRun.State.PLANNED, ClassRun.State.OPEN):
        return True
    return run.starts_on is not None and run.starts_on <= day


def reinstate(pk: int, chosen: Collection[int], *, by: User | None) -> list[Enrolment]:
    """Takes people back: to a free seat, else to the end of the waiting list."""
    with seats.held(pk) as run:
        found = movable(run, chosen, moves.REINSTATE)
        hold_learners(enrolment.learner_id for enrolment in found)
        demand_within_limits(run, {enrolment.learner_id: enrolment.level for enrolment in found})
        seats.queue(found, at=timezone.now())
        save(found)
        touched = settle(run, found)
        begin([enrolment.pk for enrolment in found])
        record(run, touched, by=by, also={"reinstated": len(found)})
    return found


def fill_seats(pk: int, *, by: User | None) -> list[Enrolment]:
    """Gives seats that were added or freed elsewhere to who waits longest; says who was admitted."""
    with seats.held(pk) as run:
        admitted = settle(run, [])
        if admitted:
            record(run, admitted, by=by)
    return admitted


def movable(run: ClassRun, chosen: Collection[int], move: str, *, reason: str = "") -> list[Enrolment]:
    """The chosen enrolments of `run` in the order of applying, each of which `move` may be done to."""
    moves.demand_open(run)
    found = list(run.enrolments.filter(pk__in=chosen).order_by("pk"))
    if not found or len(found) < len(set(chosen)):
        raise CannotEnrol(_("请先勾选学员。勾选的人若已不在名单里，请刷新后再办理。"))
    for enrolment in found:
        moves.demand_movable(enrolment, move, reason=reason)
    return found


def leave(enrolments: Sequence[Enrolment], state: str, reason: str) -> None:
    for enrolment in enrolments:
        enrolment.state, enrolment.waits_from, enrolment.reason = state, None, reason.strip()[:200]
    save(enrolments)


def save(enrolments: Sequence[Enrolment]) -> None:
    for enrolment in enrolments:
        enrolment.changed_at = timezone.now()
    Enrolment.objects.bulk_update(enrolments, MOVED, batch_size=200)


def settle(run: ClassRun, moved: Sequence[Enrolment]) -> list[Enrolment]:
    """Gives what seats are free and tells everybody; returns all whose state is another now.

    `moved` are saved in their new state; who of them got a seat says so afterwards.
    """
    admitted = {enrolment.pk: enrolment for enrolment in seats.promote(run)}
    for enrolment in moved:
        if enrolment.pk in admitted:
            del admitted[enrolment.pk]
            enrolment.state, enrolment.waits_from = State.ADMITTED, None
    touched = [*moved, *admitted.values()]
    noticing.decided(*touched)
    return touched


def hold_learners(learners: Iterable[int | None]) -> None:
    """Two bureaus that enrol one person at once see each other's enrolment when limits are asked."""
    wanted = Learner.objects.filter(pk__in=[learner for learner in learners if learner]).order_by("pk")
    list(wanted.select_for_update(no_key=True).values_list("pk"))


def demand_within_limits(run: ClassRun, levels: dict[int, str]) -> None:
    for hits in limits_hit(run, levels).values():
        for hit in hits:
            if hit.blocks:
                raise CannotEnrol(hit.words)


def record(
    run: ClassRun,
    touched: Sequence[Enrolment],
    *,
    by: User | None,
    reason: str = "",
    also: dict[str, int] | None = None,
) -> None:
    counts = Counter(str(enrolment.state) for enrolment in touched)
    AuditEvent.record(
        AuditEvent.Deed.ENROLMENT_CHANGED,
        run,
        user=by,
        bureau=run.bureau,
        after={**counts, **(also or {})},
        reason=reason,
    )
