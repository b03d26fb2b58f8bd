"""The hours duty (学时任务): what a learner has to learn, what one has learnt, and how the sum came about.

Hours count in the year of the day on which one was there. Where a ledger or a bureau stated other hours than
the attendances add up to, what was stated stands, in the year of the run. Every bureau's classes count: the
duty is the person's.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import QuerySet, Sum

from courses.models import Attendance, Enrolment
from learners.models import Exemption, HoursRequirement, Learner, Standing

NONE = Decimal(0)
# For hours without a rule: as the general rule has it unless a bureau says otherwise.
HOURS_A_DAY = Decimal(8)
FIVE_YEARS = 5
Window = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Credit:
    """What one enrolment brings in one year, in hours (学时) and in days by the rule's hours a day.

    `by_day` says that it is the sum of attendances, not a number that was stated for the whole run.
    """

    enrolment: int
    year: int
    hours: Decimal
    days: Decimal
    by_day: bool


@dataclass(frozen=True, slots=True)
class Duty:
    """One requirement of one learner in the window of years that counts on `day`.

    `needed` and `needed_days` are what is left of the requirement after the exemptions; `carried` are the
    surplus hours of the window before, where they may be carried over.
    """

    requirement: HoursRequirement
    window: Window
    day: datetime.date
    credits: tuple[Credit, ...]
    carried: Decimal
    needed: Decimal
    needed_days: int | None
    exemptions: tuple[Exemption, ...]

    @property
    def learnt(self) -> Decimal:
        return hours_of(self.credits)

    @property
    def this_year(self) -> Decimal:
        return hours_of(credit for credit in self.credits if credit.year == self.day.year)

    @property
    def done(self) -> Decimal:
        return self.learnt + self.carried

    @property
    def done_days(self) -> Decimal:
        days = sum((credit.days for credit in self.credits), NONE)
        return days.quantize(Decimal("0.1"), ROUND_HALF_UP)

    @property
    def is_exempt(self) -> bool:
        return self.needed == 0

    @property
    def is_done(self) -> bool:
        by_days = self.needed_days is not None and self.done_days >= self.needed_days
        return self.done >= self.needed or by_days

    @property
    def remaining(self) -> Decimal:
        return NONE if self.is_done else self.needed - self.done

    @property
    def share(self) -> float:
        """Done ÷ needed, 1 where it is done."""
        return 1.0 if self.is_done else float(self.done / self.needed)

    @property
    def percent(self) -> int:
        return min(100, int(self.share * 100))

    @property
    def pace(self) -> float:
        """The part of the window that has gone by, 0–1."""
        start, end = bounds(self.window)
        return ((self.day - start).days + 1) / ((end - start).days + 1)

    @property
    def behind(self) -> float:
        """How far `share` lags behind `pace`, 0–1; 0 where it does not."""
        return 0.0 if self.is_done else max(0.0, self.pace - self.share)

    @property
    def state(self) -> str:
        """done, behind or steady; exempt where nothing is needed."""
        if self.is_exempt:
            return "exempt"
        if self.is_done:
            return "done"
        return "behind" if self.behind > 0 else "steady"


@dataclass(frozen=True, slots=True)
class Roll:
    """The duties of many, by learner; `unclear` are those whose level is not written clearly enough to
    tell which requirement of their group applies."""

    duties: Mapping[int, Sequence[Duty]]
    unclear: frozenset[int]


def duty_of(learner: Learner, *, on: datetime.date) -> Sequence[Duty]:
    """What the learner's standings ask for on that day; none where nothing does. Five queries at most."""
    return roll_of(Learner.objects.filter(pk=learner.pk), on=on).duties.get(learner.pk, ())


def roll_of(
    learners: QuerySet[Learner], *, on: datetime.date, earned: Mapping[int, list[Credit]] | None = None
) -> Roll:
    """The duties of all these learners on that day. Five queries, however many they are.

    `earned` is what `credits_of` gave for them, where that was asked before.
    """
    requirements = list(HoursRequirement.objects.in_force(on).select_related("group"))
    groups = {requirement.group_id for requirement in requirements}
    asked: dict[int, list[HoursRequirement]] = defaultdict(list)
    unclear = set()
    standings = Standing.objects.on(on).filter(group__in=groups, learner__in=ids(learners))
    for standing in standings.order_by("learner", "pk"):
        fitting = [one for one in requirements if one.applies_to(standing)]
        asked[standing.learner_id] += [one for one in fitting if one not in asked[standing.learner_id]]
        if not fitting:
            unclear.add(standing.learner_id)
    asked = {learner: some for learner, some in asked.items() if some}
    if not asked:
        return Roll({}, frozenset(unclear))
    members = learners.filter(pk__in=standings.order_by().values("learner"))
    earned = credits_of(members) if earned is None else earned
    let_off = exemptions_of(members)
    duties = {
        learner: [reckon(one, earned.get(learner, []), let_off.get(learner, []), on=on) for one in some]
        for learner, some in asked.items()
    }
    return Roll(duties, frozenset(unclear - set(duties)))


def ids(learners: QuerySet[Learner]) -> QuerySet[Learner, int]:
    return learners.order_by().values_list("pk", flat=True)


def reckon(
    requirement: HoursRequirement,
    earned: Iterable[Credit],
    exemptions: Iterable[Exemption],
    *,
    on: datetime.date,
) -> Duty:
    """One requirement against what was earned."""
    window, earned = requirement.window_on(on), list(earned)
    own = tuple(one for one in exemptions if one.requirement_id == requirement.pk and touches(one, window))
    left = part_left(window, own)
    days = requirement.days
    return Duty(
        requirement=requirement,
        window=window,
        day=on,
        credits=tuple(within(earned, window)),
        carried=carried_into(requirement, window, earned),
        needed=whole(requirement.hours * left) if own else requirement.hours,
        needed_days=None if days is None else int(whole(days * left)),
        exemptions=own,
    )


def carried_into(requirement: HoursRequirement, window: Window, earned: list[Credit]) -> Decimal:
    """What was learnt over the full hours in the window before; nothing while the requirement did not hold.

    An exemption makes no surplus, and what was itself carried in is not carried on.
    """
    first = window[0]
    before = (first - requirement.years, first - 1)
    held = requirement.valid_from is None or requirement.valid_from <= bounds(before)[1]
    if not (requirement.carries_over and held):
        return NONE
    return max(NONE, hours_of(within(earned, before)) - requirement.hours)


def within(earned: Iterable[Credit], window: Window) -> list[Credit]:
    return [credit for credit in earned if window[0] <= credit.year <= window[1]]


def hours_of(earned: Iterable[Credit]) -> Decimal:
    return sum((credit.hours for credit in earned), NONE)


def bounds(window: Window) -> tuple[datetime.date, datetime.date]:
    """The window's first and last day."""
    return datetime.date(window[0], 1, 1), datetime.date(window[1], 12, 31)


def touches(exemption: Exemption, window: Window) -> bool:
    start, end = bounds(window)
    return exemption.valid_from <= end and exemption.valid_to >= start


def part_left(window: Window, exemptions: Iterable[Exemption]) -> Decimal:
    """The part of the window's days on which nobody was let off; days of two exemptions count once."""
    start, end = bounds(window)
    total = (end - start).days + 1
    off, reached = 0, start
    for one in sorted(exemptions, key=lambda exemption: exemption.valid_from):
        begin, last = max(one.valid_from, reached), min(one.valid_to, end)
        if last >= begin:
            off += (last - begin).days + 1
            reached = last + datetime.timedelta(days=1)
    return Decimal(total - off) / total


def whole(value: Decimal) -> Decimal:
    return value.quantize(Decimal(1), ROUND_HALF_UP)


def exemptions_of(learners: QuerySet[Learner]) -> dict[int, list[Exemption]]:
    """By learner. One query."""
    found: dict[int, list[Exemption]] = defaultdict(list)
    for exemption in Exemption.objects.filter(learner__in=ids(learners)).select_related("requirement"):
        found[exemption.learner_id].append(exemption)
    return found


def credits_of(learners: QuerySet[Learner]) -> dict[int, list[Credit]]:
    """All that these learners earned, by learner: year by year of each enrolment. Two queries."""
    attended = attended_by_year(learners)
    found: dict[int, list[Credit]] = defaultdict(list)
    enrolments = Enrolment.objects.took_part().filter(learner__in=ids(learners)).order_by("pk")
    columns = ("pk", "learner", "run__year", "hours", "hour_rule__hours_per_day")
    for pk, learner, year, hours, a_day in enrolments.values_list(*columns):
        by_year = attended.get(pk, {})
        if by_year and sum((sums[0] for sums in by_year.values()), NONE) == hours:
            credits = [Credit(pk, one, *sums, by_day=True) for one, sums in sorted(by_year.items())]
        else:
            credits = [Credit(pk, year, hours, hours / (a_day or HOURS_A_DAY), by_day=False)]
        found[learner] += [credit for credit in credits if credit.hours]
    return found


def attended_by_year(learners: QuerySet[Learner]) -> dict[int, dict[int, tuple[Decimal, Decimal]]]:
    """(hours, days) of the attendances of each enrolment, by the year of the day. One query."""
    rows = (
        Attendance.objects.standing()
        .filter(enrolment__learner__in=ids(learners), enrolment__state__in=Enrolment.TOOK_PART)
        .order_by()
        .values_list("enrolment", "session__held_on__year", "hour_rule__hours_per_day")
        .annotate(sum=Sum("hours"))
    )
    found: dict[int, dict[int, tuple[Decimal, Decimal]]] = defaultdict(dict)
    for enrolment, year, a_day, hours in rows:
        before = found[enrolment].get(year, (NONE, NONE))
        hours = hours or NONE
        found[enrolment][year] = (before[0] + hours, before[1] + hours / (a_day or HOURS_A_DAY))
    return found
