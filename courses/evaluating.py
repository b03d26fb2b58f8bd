"""满意度: anonymous evaluations of a session, one a browser, and what they come to.

No answer leads to a person: the ballot says that a browser has voted and knows nothing of the answer, the
answer knows its day only, and words are shown from `LEAST` answers on, in no order of time.
"""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Collection
from dataclasses import dataclass

from django.core import signing
from django.db import transaction
from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from courses.counting import at_sessions
from courses.models import Ballot, Evaluation, Session
from courses.models.evaluations import MOST
from peixun.lib.encryption import digest

OPEN_FOR = datetime.timedelta(days=7)
# With fewer answers one could tell who said what.
LEAST = 3
SIGNER = signing.Signer(salt="peixun.evaluating", sep=".")


class CannotEvaluate(Exception):
    """This session takes no evaluation now, or none from this browser. Its text is for the user."""


def link_token(session: Session) -> str:
    """For the address of the questions; the same until they close."""
    return SIGNER.sign(str(session.pk))


def session_key(token: str) -> int:
    """The key of the token's session. Raises `signing.BadSignature`."""
    return int(SIGNER.unsign(token))


def last_day(session: Session) -> datetime.date:
    return session.held_on + OPEN_FOR


def demand_open(session: Session, day: datetime.date) -> None:
    """Raises `CannotEvaluate` before the session's day, a week after it, and for a cancelled one."""
    if session.state == Session.State.CANCELLED:
        raise CannotEvaluate(_("这个课次已取消，不用评价。"))
    if day < session.held_on:
        raise CannotEvaluate(_("还没有上课，上完课再来评价。"))
    if day > last_day(session):
        raise CannotEvaluate(_("评价已结束。课后 7 天内可以评价。"))


def new_voter() -> str:
    """What a browser keeps to show that it has voted: random, and said of nobody."""
    return secrets.token_urlsafe(16)


def has_voted(session: Session, voter: str) -> bool:
    return Ballot.objects.filter(session=session, digest=ballot_of(session, voter)).exists()


def ballot_of(session: Session, voter: str) -> str:
    return digest("ballot", str(session.pk), voter)


def evaluate(session: Session, evaluation: Evaluation, *, voter: str, day: datetime.date) -> None:
    """Saves `evaluation` of `session`, and that this voter has given one; never more than were present.

    Raises `CannotEvaluate`.
    """
    demand_open(session, day)
    with transaction.atomic():
        # One after the other, so that the last place is taken once.
        session = Session.objects.select_for_update(of=("self",)).get(pk=session.pk)
        if has_voted(session, voter):
            raise CannotEvaluate(_("您已经评价过了，谢谢。"))
        present, _people = at_sessions([session])
        if present == 0:
            raise CannotEvaluate(_("老师还没有登记到场情况，请稍后再评价。"))
        if session.evaluations.count() >= present:
            raise CannotEvaluate(_("到场的人都已评价，不能再交了。"))
        evaluation.session, evaluation.made_on = session, day
        evaluation.save(force_insert=True)
        Ballot.objects.create(session=session, digest=ballot_of(session, voter))


@dataclass(frozen=True, slots=True)
class Scores:
    """Sums over a number of evaluations; may be added, as over the sessions of a trainer."""

    count: int = 0
    content: int = 0
    teaching: int = 0
    arrangement: int = 0

    def __add__(self, other: Scores) -> Scores:
        return Scores(
            self.count + other.count,
            self.content + other.content,
            self.teaching + other.teaching,
            self.arrangement + other.arrangement,
        )

    @property
    def is_enough(self) -> bool:
        """Whether they may be shown without telling who said what."""
        return self.count >= LEAST

    def mean(self, question: str) -> float | None:
        """The average of a question, 1 to 5; None where there are too few to be shown."""
        return getattr(self, question) / self.count if self.is_enough else None

    @property
    def overall(self) -> float | None:
        """The average of the three questions; None where there are too few to be shown."""
        total = self.content + self.teaching + self.arrangement
        return total / (3 * self.count) if self.is_enough else None


def summary_for(sessions: Collection[Session]) -> dict[int, Scores]:
    """The scores of each of these sessions that has some, by its key. One query."""
    found = Evaluation.objects.filter(session__in=sessions).order_by().values_list("session")
    sums = found.annotate(Count("pk"), Sum("content"), Sum("teaching"), Sum("arrangement"))
    return {session: Scores(*numbers) for session, *numbers in sums}


def spread_of(evaluations: Collection[Evaluation], question: str) -> list[int]:
    """How often each score was given, the best first."""
    given = [getattr(evaluation, question) for evaluation in evaluations]
    return [given.count(score) for score in range(MOST, 0, -1)]
