"""Keeps what an officer said of a doubt or of two records, and takes it back."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User
from learners.caring import bureau_acting, label_of
from learners.models import Identity, Learner, LearnerAlias
from ledgers.importing.doubts import name_key
from ledgers.models import Doubt, LedgerImport, PersonDecision
from ledgers.people.merging import keys_of
from ledgers.people.models import MERGING

Written = Mapping[int, str]  # doubt → what the row says, masked


class CannotDecide(ValidationError):
    """The answers contradict one another, or what was decided before. The text is for the user."""


@transaction.atomic
def decide(batch: LedgerImport, answers: Mapping[int, bool], *, written: Written, by: User) -> int:
    """Keeps the answers by doubt: whether it is the same person. Gives how many. Raises `CannotDecide`.

    Whoever is asked about twice at once is decided once: the later answer finds the earlier.
    """
    LedgerImport.objects.select_for_update().get(pk=batch.pk)
    doubts = list(batch.doubts.filter(pk__in=answers, decision=None).select_related("learner"))
    demand_one_each(batch, [one for one in doubts if answers[one.pk]])
    for doubt in doubts:
        doubt.decision = PersonDecision.objects.get_or_create(
            key=doubt.key,
            learner=doubt.learner,
            defaults={
                "same": answers[doubt.pk],
                "written": written.get(doubt.pk, ""),
                "bureau": batch.bureau,
                "decided_by": by,
            },
        )[0]
    Doubt.objects.bulk_update(doubts, ["decision"], batch_size=200)
    if doubts:
        same = sum(answers[one.pk] for one in doubts)
        record(batch, by, after={"same_person": same, "not_same": len(doubts) - same})
    return len(doubts)


def demand_one_each(batch: LedgerImport, same: list[Doubt]) -> None:
    """One person cannot be two learners, in these answers or with what was decided before."""
    keys = [one.key for one in same]
    before = PersonDecision.objects.filter(key__in=keys, same=True)
    taken = set(before.values_list("key", "learner"))
    for doubt in same:
        others = {learner for key, learner in taken if key == doubt.key} - {doubt.learner_id}
        if keys.count(doubt.key) > 1 or others:
            raise CannotDecide(_("第 %(row)d 行的人不能同时是两名学员，请只选一名。") % {"row": doubt.number})


def record(batch: LedgerImport, by: User, *, after: dict[str, int]) -> None:
    AuditEvent.record(AuditEvent.Deed.PERSON_DECIDED, batch, user=by, bureau=batch.bureau, after=after)


@transaction.atomic
def deny(one: Learner, other: Learner, *, by: User) -> None:
    """These two records are not one person: nobody is asked again."""
    bureau = bureau_acting(by, one, MERGING)
    for key in keys_of(other):
        PersonDecision.objects.get_or_create(
            key=key,
            learner=one,
            defaults={
                "same": False,
                "written": str(_("学员档案 %(pk)d") % {"pk": other.pk}),
                "bureau": bureau,
                "decided_by": by,
            },
        )
    AuditEvent.record(
        AuditEvent.Deed.PERSON_DECIDED,
        one,
        user=by,
        bureau=bureau,
        after={"not_same": 1},
        label=label_of(one),
    )


@transaction.atomic
def withdraw(decision: PersonDecision, *, by: User, reason: str) -> None:
    """It is asked again from now on. The number or name that came of it is the learner's no more.

    Classes that were credited meanwhile stay: they are taken back with their import.
    """
    decision = PersonDecision.objects.select_for_update().select_related("learner").get(pk=decision.pk)
    if decision.same:
        forget(decision)
    AuditEvent.record(
        AuditEvent.Deed.PERSON_DECIDED,
        decision.learner,
        user=by,
        bureau=decision.bureau,
        before={"same_person" if decision.same else "not_same": 1},
        reason=reason,
        label=label_of(decision.learner),
    )
    decision.delete()


def forget(decision: PersonDecision) -> None:
    """Only what no other identity of the learner stands behind: a learner is never left without any."""
    own = Identity.objects.filter(learner=decision.learner)
    digests = list(own.values_list("digest", flat=True))
    if set(digests) - {decision.key}:
        own.filter(digest=decision.key).delete()
    for alias in LearnerAlias.objects.filter(learner=decision.learner):
        if decision.key in {name_key(one, alias.name) for one in digests}:
            alias.delete()
