"""Corrects what is stored of a learner, in the same step in which the learner's request is answered."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import astuple, dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from bureaus.access import bureaus_for
from bureaus.models import AuditEvent, Bureau, User, YearClose, YearClosed
from certificates.models import Certificate
from courses.models import Enrolment
from learners.caring import DEED, bureau_acting, label_of
from learners.id_numbers import mask
from learners.models import AccountLink, DataRequest, Holder, Identity, Learner, LearnerAlias
from learners.names import mask_public
from learners.own_data import CannotAsk, answer
from peixun.lib.comparing import comparable

Changes = dict[str, list[str]]
# As the audit calls it: a name is the learner's there, not a template's.
SAID = {"name": "learner_name"}


@dataclass(frozen=True, slots=True)
class Kept:
    """What may be corrected of a learner. `phone` is the one that the acting bureau wrote."""

    name: str
    gender: str
    birth: str
    phone: str

    @property
    def mark(self) -> str:
        """Another for other values: a page tells by it which ones it showed."""
        return hashlib.sha256("\n".join(astuple(self)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was written: old and new by field, how many enrolments, and how many stayed in closed years."""

    changes: Changes
    enrolments: int = 0
    closed: int = 0


def kept_of(learner: Learner, *, by: User) -> Kept:
    """Two queries."""
    bureau = bureau_acting(by, learner, DEED)
    phones = Holder.objects.filter(learner=learner, bureau=bureau).values_list("phone", flat=True)
    return Kept(learner.name, learner.gender, learner.birth, phones.first() or "")


def is_told_by_number(learner: Learner) -> bool:
    """Whether sex and year of birth stand in an ID number: there they cannot be wrong by themselves."""
    return learner.identities.filter(kind=Identity.Kind.ID_NUMBER).exists()


@transaction.atomic
def correct(
    pk: int, wanted: Kept, *, seen: str, mistaken: bool, words: str, by: User, at: datetime.datetime
) -> Outcome:
    """Answers the request with 已更正 and writes `wanted`. `seen` is the mark of what the page showed.

    A name that was `mistaken` is corrected in the enrolments of the user's bureaus too; who has another name
    now keeps the old one there. Certificates stay as they were issued. Raises `CannotAsk` where the request
    was answered or the data changed meanwhile, and `YearClosed` where a figure of a closed year would move.
    """
    asked = answer(pk, state=DataRequest.State.DONE, words=words, by=by, at=at)
    learner = Learner.objects.select_for_update().get(pk=asked.learner_id)
    now = kept_of(learner, by=by)
    if now.mark != seen:
        raise CannotAsk(_("资料刚被别人改过，请按现在的资料重新核对。"))
    changes = differences(now, wanted)
    if "gender" in changes:
        demand_open_years(learner)
    written, closed = write(learner, changes, mistaken=mistaken, by=by)
    if changes:
        asked.changes = changes
        asked.save(update_fields=["changes"])
        record(learner, changes, by=by, enrolments=written)
    return Outcome(changes, written, closed)


def differences(old: Kept, new: Kept) -> Changes:
    pairs = {name: [getattr(old, name), getattr(new, name)] for name in Kept.__slots__}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def demand_open_years(learner: Learner) -> None:
    """The women among the people of a year are a figure: the years that count this learner must be open."""
    rows = Enrolment.objects.filter(learner=learner).took_part().order_by()
    pairs = set(rows.values_list("run__bureau", "run__year"))
    bureaus = Bureau.objects.in_bulk({bureau for bureau, _year in pairs})
    for bureau, year in sorted(pairs):
        YearClose.objects.hold_open(bureaus[bureau], year)


def write(learner: Learner, changes: Changes, *, mistaken: bool, by: User) -> tuple[int, int]:
    """Writes the new values; how many enrolments were corrected, and how many stand in closed years."""
    for name in {"name", "gender", "birth"} & set(changes):
        setattr(learner, name, changes[name][1])
    learner.save()
    if "phone" in changes:
        bureau = bureau_acting(by, learner, DEED)
        Holder.objects.filter(learner=learner, bureau=bureau).update(phone=changes["phone"][1])
    if "name" not in changes:
        return 0, 0
    old, new = changes["name"]
    call_by(learner, old, new)
    return rename_enrolments(learner, old, new, by=by) if mistaken else (0, 0)


def call_by(learner: Learner, old: str, new: str) -> None:
    """The learner's own accounts, and what a ledger tells people by: there both names hold from now on."""
    LearnerAlias.objects.get_or_create(learner=learner, name=old)
    own = AccountLink.objects.filter(learner=learner, relation=AccountLink.Relation.SELF)
    for link in own.select_related("user"):
        if link.user.name == old:
            link.user.name = new[:60]
            link.user.save(update_fields=["name"])
    named = learner.identities.filter(kind=Identity.Kind.EMPLOYER_NAME)
    employers = [one.value.removesuffix(f" {old}") for one in named if one.value.endswith(f" {old}")]
    for kind, value, digest in (Identity.by_employer(new, employer) for employer in employers):
        Identity.objects.get_or_create(
            kind=kind, digest=digest, defaults={"learner": learner, "value": value}
        )


def rename_enrolments(learner: Learner, old: str, new: str, *, by: User) -> tuple[int, int]:
    """Those of the user's bureaus that have the old name; not those of closed years."""
    rows = Enrolment.objects.filter(learner=learner, run__bureau__in=bureaus_for(by, DEED))
    wrong = [row for row in rows.select_related("run__bureau") if comparable(row.name) == comparable(old)]
    free = [row for row in wrong if is_open(row)]
    for row in free:
        row.name = new
        row.save(update_fields=["name", "changed_at"])
    return len(free), len(wrong) - len(free)


def is_open(enrolment: Enrolment) -> bool:
    try:
        YearClose.objects.hold_open(enrolment.run.bureau, enrolment.run.year)
    except YearClosed:
        return False
    return True


def record(learner: Learner, changes: Changes, *, by: User, enrolments: int) -> None:
    """Old and new as far as the audit may hold them: masked."""
    old, new = (
        {SAID.get(name, name): veiled(name, pair[place]) for name, pair in changes.items()}
        for place in (0, 1)
    )
    AuditEvent.record(
        AuditEvent.Deed.LEARNER_CORRECTED,
        learner,
        user=by,
        bureau=bureau_acting(by, learner, DEED),
        before=old,
        after=new | {"enrolments": enrolments},
        label=label_of(learner),
    )


def veiled(name: str, value: str) -> str:
    if name == "name":
        return mask_public(value)
    if name == "phone":
        return mask(value)
    return str(dict(Learner.Gender.choices).get(value, value)) if name == "gender" else value[:4]


def misnamed(learner: Learner, *, user: User) -> list[tuple[Certificate, bool]]:
    """Valid certificates under another name than the learner's, and whether the user may replace each."""
    valid = Certificate.objects.visible_to(user).filter(learner=learner, state=Certificate.State.VALID)
    rows = [row for row in valid.select_related("issuer").order_by("pk") if differs(row, learner)]
    editable = Certificate.objects.editable_by(user).filter(learner=learner)
    mine = set(editable.values_list("pk", flat=True))
    return [(row, row.pk in mine) for row in rows]


def differs(certificate: Certificate, learner: Learner) -> bool:
    return comparable(certificate.name) != comparable(learner.name)
