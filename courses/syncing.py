"""Takes in the marks of phones that had no network: each counts once, however often and late it is sent.

A mark is told by its key. Everything is asked again on arrival (whose session, who is expected, the window,
the year), and what disagrees with another phone is shown to a person (`courses.judging`), never dropped.
"""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureaus.models import User, YearClosed
from courses.enrolling.moves import CannotEnrol
from courses.granting import minutes_in
from courses.judging import judge, overtaken
from courses.models import Attendance, Enrolment, Mark, Session
from courses.registering import NotRegistrable, Presence, demand_registrable, held_open, register
from courses.walk_ins import add_walk_in

Outcome = Mark.Outcome
# A phone whose clock differs by less is right: the rest is the way through the network.
CLOCK_IS_RIGHT = datetime.timedelta(minutes=5)
# Who comes later than this is judged by the day of arrival: no village is without a network for so long.
LONGEST_WAY = datetime.timedelta(days=31)
LONGEST_WHY = 200
NOT_YOURS = gettext_lazy("这个课次不由您登记，或已改由别人登记。")


@dataclass(frozen=True, slots=True)
class Tap:
    """One mark as it came from a phone, readable but not yet believed. `done`: the roster is complete."""

    key: uuid.UUID
    number: int
    session: int
    state: str
    marked_at: datetime.datetime
    enrolment: int | None = None
    name: str = ""
    employer: str = ""
    minutes: int | None = None
    way: str = Attendance.Way.ROSTER
    reason: str = ""
    correction: str = ""
    seen: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a mark, for the phone. `open`: it waits for a person to settle it."""

    key: str
    outcome: str
    why: str = ""
    open: bool = False

    @classmethod
    def about(cls, mark: Mark) -> Answer:
        waits = mark.outcome == Outcome.CONFLICT and mark.settled_at is None
        return cls(str(mark.key), mark.outcome, mark.why, waits)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, from which phone, and when it arrived. `slow` is what the phone's clock lacks."""

    user: User
    device: uuid.UUID
    at: datetime.datetime
    slow: datetime.timedelta = datetime.timedelta(0)

    def time_of(self, marked_at: datetime.datetime) -> datetime.datetime:
        """When the mark was made, by the server's clock; its arrival where that cannot be believed."""
        try:
            moment = marked_at + self.slow
        except OverflowError:
            return self.at
        return moment if self.at - LONGEST_WAY <= moment <= self.at else self.at


def clock_error(sent_at: datetime.datetime, at: datetime.datetime) -> datetime.timedelta:
    """How far a phone's clock is behind (below zero: ahead), where that is more than the network's way."""
    error = at - sent_at
    return error if abs(error) > CLOCK_IS_RIGHT else datetime.timedelta(0)


def receive(taps: Sequence[Tap], sender: Sender) -> list[Answer]:
    """Takes in these marks; one answer for each, in order. Per session all or nothing, about 20 queries."""
    by_session: dict[int, list[Tap]] = defaultdict(list)
    for tap in taps:
        by_session[tap.session].append(tap)
    answers: dict[uuid.UUID, Answer] = {}
    for pk, own in by_session.items():
        answers |= receive_session(pk, own, sender)
    return [answers[tap.key] for tap in taps]


def receive_session(pk: int, taps: Sequence[Tap], sender: Sender) -> dict[uuid.UUID, Answer]:
    """The answers by key."""
    session = Session.objects.registered_by(sender.user).filter(pk=pk).first()
    if session is None:
        strange = {tap.key: Answer(str(tap.key), Outcome.REFUSED, str(NOT_YOURS)) for tap in taps}
        return strange | known_answers(taps, sender.user)
    try:
        return enter(session, taps, sender)
    except (IntegrityError, NotRegistrable):
        # A moment ago the same key came in, or somebody was taken off the roster: look again.
        return enter(session, taps, sender)


def known_answers(taps: Iterable[Tap], user: User) -> dict[uuid.UUID, Answer]:
    """The first answers to those keys that were known before, by key. One query."""
    known = Mark.objects.filter(key__in=[tap.key for tap in taps])
    strange = _("这条记录是另一位登记人的。")
    return {
        mark.key: Answer.about(mark)
        if mark.user_id == user.pk
        else Answer(str(mark.key), Outcome.REFUSED, strange)
        for mark in known
    }


@dataclass(slots=True)
class Room:
    """A session while its marks come in: who is in its run and how, what stands, what others said."""

    session: Session
    closed: str
    members: dict[int, str]
    standing: dict[int, Attendance]
    others: dict[int, list[Mark]]
    ended: list[Mark] = field(default_factory=list)
    presences: dict[int, tuple[Presence, Tap]] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, closed: str) -> Room:
        """Four queries."""
        others: dict[int, list[Mark]] = defaultdict(list)
        for mark in session.marks.exclude(outcome=Outcome.REFUSED).exclude(enrolment=None):
            others[mark.enrolment_id or 0].append(mark)
        people = Enrolment.objects.filter(run=session.run) if session.run else Enrolment.objects.none()
        return cls(
            session=session,
            closed=closed,
            members=dict(people.values_list("pk", "state")),
            standing={row.enrolment_id: row for row in session.attendances.all()},
            others=others,
        )


def enter(session: Session, taps: Iterable[Tap], sender: Sender) -> dict[uuid.UUID, Answer]:
    """Judges these marks one after the other, writes what is to be written, keeps each mark; all or nothing.

    Locks as every registration does: the bureau's row, then the session's. So two requests that bring the
    same key come one after the other.
    """
    with transaction.atomic():
        room = Room.of(*held(session))
        answers = known_answers(taps, sender.user)
        marks: list[Mark] = []
        for tap in sorted(taps, key=lambda tap: tap.number):
            if tap.key not in answers:
                mark = consider(tap, room, sender)
                marks.append(mark)
                answers[tap.key] = Answer.about(mark)
        write_presences(room, [tap for tap in taps if is_accepted(answers[tap.key])], sender)
        Mark.objects.bulk_create(marks)
        Mark.objects.bulk_update([mark for mark in room.ended if mark.pk], ["why", "settled_at"])
    return answers


def held(session: Session) -> tuple[Session, str]:
    """The session, locked, and why its year takes nothing more; empty where it is open."""
    try:
        return held_open(session), ""
    except YearClosed as error:
        return Session.objects.select_for_update().get(pk=session.pk), str(error)


def is_accepted(answer: Answer) -> bool:
    return answer.outcome != Outcome.REFUSED


def consider(tap: Tap, room: Room, sender: Sender) -> Mark:
    """The mark that `tap` becomes, with its outcome; notes in `room` what is to be written."""
    mark = Mark(
        key=tap.key,
        session=room.session,
        name=tap.name,
        state=tap.state,
        minutes=tap.minutes,
        way=tap.way,
        reason=tap.reason,
        seen=tap.seen,
        device=sender.device,
        number=tap.number,
        user=sender.user,
        marked_at=sender.time_of(tap.marked_at),
    )
    mark.enrolment_id = tap.enrolment if tap.enrolment in room.members else None
    try:
        demand_possible(tap, mark, room)
        mark.enrolment_id = mark.enrolment_id or walked_in(tap, room, sender)
    except (NotRegistrable, CannotEnrol, YearClosed) as error:
        mark.outcome, mark.why = Outcome.REFUSED, sentence_of(error)[:LONGEST_WHY]
        return mark
    put_beside_others(mark, mark.enrolment_id, tap, room)
    return mark


def sentence_of(error: Exception) -> str:
    """What a deed says where it refuses."""
    return str(error.messages[0]) if isinstance(error, NotRegistrable) else str(error)


def demand_possible(tap: Tap, mark: Mark, room: Room) -> None:
    """Raises what speaks against the mark, judged by the day on which it was made."""
    if room.closed:
        raise YearClosed(room.closed)
    demand_registrable(room.session, day=timezone.localdate(mark.marked_at), reason=tap.correction)
    if tap.enrolment and room.members.get(tap.enrolment) not in Enrolment.EXPECTED:
        raise NotRegistrable(_("这个人现在不在这个班次的在训名单里。"), code="member")
    if tap.minutes and room.session.planned_minutes and tap.minutes > room.session.planned_minutes:
        words = _("到课分钟不能超过这次课的 %(planned)d 分钟。") % {"planned": room.session.planned_minutes}
        raise NotRegistrable(words, code="minutes")


def walked_in(tap: Tap, room: Room, sender: Sender) -> int:
    """The enrolment of who walked in; the same one where another phone added that person already."""
    enrolment = add_walk_in(room.session, tap.name, user=sender.user, employer=tap.employer)
    room.members[enrolment.pk] = enrolment.state
    return enrolment.pk


def put_beside_others(mark: Mark, enrolment: int, tap: Tap, room: Room) -> None:
    """Gives the mark its outcome beside what stands and what other phones said of this person."""
    others = room.others[enrolment]
    verdict = judge(mark, room.standing.get(enrolment), others)
    mark.outcome, mark.why = verdict.outcome, verdict.why[:LONGEST_WHY]
    if verdict.outcome == Outcome.WRITTEN:
        room.standing[enrolment] = attendance_of(mark, room.session)
        room.presences[enrolment] = presence_of(mark, enrolment), tap
    for ended in overtaken(mark, room.standing[enrolment], others):
        ended.settled_at = timezone.now()
        room.ended.append(ended)
    others.append(mark)


def attendance_of(mark: Mark, session: Session) -> Attendance:
    """What will stand when `mark` is written, for the marks after it in the same request."""
    return Attendance(
        state=mark.state,
        minutes=minutes_in(session, mark.state, mark.minutes),
        marked_at=mark.marked_at,
        noted_by=mark.user,
    )


def presence_of(mark: Mark, enrolment: int) -> Presence:
    return Presence(
        enrolment, mark.state, minutes=mark.minutes, way=mark.way, reason=mark.reason, at=mark.marked_at
    )


def write_presences(room: Room, accepted: Sequence[Tap], sender: Sender) -> None:
    """Registers what the marks came to, together for each day on which they were made.

    The latest day goes first: once a session is registered, a later day would need a reason.
    """
    groups: dict[tuple[datetime.date, str], list[Presence]] = defaultdict(list)
    for presence, tap in room.presences.values():
        day = timezone.localdate(presence.at or sender.at)
        groups[day, tap.correction].append(presence)
    done = [sender.time_of(tap.marked_at) for tap in accepted if tap.done]
    for (_day, correction), presences in sorted(groups.items(), key=lambda group: group[0], reverse=True):
        at = max(presence.at or sender.at for presence in presences)
        register(room.session, presences, user=sender.user, at=at, reason=correction, done=bool(done))
    if done and not groups and room.session.registered_at is None:
        register(room.session, [], user=sender.user, at=max(done), done=True)
