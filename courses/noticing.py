"""Says what to whom, and when: queues notices inside the transaction of the deed that they tell of.

Sending is another thing, see `courses.sending`. A notice belongs to a thread (what it is about, to whom, by
which channel): what was said last in a thread is not said again, what has changed since is.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.template.loader import get_template
from django.utils import timezone
from django.utils.translation import override

from courses.channels import Channel, open_channels
from courses.jobs import send_soon
from courses.models import Appeal, ClassRun, Enrolment, Notice, Session
from courses.models.notices import NoticeQuerySet, version_of
from courses.recipients import Recipient, expected_at, learners_among, one_enrolled, trainers_of

Kind = Notice.Kind
DAY = datetime.timedelta(days=1)
LINE_ENDS = re.compile(r"\s*\n\s*")
# Enrolled, or hoping to be: who must know that a run does not take place.
CONCERNED = (*Enrolment.EXPECTED, Enrolment.State.APPLIED, Enrolment.State.WAITING)
DECISIONS = {
    Enrolment.State.ADMITTED: Kind.ADMITTED,
    Enrolment.State.WAITING: Kind.WAITING,
    Enrolment.State.REJECTED: Kind.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Saying:
    """What is said: `about` names the thread (at most 40 characters), `version` what is said in it.

    An empty version is that of each recipient: how the enrolment stands.
    """

    kind: str
    about: str
    version: str
    run: ClassRun | None = None
    session: Session | None = None
    words: dict[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        return f"{Kind(self.kind).label}：{self.run or (self.session and self.session.title) or ''}"[:120]


def session_moved(session: Session, *, before: Session) -> int:
    """Tells those expected at `session`, and its trainers, that day, time or place are now others.

    `before` is a copy of the session as it was. Says nothing where none of these changed, or where the new
    day is over. The number of notices queued.
    """
    if version_of(session) == version_of(before) or session.held_on < timezone.localdate():
        return 0
    words = {"before": before, "other_time": time_of(before) != time_of(session)}
    saying = Saying(Kind.MOVED, f"session:{session.pk}", version_of(session), session.run, session, words)
    return say(saying, expected_at(session), said=session.notices.all())


def time_of(session: Session) -> tuple[datetime.date, datetime.time | None]:
    return session.held_on, session.starts_at


def session_cancelled(session: Session) -> int:
    """Tells those who were expected, and the trainers, unless the day is over. The number queued."""
    if session.held_on < timezone.localdate():
        return 0
    saying = Saying(Kind.CANCELLED, f"session:{session.pk}", "cancelled", session.run, session)
    return say(saying, expected_at(session), said=session.notices.all())


def session_restored(session: Session) -> int:
    """Tells those expected, and the trainers, that a cancelled session takes place. The number queued."""
    if session.held_on < timezone.localdate():
        return 0
    saying = Saying(Kind.RESTORED, f"session:{session.pk}", version_of(session), session.run, session)
    return say(saying, expected_at(session), said=session.notices.all())


def run_cancelled(run: ClassRun) -> int:
    """Tells those enrolled, applied or waiting, and the trainers of what was to come. The number queued."""
    return say_of_run(Saying(Kind.CANCELLED, f"run:{run.pk}", "cancelled", run), run)


def run_reopened(run: ClassRun) -> int:
    """Tells the same people that the run takes place after all. The number queued."""
    return say_of_run(Saying(Kind.RESTORED, f"run:{run.pk}", "restored", run), run)


def say_of_run(saying: Saying, run: ClassRun) -> int:
    today = timezone.localdate()
    if run.ends_on and run.ends_on < today:
        return 0
    coming = run.sessions.filter(held_on__gte=today)
    found = learners_among(run.enrolments.filter(state__in=CONCERNED), run.bureau) + trainers_of(coming)
    return say(saying, found, said=run.notices.filter(session=None))


def decided(*enrolments: Enrolment) -> int:
    """Tells learners that they are admitted (or moved up), waiting or not admitted. The number queued.

    An enrolment in any other state, or in a run that is over, is told nothing. What is told is how they stand
    in the database. Seven queries for each run and decision, however many learners.
    """
    today = timezone.localdate()
    told = Enrolment.objects.filter(pk__in=[enrolment.pk for enrolment in enrolments], state__in=DECISIONS)
    told = told.filter(Q(run__ends_on=None) | Q(run__ends_on__gte=today))
    queued = 0
    for run in ClassRun.objects.filter(pk__in=told.values("run")).select_related("bureau"):
        for state, kind in DECISIONS.items():
            if found := learners_among(told.filter(run=run, state=state), run.bureau):
                said = run.notices.filter(kind__in=DECISIONS.values())
                queued += say(Saying(kind, f"decision:{run.pk}", "", run), found, said=said)
    return queued


def appeal_decided(appeal: Appeal) -> int:
    """Tells the learner what became of a request. The number queued."""
    saying = Saying(
        Kind.APPEAL,
        f"appeal:{appeal.pk}",
        appeal.state,
        appeal.session.run,
        appeal.session,
        {"appeal": appeal},
    )
    return say(saying, one_enrolled(appeal.enrolment), said=appeal.enrolment.notices.all())


def queue_reminders(at: datetime.datetime) -> int:
    """From the hour of reminders on, reminds of tomorrow's sessions whom it concerns. The number queued.

    A session is reminded of once as long as it is not moved; who is admitted after that has the admission.
    """
    local = timezone.localtime(at)
    if local.hour < settings.PEIXUN_REMINDER_HOUR:
        return 0
    planned = Session.objects.filter(held_on=local.date() + DAY, state=Session.State.PLANNED)
    over = (ClassRun.State.CANCELLED, ClassRun.State.FINISHED)
    coming = planned.exclude(run__state__in=over).select_related("run", "bureau")
    return sum(remind(session) for session in not_reminded(list(coming), since=local))


def not_reminded(sessions: list[Session], *, since: datetime.datetime) -> list[Session]:
    """Those of which nobody was told this evening at which hour they are. One query."""
    evening = since.replace(hour=settings.PEIXUN_REMINDER_HOUR, minute=0, second=0, microsecond=0)
    told = Notice.objects.filter(session__in=sessions, kind=Kind.REMINDER)
    told |= Notice.objects.filter(session__in=sessions, kind=Kind.MOVED, due_at__gte=evening)
    known = set(told.values_list("session", "version"))
    return [session for session in sessions if (session.pk, version_of(session)) not in known]


def remind(session: Session) -> int:
    saying = Saying(Kind.REMINDER, f"reminder:{session.pk}", version_of(session), session.run, session)
    return say(saying, expected_at(session), said=session.notices.all())


def say(saying: Saying, recipients: Iterable[Recipient], *, said: NoticeQuerySet) -> int:
    """Queues `saying` for all who can be reached, by each channel, where it is not what was said last.

    `said` are earlier notices, those of the saying's threads among them. Two queries.
    """
    threads = threads_in(said.filter(key__startswith=f"{saying.about}:"))
    template = get_template(f"courses/notices/{saying.kind}.txt")
    now = timezone.now()
    queued = []
    with override(settings.LANGUAGE_CODE):
        for recipient, channel, address in addressed(recipients):
            thread = f"{saying.about}:{recipient.key}:{channel.name}"
            count, last = threads.get(thread, (0, None))
            version = saying.version or recipient.stands
            if last == version:
                continue
            context = {"saying": saying, "person": recipient, **saying.words}
            queued.append(
                Notice(
                    key=f"{thread}:{count + 1}",
                    kind=saying.kind,
                    version=version,
                    channel=channel.name,
                    run=saying.run,
                    session=saying.session,
                    enrolment_id=recipient.enrolment,
                    user_id=recipient.user,
                    address=address,
                    subject=saying.subject,
                    body=LINE_ENDS.sub("", template.render(context)),
                    due_at=now,
                )
            )
    Notice.objects.bulk_create(queued, ignore_conflicts=True)
    if queued:
        send_soon()
    return len(queued)


def threads_in(notices: NoticeQuerySet) -> dict[str, tuple[int, str]]:
    """How often something was said in each thread, and what last."""
    found: dict[str, tuple[int, str]] = {}
    for key, version in notices.order_by("pk").values_list("key", "version"):
        thread = key.rpartition(":")[0]
        found[thread] = (found.get(thread, (0, ""))[0] + 1, version)
    return found


def addressed(recipients: Iterable[Recipient]) -> list[tuple[Recipient, Channel, str]]:
    """Each recipient with each channel that reaches them, and where."""
    channels = open_channels()
    found = [(one, channel, channel.address_of(one.reach)) for one in recipients for channel in channels]
    return [(one, channel, address) for one, channel, address in found if address]
