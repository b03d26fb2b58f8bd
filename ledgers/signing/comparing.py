"""What a sign-in sheet would write, cell by cell: new, changed, same, or not to be read."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from courses.check_in.opening import LATE_AFTER, begins, ends, is_late, minutes_left, moment
from courses.models import Attendance, ClassRun, Session
from courses.registering import Presence, needs_reason, stands
from ledgers.models import SheetImport
from ledgers.signing.marks import Mark
from ledgers.signing.people import Person, match
from ledgers.signing.reading import SignInSheet
from ledgers.signing.sessions import Target, targets_of
from peixun.lib.encryption import digest

NEW, CHANGED, SAME, FAULTY = "new", "changed", "same", "faulty"
State, Way = Attendance.State, Attendance.Way
MOST_SHOWN = 200
MINUTE = datetime.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Effect:
    """One person at one session. `presence` is None where the cell is faulty."""

    person: Person
    target: Target
    session: Session
    state: str
    presence: Presence | None = None
    message: str = ""
    before: str = ""

    @property
    def after(self) -> str:
        return str(State(self.presence.state).label) if self.presence else ""


@dataclass(slots=True)
class Plan:
    """All that a sheet would do to a class."""

    run: ClassRun
    people: list[Person]
    targets: list[Target]
    effects: list[Effect] = field(default_factory=list)
    wants_reason: bool = False

    @property
    def writing(self) -> list[Effect]:
        return [effect for effect in self.effects if effect.state in (NEW, CHANGED)]

    @property
    def faulty(self) -> list[Effect]:
        return [effect for effect in self.effects if effect.state == FAULTY]

    @property
    def changing(self) -> list[Effect]:
        return [effect for effect in self.effects if effect.state == CHANGED]

    @property
    def shown(self) -> list[Effect]:
        """The cells that a person looks at before confirming, the faulty ones first."""
        return [*self.faulty, *self.changing][:MOST_SHOWN]

    @property
    def more(self) -> int:
        return len(self.faulty) + len(self.changing) - len(self.shown)

    @property
    def open(self) -> list[Person]:
        """Those of whom somebody has to say who they are."""
        return [person for person in self.people if person.doubt and not person.fault]

    @property
    def refused(self) -> list[Person]:
        return [person for person in self.people if person.fault]

    @property
    def missing(self) -> list[Target]:
        return [target for target in self.targets if target.proposed]

    def counts(self) -> dict[str, int]:
        states = Counter(effect.state for effect in self.effects)
        return {
            "people": len(self.people),
            "left_out": sum(person.enrolment is None and not person.walks_in for person in self.people),
            "sessions": len({id(session) for target in self.targets for session in target.all}),
            **{state: states[state] for state in (NEW, CHANGED, SAME, FAULTY)},
        }

    def by_target(self) -> list[tuple[Target, dict[str, int]]]:
        found: dict[int, Counter[str]] = {id(target): Counter() for target in self.targets}
        for effect in self.effects:
            found[id(effect.target)][effect.state] += 1
        return [(target, dict(found[id(target)])) for target in self.targets]

    def fingerprint(self) -> str:
        """Of what is written: a confirm that would write something else is refused."""
        lines = [
            (effect.person.key, effect.target.column.position, effect.session.pk, effect.state, effect.before)
            for effect in self.effects
        ]
        return digest(repr((self.run.pk, lines, [str(one.proposed) for one in self.missing])))


def plan_for(batch: SheetImport, sheets: list[SignInSheet], *, today: datetime.date) -> Plan:
    """What the sheet would do now. The number of queries does not grow with people or days."""
    assert batch.run is not None  # noqa: S101  the page asks for it first
    people = match(sheets, batch.run, batch.choices)
    plan = Plan(batch.run, people, targets_of(sheets, batch.run, today=today))
    stored = {
        (row.session_id, row.enrolment_id): row for row in Attendance.objects.filter(session__run=batch.run)
    }
    for person in people:
        if person.enrolment is None and not person.walks_in:
            continue
        sheet = int(person.key.partition("-")[0])
        columns = [target for target in plan.targets if target.sheet == sheet]
        for target, mark in zip(columns, person.line.marks, strict=True):
            plan.effects += effects_of(person, target, mark, stored, blanks_absent=batch.blanks_absent)
    touched = {effect.session.pk: effect.session for effect in plan.writing if effect.session.pk}
    plan.wants_reason = any(needs_reason(session, today) for session in touched.values())
    drop_unused(plan)
    return plan


def drop_unused(plan: Plan) -> None:
    """A column without a mark asks for no session of its own."""
    used = {id(effect.target) for effect in plan.effects}
    for target in plan.targets:
        if target.proposed and id(target) not in used:
            target.proposed = None


def effects_of(
    person: Person,
    target: Target,
    mark: Mark,
    stored: dict[tuple[int, int], Attendance],
    *,
    blanks_absent: bool,
) -> Iterable[Effect]:
    if mark.what == "blank" and not blanks_absent:
        return
    if target.fault:
        yield Effect(person, target, Session(), FAULTY, message=target.fault)
        return
    for session in target.all:
        presence, message = presence_of(person, session, mark)
        if presence is None:
            yield Effect(person, target, session, FAULTY, message=message)
            continue
        row = stored.get((session.pk, presence.enrolment)) if session.pk else None
        yield Effect(
            person,
            target,
            session,
            state_of(session, row, presence, timed=mark.came is not None),
            presence,
            before=row.get_state_display() if row else "",
        )


def state_of(session: Session, row: Attendance | None, presence: Presence, *, timed: bool) -> str:
    """迟到 without a time does not overwrite the minutes that somebody noted."""
    if row is None:
        return NEW
    if stands(session, row, presence) or (not timed and row.state == presence.state):
        return SAME
    return CHANGED


def presence_of(person: Person, session: Session, mark: Mark) -> tuple[Presence | None, str]:
    """What to note of a person at a session, or why nothing can be noted."""
    enrolment = person.enrolment.pk if person.enrolment else 0
    if mark.what == "unclear":
        return None, _("这个格子认不出，请改成 √、迟到、早退、请假、缺，或 8:30 这样的时间。")
    if mark.what == "blank":
        return Presence(enrolment, State.ABSENT, way=Way.SHEET), ""
    if mark.came is None:
        return Presence(enrolment, mark.what, way=Way.SHEET), ""
    return timed(enrolment, session, mark)


def timed(enrolment: int, session: Session, mark: Mark) -> tuple[Presence | None, str]:
    """Late, or gone early, by the times that are written."""
    came, left = moment(session, mark.came), moment(session, mark.left)
    start, end = begins(session), ends(session)
    outside = _("时间不在这个课次的起止时间里，请核对。")
    if came is None or (end and came >= end) or (left and (left <= came or (start and left <= start))):
        return None, outside
    late = is_late(session, came)
    early = left is not None and end is not None and left < end - LATE_AFTER
    if not late and not early:
        return Presence(enrolment, State.PRESENT, way=Way.SHEET), ""
    minutes = minutes_left(session, came) if late else session.planned_minutes
    if early and left and end and minutes is not None:
        minutes = max(0, minutes - int((end - left) / MINUTE))
    return Presence(enrolment, State.LATE if late else State.LEFT_EARLY, minutes=minutes, way=Way.SHEET), ""
