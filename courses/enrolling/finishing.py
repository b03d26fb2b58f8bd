"""Ends a class (办理结业): what became of everybody, proposed from the attendance and set by an officer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User
from courses import noticing
from courses.enrolling import moves, seats
from courses.enrolling.deciding import leave
from courses.enrolling.moves import CannotEnrol
from courses.leaves import Share, leave_shares
from courses.models import Attendance, ClassRun, Enrolment, Session
from courses.models.enrolments import EnrolmentQuerySet
from learners.models import Standing

State, Assessment = Enrolment.State, Enrolment.Assessment
# Why those still hoping are turned down. Kept in the record, so it is Chinese whatever the user reads.
NO_SEAT = "班次已结业，未能录取"


@dataclass(frozen=True, slots=True)
class End:
    """What becomes of one person: a state of `moves.ENDS`, and the assessment or nothing."""

    state: str
    assessment: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One of the class, who attended `here` of the `sessions` that were held."""

    enrolment: Enrolment
    here: int
    sessions: int
    leave: Share | None

    @property
    def share(self) -> float | None:
        return self.here / self.sessions if self.sessions else None

    @property
    def left_out(self) -> bool:
        """Whether the leave taken is over what the rule allows."""
        return self.leave is not None and self.leave.over

    @property
    def proposed(self) -> str:
        """What was set before stands; else what leave, attendance and assessment say."""
        came_after_all = self.enrolment.state == State.NO_SHOW and self.here
        if self.enrolment.state in moves.ENDS and not came_after_all:
            return self.enrolment.state
        if self.left_out:
            return State.WITHDRAWN
        if not self.here:
            return State.NO_SHOW
        failed = self.enrolment.assessment == Assessment.FAILED
        return State.NOT_COMPLETED if failed else State.COMPLETED


def in_class(run: ClassRun) -> EnrolmentQuerySet:
    """Who has a place in `run`: those whose end is to be told."""
    return run.enrolments.holding_seats()


def late_in(run: ClassRun) -> EnrolmentQuerySet:
    """Who was put into a run that is over, or into whose record a late mark came: their end is not told yet.

    Marks of phones without a network arrive days later, and a walk-in was there, whatever the list says.
    """
    if run.state != ClassRun.State.FINISHED:
        return run.enrolments.none()
    came = Q(state=State.NO_SHOW, attendances__state__in=Attendance.HERE)
    untold = ~Q(state__in=moves.ENDS) & ~Q(came_by=Enrolment.CameBy.LEDGER)
    return in_class(run).filter(untold | came).distinct()


def lines_of(run: ClassRun) -> list[Line]:
    """Everybody in `run` with the attendance; of one that is over also. A fixed number of queries."""
    held = run.sessions.filter(state=Session.State.HELD).count()
    attended = Q(attendances__state__in=Attendance.HERE, attendances__session__state=Session.State.HELD)
    people = in_class(run).order_by("pk")
    here = dict(people.annotate(here=Count("attendances", filter=attended)).values_list("pk", "here"))
    leaves = leave_shares(run)
    return [Line(one, here[one.pk], held, leaves.get(one.pk)) for one in people]


def finish(pk: int, ends: Mapping[int, End], *, by: User | None, reason: str = "") -> None:
    """Sets what became of everybody (by enrolment) and closes the run; who still waits is turned down.

    `reason` is why some are put down as having left (退学). Raises `CannotEnrol` where `ends` lacks somebody
    of the class, somebody left without a reason, or the run is over already; and `YearClosed`.
    """
    with seats.held(pk) as run:
        moves.demand_open(run)
        people = list(in_class(run))
        demand_all(people, ends, reason)
        hopeful = list(run.enrolments.filter(state__in=(State.APPLIED, State.WAITING)))
        tell(people, ends, reason)
        leave(hopeful, State.REJECTED, NO_SEAT)
        noticing.decided(*hopeful)
        belong(run, people)
        run.state = ClassRun.State.FINISHED
        run.save(update_fields=["state"])
        counts = Counter(str(enrolment.state) for enrolment in (*people, *hopeful))
        AuditEvent.record(
            AuditEvent.Deed.RUN_FINISHED, run, user=by, bureau=run.bureau, after=dict(counts), reason=reason
        )


def finish_late(pk: int, ends: Mapping[int, End], *, by: User | None, reason: str = "") -> None:
    """Sets what became of those of a run that is over whose end is not told yet (`late_in`).

    Raises as `finish` does.
    """
    with seats.held(pk) as run:
        people = list(late_in(run))
        if not people:
            raise CannotEnrol(_("没有还缺结果的人。"))
        demand_all(people, ends, reason)
        tell(people, ends, reason)
        belong(run, people)
        counts = Counter(str(enrolment.state) for enrolment in people)
        AuditEvent.record(
            AuditEvent.Deed.RUN_FINISHED, run, user=by, bureau=run.bureau, after=dict(counts), reason=reason
        )


def tell(people: list[Enrolment], ends: Mapping[int, End], reason: str) -> None:
    """Writes what became of each of them."""
    for enrolment in people:
        end = ends[enrolment.pk]
        enrolment.state, enrolment.assessment = end.state, end.assessment
        enrolment.reason = reason.strip()[:200] if end.state == State.WITHDRAWN else ""
        enrolment.changed_at = timezone.now()
    Enrolment.objects.bulk_update(people, ["state", "assessment", "reason", "changed_at"], batch_size=100)


def demand_all(people: list[Enrolment], ends: Mapping[int, End], reason: str) -> None:
    if {enrolment.pk for enrolment in people} != set(ends):
        raise CannotEnrol(_("名单刚有变动，请核对后再办理结业。"))
    left = any(end.state == State.WITHDRAWN for end in ends.values())
    if left and not reason.strip():
        raise CannotEnrol(_("有人按退学处理，请写明退学原因。"))


def belong(run: ClassRun, people: list[Enrolment]) -> None:
    """Who was trained in a group's programme belongs to the group, once. Two queries."""
    group = run.programme.group_id
    trained = {one.learner_id: one for one in people if one.state in Enrolment.TOOK_PART}
    known = Standing.objects.filter(group=group, learner__in=trained).values_list("learner_id", flat=True)
    new = [one for learner, one in trained.items() if learner not in set(known)]
    Standing.objects.bulk_create(
        Standing(learner_id=one.learner_id, group_id=group, level=one.level, valid_from=run.starts_on)
        for one in new
    )


def reopen(pk: int, *, by: User | None, reason: str) -> None:
    """Takes the end of a run back, while its year is open. The people's states stay till it ends anew."""
    with seats.held(pk) as run:
        if run.state != ClassRun.State.FINISHED:
            raise CannotEnrol(_("这个班次没有办理结业，不用撤回。"))
        if not reason.strip():
            raise CannotEnrol(_("请写明撤回结业的原因。"))
        run.state = ClassRun.State.RUNNING
        run.save(update_fields=["state"])
        AuditEvent.record(
            AuditEvent.Deed.RUN_CHANGED,
            run,
            user=by,
            bureau=run.bureau,
            after={"reopened": True},
            reason=reason.strip()[:200],
        )
