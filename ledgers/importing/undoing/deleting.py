"""Deletes what an import made: what nobody used since, and what nothing uses any more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from certificates.models import Certificate, Issuer
from courses.models import ClassRun, Enrolment, Session
from learners.models import Holder, Identity, Learner, LearnerAlias, Standing
from ledgers.importing.matching import chunks
from ledgers.importing.undoing.deeds import Deeds
from ledgers.importing.undoing.holding_on import built_on
from ledgers.importing.undoing.trail import Trail, lock
from ledgers.models import LedgerRow

# What a learner has without being used: parts of the record, and what is asked apart.
PARTS = (Identity, LearnerAlias, Holder, Standing)
A_TIME = 2000


def delete_made(trail: Trail) -> None:
    """Of the lines that are free: certificates, enrolments, sessions, and what was added to a person."""
    for model, kind in ((Certificate, "certificate"), (Enrolment, "enrolment"), (Session, "session")):
        delete(model, [pk for pk, line in trail.made(kind).items() if not line.blocked], trail)
    for part, kind in ((Identity, "identity"), (LearnerAlias, "alias")):
        added = (line.created[kind] for line in trail.free() if kind in line.created)
        delete(part, added, trail)


def delete_unused(trail: Trail, deeds: Deeds) -> None:
    """Deletes the runs and people of these rows that nothing uses any more.

    An import may also have made them for one that was undone before, so any import counts as their maker.
    What was made by hand stays, and so does a run that somebody changed since.
    """
    made = made_by_undone(trail)
    learners = {*trail.learner_of.values(), *trail.created("learner")}
    runs = {line.run for line in trail.lines if line.run} | trail.created("run")
    edited = {pk for pk in runs if deeds.edit_of_run(pk)}
    sweep(unused(ClassRun), (runs - edited) & made["run"], trail)
    sweep(idle_standings(), ids_of(Standing, learners) & made["standing"], trail)
    sweep(idle_holders(trail), ids_of(Holder, learners) & made["holder"], trail)
    sweep(unused(Learner, PARTS).filter(holders=None, standings=None), learners & made["learner"], trail)
    sweep(unused(Issuer), made["issuer"], trail)
    note_what_stays(trail, edited)


def made_by_undone(trail: Trail) -> dict[str, set[int]]:
    """What this import made, and what others made whose rows were taken back. One pass over these."""
    made: dict[str, set[int]] = {name: trail.created(name) for name in ("run", "learner", "issuer")}
    made |= {name: trail.created(name) for name in ("holder", "standing")}
    rows = LedgerRow.objects.filter(undone=LedgerRow.Undone.REVERSED).exclude(created={}).order_by()
    for created in rows.values_list("created", flat=True).iterator(chunk_size=2000):
        for kind in made.keys() & created.keys():
            made[kind].add(created[kind])
    return made


def unused(model: type[models.Model], parts: tuple[type[models.Model], ...] = ()) -> models.QuerySet[Any]:
    """Objects to which nothing leads but their own parts. Foreign keys of later apps are asked too."""
    found = model._default_manager.all()
    for relation in built_on(model):
        if relation.related_model not in parts:
            leading = relation.related_model._default_manager.filter(**{relation.field.name: OuterRef("pk")})
            found = found.exclude(Exists(leading.order_by()))
    return found


def idle_standings() -> models.QuerySet[Standing]:
    """Standings of who is in no run of the group."""
    of_learner = Enrolment.objects.order_by().filter(learner=OuterRef("learner"))
    in_group = of_learner.filter(run__programme__group=OuterRef("group"))
    return Standing.objects.exclude(Exists(in_group))


def idle_holders(trail: Trail) -> models.QuerySet[Holder]:
    """Holdings of the import's bureau, of who is in no run of it and has nothing else to be looked after."""
    bureaus = trail.batch.bureau.with_predecessors()
    of_learner = Enrolment.objects.order_by().filter(learner=OuterRef("learner"))
    found = Holder.objects.filter(bureau=trail.batch.bureau)
    found = found.exclude(Exists(of_learner.filter(run__bureau__in=bureaus)))
    for relation in built_on(Learner):
        if relation.related_model not in (*PARTS, Enrolment, Certificate):
            leading = relation.related_model._default_manager.filter(
                **{relation.field.name: OuterRef("learner")}
            )
            found = found.exclude(Exists(leading.order_by()))
    return found


def ids_of(model: type[Holder] | type[Standing], learners: set[int]) -> set[int]:
    found: set[int] = set()
    for some in chunks(sorted(learners)):
        found |= set(model._default_manager.filter(learner__in=some).values_list("pk", flat=True))
    return found


def sweep(idle: models.QuerySet[Any], ids: set[int], trail: Trail) -> None:
    """Deletes those of `ids` that are idle.

    They are locked before they are asked for: an enrolment made in between would be deleted with its run.
    """
    lock(idle.model, ids)
    found: list[int] = []
    for some in chunks(sorted(ids), A_TIME):
        found += idle.filter(pk__in=some).values_list("pk", flat=True)
    delete(idle.model, found, trail)


def delete(model: type[models.Model], ids: Iterable[int], trail: Trail) -> None:
    """Deletes objects of which is known that nothing leads to them but their parts and rows of imports.

    Past Django's collector, which would read each of them and ask for all that it may cascade to, in half of
    the time that undoing takes. Should something lead to one all the same, the database refuses at commit.
    """
    ids = list(ids)
    for some in chunks(ids, A_TIME):
        for relation in model._meta.related_objects:
            leading = relation.related_model._default_manager.filter(**{f"{relation.field.name}__in": some})
            if relation.related_model is LedgerRow:
                leading.update(**{relation.field.name: None})
            elif relation.related_model in PARTS:
                leading.delete()
        if model._meta.many_to_many:
            model._default_manager.filter(pk__in=some).delete()
        else:
            model._default_manager.filter(pk__in=some)._raw_delete(using=DEFAULT_DB_ALIAS)
        trail.tell(len(some), len(ids))


def note_what_stays(trail: Trail, edited: set[int]) -> None:
    """Says on rows that were taken back which run or person of theirs is still there, and why."""
    learners, runs = left(Learner, trail.created("learner")), left(ClassRun, trail.created("run"))
    for line in trail.free():
        if line.created.get("learner") in learners:
            line.notes.append(_("学员档案保留：别处还有这个人的记录"))
        if (run := line.created.get("run")) in runs:
            words = _("后来有人改过") if run in edited else _("班里还有别的记录")
            line.notes.append(_("班次保留：%s") % words)


def left(model: type[models.Model], ids: set[int]) -> set[int]:
    found: set[int] = set()
    for some in chunks(sorted(ids), A_TIME):
        found |= set(model._default_manager.filter(pk__in=some).values_list("pk", flat=True))
    return found
