"""What learners may know and ask about what is stored of them; and who saw their numbers."""

from __future__ import annotations

import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User
from learners.caring import bureau_acting, label_of
from learners.models import DataRequest, Identity, Learner

MOST_OPEN = 5


class CannotAsk(ValidationError):
    """It cannot be asked, or was answered already. The text is for the user."""


def papers_of(learner: Learner) -> QuerySet[Identity]:
    """The papers whose numbers are stored; a name at an employer is none."""
    return learner.identities.exclude(kind=Identity.Kind.EMPLOYER_NAME).order_by("kind", "pk")


@transaction.atomic
def reveal(learner: Learner, *, by: User, reason: str) -> list[Identity]:
    """The learner's papers, to be shown whole once; who asked and why is a line of the audit."""
    AuditEvent.record(
        AuditEvent.Deed.ID_NUMBER_SEEN,
        learner,
        user=by,
        bureau=bureau_acting(by, learner, "id_numbers.see"),
        reason=reason,
        label=label_of(learner),
    )
    return list(papers_of(learner))


def seen_by(learner: Learner) -> QuerySet[AuditEvent]:
    """Who saw the learner's whole numbers, the newest first; those of records merged into this one too."""
    numbers = [learner.pk, *learner.former_records.values_list("number", flat=True)]
    seen = AuditEvent.objects.filter(
        deed=AuditEvent.Deed.ID_NUMBER_SEEN, object_key__in=[str(number) for number in numbers]
    )
    return seen.select_related("user", "bureau")


@transaction.atomic
def ask(learner: Learner, *, words: str, by: User) -> DataRequest:
    """Raises `CannotAsk` while so many wait for an answer that another would only be in the way."""
    waiting = Learner.objects.select_for_update().get(pk=learner.pk).data_requests
    if waiting.filter(state=DataRequest.State.OPEN).count() >= MOST_OPEN:
        raise CannotAsk(_("还有几份申请在处理，请等处理后再提交。"))
    return DataRequest.objects.create(learner=learner, words=words, asked_by=by)


@transaction.atomic
def answer(pk: int, *, state: str, words: str, by: User, at: datetime.datetime) -> DataRequest:
    """Closes a request with an answer; the data themselves are corrected where they are kept.

    Raises `CannotAsk` where somebody answered before.
    """
    request = DataRequest.objects.select_for_update(of=("self",)).select_related("learner").get(pk=pk)
    if request.state != DataRequest.State.OPEN:
        raise CannotAsk(_("这份申请已经处理过了。"))
    request.state, request.answer, request.decided_by, request.decided_at = state, words, by, at
    request.save(update_fields=["state", "answer", "decided_by", "decided_at"])
    AuditEvent.record(
        AuditEvent.Deed.DATA_REQUEST_DECIDED,
        request,
        user=by,
        bureau=bureau_acting(by, request.learner, "enrolments.decide"),
        after={"state": request.get_state_display()},
    )
    return request
