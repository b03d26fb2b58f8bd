"""Who did it and when, of what was done after an import: from the audit, else from the rows themselves."""

from __future__ import annotations

import datetime
from collections import defaultdict
from typing import Any, NamedTuple

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User
from certificates.models import Certificate, ShareLink
from courses.models import (
    Appeal,
    Attendance,
    Ballot,
    Evaluation,
    Evidence,
    Mark,
    Notice,
    Session,
)

Deed = AuditEvent.Deed
OF_RUN = (Deed.RUN_CHANGED, Deed.RUN_CANCELLED, Deed.RUN_FINISHED)
OF_PEOPLE = (*OF_RUN, Deed.ENROLMENT_CHANGED)
OF_SESSION = (
    Deed.SESSION_CHANGED,
    Deed.SESSION_CANCELLED,
    Deed.ATTENDANCE_REGISTERED,
    Deed.ATTENDANCE_CORRECTED,
)
OF_CERTIFICATE = (Deed.CERTIFICATE_REVOKED, Deed.CERTIFICATE_REPLACED)
# A line of the audit is written in the transaction of its deed: this near to the time of the change.
NEAR = datetime.timedelta(seconds=30)
# Which fields of what is built on an enrolment, a session or a certificate say who and when. Evaluations
# are made without names; a ballot does not even know the day.
SIGNED: dict[type[Model], tuple[str, str]] = {
    Attendance: ("noted_by", "changed_at"),
    Mark: ("user", "arrived_at"),
    Appeal: ("asked_by", "asked_at"),
    Evidence: ("added_by", "added_at"),
    Evaluation: ("", "made_on"),
    Ballot: ("", ""),
    Notice: ("", "due_at"),
    Certificate: ("issued_by", "issued_on"),
    ShareLink: ("made_by", "made_at"),
}
NAMELESS = (Evaluation, Ballot, Notice)


class Event(NamedTuple):
    at: datetime.datetime
    who: int | None
    deed: str


class Deeds:
    """The lines of the audit since a time, by what they are about; and the names of the accounts.

    Three queries, whatever the number of rows that ask.
    """

    def __init__(self, since: datetime.datetime) -> None:
        self.names = {user.pk: str(user) for user in User.objects.only("name", "username")}
        self.runs: dict[int, list[Event]] = defaultdict(list)
        self.sessions: dict[int, list[Event]] = defaultdict(list)
        self.certificates: dict[int, list[Event]] = defaultdict(list)
        lines = AuditEvent.objects.filter(at__gt=since, deed__in=(*OF_PEOPLE, *OF_SESSION, *OF_CERTIFICATE))
        for at, who, deed, key in lines.order_by("at", "pk").values_list("at", "user", "deed", "object_key"):
            if key.isdecimal():
                self.place(deed)[int(key)].append(Event(at, who, deed))
        self.add_sessions_to_runs()

    def place(self, deed: str) -> dict[int, list[Event]]:
        if deed in OF_SESSION:
            return self.sessions
        return self.certificates if deed in OF_CERTIFICATE else self.runs

    def add_sessions_to_runs(self) -> None:
        """Registering a session may change the hours and states of its run's people."""
        of_runs = Session.objects.filter(pk__in=list(self.sessions), run__isnull=False)
        self.of_people = defaultdict(list, {run: list(events) for run, events in self.runs.items()})
        for pk, run in of_runs.order_by().values_list("pk", "run"):
            if run is not None:
                self.of_people[run] += self.sessions[pk]

    def by(self, at: datetime.datetime | None, who: int | None = None) -> str:
        """（李经办，2024-05-06 10:20）; says so where nobody knows who."""
        name = self.names.get(who or 0) or _("没有记下是谁")
        return f"（{name}，{moment(at)}）" if at else f"（{name}）"

    def edit_of_run(self, run: int | None) -> Event | None:
        """The newest deed that changed the run itself, not only who is in it."""
        own = [event for event in self.runs.get(run or 0, ()) if event.deed in OF_RUN]
        return own[-1] if own else None

    def edit_near(self, run: int | None, at: datetime.datetime) -> str:
        """Who changed an enrolment of the run at that time."""
        near = [event for event in self.of_people.get(run or 0, ()) if abs(event.at - at) <= NEAR]
        found = min(near, key=lambda event: abs(event.at - at), default=None)
        return self.by(at, found.who if found else None)

    def said(self, event: Event) -> str:
        """办理结业（李经办，2024-05-06 10:20）"""
        return f"{Deed(event.deed).label}{self.by(event.at, event.who)}"


def moment(at: Any) -> str:
    if isinstance(at, datetime.datetime):
        return timezone.localtime(at).strftime("%Y-%m-%d %H:%M")
    return str(at)
