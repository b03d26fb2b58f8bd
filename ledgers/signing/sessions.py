"""Which session of a class a column of a sign-in sheet is; one that is missing is proposed."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.models import ClassRun, HourRule, Session
from ledgers.signing.days import AM, EVENING, PM, WHOLE, placed
from ledgers.signing.reading import Column, SignInSheet

NOON, SIX = datetime.time(12), datetime.time(18)
WORDS = {
    AM: gettext_lazy("上午"),
    PM: gettext_lazy("下午"),
    EVENING: gettext_lazy("晚上"),
    WHOLE: gettext_lazy("全天"),
}
# When a half day usually begins, where the class itself does not show it.
BEGINS = {
    AM: datetime.time(8, 30),
    PM: datetime.time(14, 30),
    EVENING: datetime.time(19),
    WHOLE: datetime.time(8, 30),
}
WHOLE_DAY_ENDS = datetime.time(17, 30)
LATEST = datetime.time(23, 59)


@dataclass(slots=True)
class Target:
    """A column with the sessions that it speaks of. `proposed` is one that is yet to be added."""

    sheet: int
    column: Column
    on: datetime.date | None
    sessions: list[Session] = field(default_factory=list)
    proposed: Session | None = None
    fault: str = ""

    @property
    def all(self) -> list[Session]:
        return self.sessions or ([self.proposed] if self.proposed else [])

    @property
    def stretches(self) -> bool:
        """Whether the proposed session lies outside the days of its class, which become more by it."""
        run = self.proposed.run if self.proposed else None
        if run is None or self.on is None:
            return False
        return bool(run.starts_on and self.on < run.starts_on) or bool(run.ends_on and self.on > run.ends_on)

    @property
    def half_words(self) -> str:
        return str(WORDS[self.column.day.half])


def half_of(session: Session) -> str:
    """The half day by its start; a session that lasts over noon is of the whole day."""
    if session.starts_at is None or session.span == Session.Span.DAY:
        return WHOLE
    if session.starts_at < NOON:
        over_noon = session.ends_at is not None and session.ends_at > datetime.time(13, 30)
        return WHOLE if over_noon else AM
    return EVENING if session.starts_at >= SIX else PM


def targets_of(sheets: list[SignInSheet], run: ClassRun, *, today: datetime.date) -> list[Target]:
    """Every column with its sessions. Two queries."""
    stored = list(
        run.sessions.select_related("run", "programme", "bureau").order_by("held_on", "starts_at", "pk")
    )
    rule = HourRule.objects.for_programme(run.programme, at=run.starts_on or today) or HourRule()
    standing = [one for one in stored if one.state != Session.State.CANCELLED]
    found: list[Target] = []
    for at, sheet in enumerate(sheets):
        days = [column.day for column in sheet.columns]
        first = first_day(run, sheet, standing, today)
        dates = placed(days, starts_on=first, held_on=[one.held_on for one in standing])
        for column, on in zip(sheet.columns, dates, strict=True):
            target = Target(at, column, on)
            settle(target, run, stored, rule, today=today)
            found.append(target)
    return found


def first_day(
    run: ClassRun, sheet: SignInSheet, standing: list[Session], today: datetime.date
) -> datetime.date:
    """From when the days of a sheet count: the class's first day, else the year that the title names."""
    first = run.starts_on or (standing[0].held_on if standing else None)
    return first or datetime.date(sheet.year or run.year or today.year, 1, 1)


def settle(
    target: Target, run: ClassRun, stored: list[Session], rule: HourRule, *, today: datetime.date
) -> None:
    """Finds the sessions of a column, or says why there are none."""
    if target.on is None:
        target.fault = _("列名里的日期不存在，请改成 3月5日 这样的日期。")
        return
    if target.on > today:
        target.fault = _("还没有到这一天，当天才能登记出勤。")
        return
    half = target.column.day.half
    on_day = [one for one in stored if one.held_on == target.on]
    standing = [one for one in on_day if one.state != Session.State.CANCELLED]
    target.sessions = [one for one in standing if half in (WHOLE, half_of(one))]
    if target.sessions:
        return
    if any(half_of(one) == WHOLE for one in standing):
        target.fault = _("这一天的课次是全天的，不能分上午、下午登记。请先在课次里分成两次。")
    elif len(on_day) > len(standing) and not standing:
        target.fault = _("这一天的课次已取消。确实上了课的，请先恢复课次。")
    elif run.state == ClassRun.State.FINISHED:
        target.fault = _("班次里没有这个课次；班次已结业，不能新建。请先撤回结业，或核对日期。")
    else:
        target.proposed = proposed(run, target.on, half, rule, stored)


def proposed(run: ClassRun, on: datetime.date, half: str, rule: HourRule, stored: list[Session]) -> Session:
    """A session like the class's others of that half day, else with the hours that the rule gives it."""
    like = next(
        (one for one in reversed(stored) if half_of(one) == half and one.starts_at and one.ends_at), None
    )
    title = _("%(month)d月%(day)d日%(half)s") % {"month": on.month, "day": on.day, "half": WORDS[half]}
    session = Session(
        run=run,
        programme=run.programme,
        bureau=run.bureau,
        district=run.district,
        year=run.year,
        title=title,
        held_on=on,
        place=run.place,
        span=Session.Span.DAY if half == WHOLE else Session.Span.HALF_DAY,
        starts_at=BEGINS[half],
        ends_at=WHOLE_DAY_ENDS if half == WHOLE else ends_by(rule, on, half),
    )
    if half == WHOLE:
        session.minutes = int(rule.hours_per_day * rule.minutes_per_hour)
    if like:
        for name in ("starts_at", "ends_at", "minutes", "span", "part", "mode", "place"):
            setattr(session, name, getattr(like, name))
    return session


def ends_by(rule: HourRule, on: datetime.date, half: str) -> datetime.time:
    minutes = int(rule.hours_per_half_day * rule.minutes_per_hour)
    begin = timezone.make_aware(datetime.datetime.combine(on, BEGINS[half]))
    end = begin + datetime.timedelta(minutes=minutes)
    return end.time() if end.date() == begin.date() else LATEST
