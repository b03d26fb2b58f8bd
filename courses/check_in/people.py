"""Who is expected at a session, and who of them says so rightly: by account, or by name and last digits.

Numbers are compared here and shown nowhere.
"""

from __future__ import annotations

import datetime
import re
from collections import defaultdict

from bureaus.models import User
from courses.models import Enrolment, Session
from courses.models.enrolments import EnrolmentQuerySet
from learners import id_numbers
from learners.models import AccountLink, Holder, Identity
from peixun.lib.comparing import comparable

LAST = 4
PHONE = re.compile(r"\d{7,}")
BETWEEN = re.compile(r"[\s\-－—()（）]")
PAPERS = (Identity.Kind.ID_NUMBER, Identity.Kind.PASSPORT, Identity.Kind.PERMIT)


def expected_at(session: Session) -> EnrolmentQuerySet:
    """Whom the session's run expects; nobody at a lecture that stands alone."""
    if session.run is None:
        return Enrolment.objects.none()
    return Enrolment.objects.filter(run=session.run_id).expected().order_by("pk")


def of_account(session: Session, user: User, day: datetime.date) -> list[Enrolment]:
    """Those expected whom this account looks after."""
    links = AccountLink.objects.open_to(user, day)
    return list(expected_at(session).filter(learner__in=links.values("learner")))


def with_digits(session: Session, digits: str) -> list[Enrolment]:
    """Those expected of whom a paper or a phone ends in `digits`. Three queries."""
    wanted = id_numbers.normalise(digits)
    people = list(expected_at(session))
    ends = ends_of(session, people)
    return [person for person in people if wanted in ends[person.learner_id]]


def named(session: Session, name: str, digits: str) -> Enrolment | None:
    """The one expected person of that name and those digits; None where there is none, or more than one."""
    found = [person for person in with_digits(session, digits) if comparable(person.name) == comparable(name)]
    return found[0] if len(found) == 1 else None


def ends_of(session: Session, people: list[Enrolment]) -> dict[int, set[str]]:
    """The last digits of the papers, and of the phones that the run's bureau wrote down, by learner."""
    learners = [person.learner_id for person in people]
    found: dict[int, set[str]] = defaultdict(set)
    papers = Identity.objects.filter(learner__in=learners, kind__in=PAPERS)
    for learner, number in papers.values_list("learner", "value"):
        found[learner].add(id_numbers.normalise(number)[-LAST:])
    holders = Holder.objects.filter(learner__in=learners, bureau__runs=session.run_id).exclude(phone="")
    for learner, phones in holders.values_list("learner", "phone"):
        found[learner].update(phone[-LAST:] for phone in PHONE.findall(BETWEEN.sub("", phones)))
    return found
