"""Makes one record of two: everything that hangs on the one follows to the other, and can be taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.access import bureaus_for, for_whole_city
from bureaus.models import AuditEvent, User
from certificates.models import Certificate
from courses.granting import attended_hours, follow
from courses.models import Attendance, Enrolment, Plan
from courses.models.enrolments import HOUR_KINDS
from learners.caring import bureau_acting, label_of
from learners.models import FormerRecord, Holder, Learner, LearnerAlias
from learners.names import same_name
from ledgers.models import Merge, PersonDecision
from ledgers.people.closed_years import closed_by
from ledgers.people.models import MERGING
from ledgers.people.relations import FOLDED, OF_ENROLMENTS, OF_LEARNERS, Relation, demand_all_known
from ledgers.people.steps import Steps
from peixun.lib.encryption import digest

FACTS = ("name", "gender", "birth")
# What an enrolment says; of two in one run the better one's are kept.
SAID = (
    *("name", "employer", "position", "level", "district_id", "state", "assessment", "assessment_words"),
    *("hours", *(f"hours_{kind}" for kind in HOUR_KINDS), "hour_rule_id"),
    *("particulars", "reason", "waits_from", "to_match"),
)


class CannotMerge(ValidationError):
    """The two are not to be merged, or not by this user. The text is for the user."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the officer chose: which facts of the record that goes replace those of the one that stays."""

    reason: str
    facts: Collection[str] = field(default_factory=tuple)

    def facts_of(self, gone: Learner, kept: Learner) -> dict[str, str]:
        """Name, gender and birth of the merged record: what is missing is filled from the other."""
        values = {}
        for name in FACTS:
            own, other = getattr(kept, name), getattr(gone, name)
            values[name] = other if other and (name in self.facts or not own) else own
        return values


def may_lose(gone: Learner, user: User) -> bool:
    """Whether all bureaus that hold or trained `gone` are the user's, so that nothing of others moves."""
    if for_whole_city(user, MERGING):
        return True
    bureaus = bureaus_for(user, MERGING)
    others = Holder.objects.filter(learner=gone).exclude(bureau__in=bureaus)
    elsewhere = Enrolment.objects.filter(learner=gone).exclude(run__bureau__in=bureaus)
    return not others.exists() and not elsewhere.exists()


def demand_may(gone: Learner, kept: Learner, user: User) -> None:
    held = Learner.objects.held_for(user, MERGING).filter(pk__in=(gone.pk, kept.pk)).distinct()
    if held.count() != 2:
        raise CannotMerge(_("两份档案都归口本单位的，才能合并。"))
    if not may_lose(gone, user):
        raise CannotMerge(_("要并入的档案里有别的单位的参训记录。请改为保留这一份，或请统筹单位合并。"))


@transaction.atomic
def merge(gone: int, kept: int, *, choice: Choice, by: User) -> Merge:
    """`gone` becomes part of `kept`. Raises `CannotMerge` or `YearClosed`; then nothing changes."""
    demand_all_known()
    one, other = locked(gone, kept)
    demand_may(one, other, by)
    facts = choice.facts_of(one, other)
    closed = closed_by(one, other, gender=facts["gender"], hold=True)
    closed.demand_open()
    steps = Steps()
    drop_denials(one, other, steps)
    counts = move_all(one, other, steps)
    note_names(one, other, name=facts["name"], steps=steps)
    steps.change(other, **facts)
    steps.made(FormerRecord.objects.create(learner=other, number=one.pk))
    steps.remove(one)
    done = Merge.objects.create(
        kept=other,
        kept_number=kept,
        gone_number=gone,
        gone_name=one.name,
        bureau=bureau_acting(by, other, MERGING),
        reason=choice.reason,
        steps=steps.as_text(),
        counts=counts,
        merged_by=by,
    )
    AuditEvent.record(
        AuditEvent.Deed.LEARNERS_MERGED,
        other,
        user=by,
        bureau=done.bureau,
        after={"kept": kept, "merged": gone, "city_years": closed.city_years},
        reason=choice.reason,
        label=label_of(other),
    )
    return done


def locked(*numbers: int) -> list[Learner]:
    """These learners, locked in one order for all, after the plans: no import matches them meanwhile."""
    list(Plan.objects.select_for_update().order_by("pk").values_list("pk"))
    if len(set(numbers)) < len(numbers):
        raise CannotMerge(_("请选两份不同的档案。"))
    found = {one.pk: one for one in Learner.objects.select_for_update().filter(pk__in=numbers).order_by("pk")}
    if len(found) < len(numbers):
        raise CannotMerge(_("有一份档案已经不在了，可能刚被合并。请重新打开页面。"))
    return [found[number] for number in numbers]


def move_all(gone: Learner, kept: Learner, steps: Steps) -> dict[str, int]:
    """Moves what hangs on `gone`; gives how many of each, for the page."""
    counts: Counter[str] = Counter()
    own = {row.run_id: row for row in locked_rows(FOLDED, kept)}
    for enrolment in locked_rows(FOLDED, gone):
        if stored := own.get(enrolment.run_id):
            fold(enrolment, stored, steps)
            counts["folded"] += 1
        else:
            steps.change(enrolment, learner_id=kept.pk)
            counts[Enrolment._meta.label] += 1
    for relation in OF_LEARNERS:
        if moved := move(relation, gone, kept, steps=steps):
            counts[relation.model._meta.label] += moved
    return dict(counts)


def locked_rows(relation: Relation, owner: models.Model) -> list[Any]:
    rows = relation.model._base_manager.filter(**{relation.field: owner.pk})
    return list(rows.select_for_update().order_by("pk"))


def move(relation: Relation, gone: models.Model, kept: models.Model, *, steps: Steps) -> int:
    """Rows of `gone` become `kept`'s; of two that are one thing the better one stays. Gives how many."""
    attname = f"{relation.field}_id"
    there = {relation.key(row): row for row in locked_rows(relation, kept)} if relation.alike else {}
    rows = locked_rows(relation, gone)
    for row in rows:
        key = relation.key(row)
        double = there.get(key) if relation.alike else None
        if double is not None and not relation.better(row, double):
            complete(double, row, steps)
            steps.remove(row, instead=double)
            continue
        if double is not None:
            steps.remove(double, instead=row)
        if key is not None:
            there[key] = row
        steps.change(row, **{attname: kept.pk})
    return len(rows)


def drop_denials(gone: Learner, kept: Learner, steps: Steps) -> None:
    """That these two are not one person was said, and holds no more."""
    for one, other in ((gone, kept), (kept, gone)):
        keys = keys_of(other)
        for denial in PersonDecision.objects.filter(learner=one, key__in=keys, same=False).order_by("pk"):
            steps.remove(denial)


def keys_of(learner: Learner) -> list[str]:
    """What a decision about this learner as the other person may be kept under."""
    return [*learner.identities.values_list("digest", flat=True), record_key(learner.pk)]


def record_key(number: int) -> str:
    """The key of a record that has no identity, such as a walk-in's."""
    return digest("record", str(number))


def complete(stays: models.Model, goes: models.Model, steps: Steps) -> None:
    """A phone is all that two holders of one bureau may differ in: an empty one is filled."""
    if isinstance(stays, Holder) and isinstance(goes, Holder) and not stays.phone:
        steps.change(stays, phone=goes.phone)


def note_names(gone: Learner, kept: Learner, *, name: str, steps: Steps) -> None:
    """A name that the record does not bear any more is found by it all the same."""
    for other in {gone.name, kept.name} - {name}:
        known = LearnerAlias.objects.filter(learner=kept, name=other)
        if not same_name(other, name) and not known.exists():
            steps.made(LearnerAlias.objects.create(learner=kept, name=other))


# --- Two enrolments in one run ---------------------------------------------------------------------


def fold(gone: Enrolment, kept: Enrolment, steps: Steps) -> None:
    """Makes one 人次 of two in the same run: the better one's result, the attendances of both."""
    demand_one_certificate(gone, kept)
    attended = attended_hours([gone.pk, kept.pk])
    better = gone if rank(gone) > rank(kept) else kept
    granted = attended.get(better.pk, Decimal(0))
    came_along = gone.attendances.exists()
    for relation in OF_ENROLMENTS:
        if relation.model is not Certificate:
            settle_open(relation, gone, kept, steps=steps)
            move(relation, gone, kept, steps=steps)
    for certificate in locked_rows(Relation(Certificate, "enrolment"), gone):
        steps.change(certificate, enrolment_id=kept.pk)
    said = {name: getattr(better, name) for name in SAID}
    said["particulars"] = gone.particulars | kept.particulars
    steps.change(kept, **said, changed_at=timezone.now())
    if came_along:
        grant_again(kept, granted, steps)
    steps.remove(gone)


def rank(enrolment: Enrolment) -> tuple[bool, bool, Decimal]:
    """Who took part goes before who did not, who completed before who did not, more hours before fewer."""
    states = Enrolment.State
    return enrolment.state in Enrolment.TOOK_PART, enrolment.state == states.COMPLETED, enrolment.hours


def settle_open(relation: Relation, gone: Enrolment, kept: Enrolment, *, steps: Steps) -> None:
    """One session has one open appeal at most: the younger of two goes with what is taken back."""
    if relation.model._meta.label != "courses.Appeal":
        return
    asked = set(kept.appeals.filter(state="open").values_list("session", flat=True))
    for appeal in gone.appeals.filter(state="open", session__in=asked).order_by("pk"):
        steps.remove(appeal)


def grant_again(kept: Enrolment, granted: Decimal, steps: Steps) -> None:
    """Brings hours up to the attendances of both; what a ledger stated stays."""
    before = [*Attendance.objects.filter(enrolment=kept), Enrolment.objects.get(pk=kept.pk)]
    follow([kept.pk], before={kept.pk: granted})
    for row in before:
        steps.changed_by_others(row)


def demand_one_certificate(gone: Enrolment, kept: Enrolment) -> None:
    """Two valid certificates of one title for one class cannot both be right."""
    drawn = Certificate.objects.filter(origin=Certificate.Origin.DRAWN, state=Certificate.State.VALID)
    titles = set(drawn.filter(enrolment=kept).values_list("title", flat=True))
    if drawn.filter(enrolment=gone, title__in=titles).exists():
        raise CannotMerge(
            _("两份档案在“%(run)s”各有一张有效的同名证书。请先作废其中一张，再合并。") % {"run": kept.run}
        )
