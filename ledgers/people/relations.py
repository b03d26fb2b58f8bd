"""Everything that hangs on a learner, and on an enrolment, and what is the same thing twice.

A test walks the models: a new foreign key that has no line here fails, and merging refuses to start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models.fields.reverse_related import ForeignObjectRel

from certificates.models import Certificate
from courses.models import Appeal, Attendance, Enrolment, Mark, Notice
from learners.models import (
    AccountLink,
    DataRequest,
    Exemption,
    FormerRecord,
    Holder,
    Identity,
    Learner,
    LearnerAlias,
    Standing,
)
from ledgers.models import Doubt, LedgerRow, Merge, PersonDecision

Better = Callable[[Any, Any], bool]


def never(_gone: Any, _kept: Any) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows of `model` hang by `field`. Two that agree in all of `alike` are one thing: one of them stays.

    Which one, says `better`; without it the one that is there already. Without `alike` none is ever doubled.
    """

    model: type[models.Model]
    field: str
    alike: tuple[str, ...] = ()
    better: Better = never

    def key(self, row: models.Model) -> tuple[Any, ...] | None:
        return tuple(getattr(row, name) for name in self.alike) if self.alike else None


def is_own(gone: AccountLink, kept: AccountLink) -> bool:
    """One's own account before the same account as a helper."""
    return gone.relation == AccountLink.Relation.SELF and kept.relation != AccountLink.Relation.SELF


def was_here(gone: Attendance, kept: Attendance) -> bool:
    """Of two marks of one person at one session the presence."""
    return gone.state in Attendance.HERE and kept.state not in Attendance.HERE


def is_same(gone: PersonDecision, kept: PersonDecision) -> bool:
    return gone.same and not kept.same


OF_LEARNERS = (
    Relation(Identity, "learner"),
    Relation(Holder, "learner", ("bureau_id",)),
    Relation(Standing, "learner", ("group_id", "level", "valid_from", "valid_to")),
    Relation(AccountLink, "learner", ("user_id",), is_own),
    Relation(Exemption, "learner", ("requirement_id", "valid_from", "valid_to")),
    Relation(DataRequest, "learner"),
    Relation(Certificate, "learner"),
    Relation(LearnerAlias, "learner", ("name",)),
    Relation(FormerRecord, "learner"),
    Relation(PersonDecision, "learner", ("key",), is_same),
    Relation(Doubt, "learner", ("batch_id", "key")),
    Relation(Merge, "kept"),
)
# Two enrolments in one run are one 人次: `merging.fold` makes one of them.
FOLDED = Relation(Enrolment, "learner", ("run_id",))
OF_ENROLMENTS = (
    Relation(Attendance, "enrolment", ("session_id",), was_here),
    Relation(Mark, "enrolment"),
    Relation(Appeal, "enrolment"),
    Relation(Notice, "enrolment"),
    Relation(Certificate, "enrolment"),
    Relation(LedgerRow, "enrolment"),
)


def pointing_at(model: type[models.Model]) -> set[tuple[str, str]]:
    """(model, field) of every foreign key that leads to `model`."""
    relations = [
        one for one in model._meta.get_fields(include_hidden=True) if isinstance(one, ForeignObjectRel)
    ]
    return {(one.related_model._meta.label, one.field.name) for one in relations}


def unhandled() -> set[tuple[str, str]]:
    """Foreign keys to learners and enrolments that have no line here."""
    known = {(one.model._meta.label, one.field) for one in (*OF_LEARNERS, FOLDED, *OF_ENROLMENTS)}
    return (pointing_at(Learner) | pointing_at(Enrolment)) - known


def demand_all_known() -> None:
    """Raises rather than lose rows that merging does not know of."""
    if missing := unhandled():
        raise ImproperlyConfigured(f"Merging learners does not know {sorted(missing)}.")
