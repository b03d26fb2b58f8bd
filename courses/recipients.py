"""Whom a notice goes to, and where each can be told."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from hashlib import sha256

from django.db.models import Q, QuerySet
from django.utils import timezone

from bureaus.models import Bureau, User
from courses.channels import Reach
from courses.models import Enrolment, Session
from courses.models.enrolments import EnrolmentQuerySet
from learners.models import AccountLink, Holder

MOBILE = re.compile(r"(?<!\d)(?:\+?86)?(1[3-9]\d{9})(?!\d)")


@dataclass(frozen=True, slots=True)
class Recipient:
    """`key` tells one recipient of a saying from another: the enrolment, or the account, or both.

    `stands` is a short mark of the enrolment's state, and since when; `reason` is why it stands so.
    """

    key: str
    name: str
    reach: Reach
    enrolment: int | None = None
    user: int | None = None
    stands: str = ""
    reason: str = ""

    @property
    def teaches(self) -> bool:
        return self.enrolment is None

    @property
    def called(self) -> str:
        """How a notice speaks to them."""
        return f"{self.name.removesuffix('老师')}老师" if self.teaches else self.name


def mobile_in(text: str) -> str:
    """The first mobile number in what somebody wrote as a phone: 11 digits, or empty."""
    found = MOBILE.search(text) or MOBILE.search(re.sub(r"[\s\-]", "", text))
    return found[1] if found else ""


def learners_among(enrolments: EnrolmentQuerySet, bureau: Bureau) -> list[Recipient]:
    """Each by the phone that `bureau` has of them, and by the e-mails of the accounts that look after them.

    Three queries.
    """
    rows = list(enrolments.order_by("pk"))
    learners = {row.learner_id for row in rows}
    holders = Holder.objects.filter(bureau=bureau, learner__in=learners)
    phones = dict(holders.values_list("learner", "phone"))
    accounts = accounts_of(learners)
    found = []
    for row in rows:
        reach = Reach(phone=mobile_in(phones.get(row.learner_id, "")))
        stands = sha256(f"{row.state} {row.changed_at}".encode()).hexdigest()[:12]
        itself = Recipient(f"e{row.pk}", row.name, reach, row.pk, stands=stands, reason=row.reason)
        found.append(itself)
        found += [
            replace(itself, key=f"e{row.pk}u{user.pk}", reach=Reach(email=user.email), user=user.pk)
            for user in accounts[row.learner_id]
        ]
    return found


def accounts_of(learners: set[int]) -> dict[int, list[User]]:
    """The accounts with an e-mail that look after each of these learners today. One query."""
    today = timezone.localdate()
    links = AccountLink.objects.filter(
        Q(until=None) | Q(until__gte=today), learner__in=learners, user__is_active=True
    ).exclude(user__email="")
    found: dict[int, list[User]] = defaultdict(list)
    for link in links.select_related("user").order_by("pk"):
        found[link.learner_id].append(link.user)
    return found


def expected_at(session: Session) -> list[Recipient]:
    """Those who are expected at `session`, then those who teach it."""
    teachers = trainers_of(Session.objects.filter(pk=session.pk))
    if session.run is None:
        return teachers
    return learners_among(session.run.enrolments.expected(), session.bureau) + teachers


def trainers_of(sessions: QuerySet[Session]) -> list[Recipient]:
    """The trainers of these sessions that have an account, each once. One query."""
    taught = sessions.order_by().values("pk")
    users = User.objects.filter(trainers__sessions__in=taught, is_active=True).distinct().order_by("pk")
    return [
        Recipient(f"u{user.pk}", str(user), Reach(mobile_in(user.phone or ""), user.email), user=user.pk)
        for user in users
    ]


def one_enrolled(enrolment: Enrolment) -> list[Recipient]:
    return learners_among(Enrolment.objects.filter(pk=enrolment.pk), enrolment.run.bureau)
