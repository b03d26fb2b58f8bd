"""Takes an import back as a whole, while nothing was built on it.

The number of queries grows with the number of chunks of rows, not with the rows.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bureaus.models import AuditEvent, Bureau, User, YearClose
from certificates.models import Certificate
from courses.models import (
    Appeal,
    Attendance,
    Ballot,
    ClassRun,
    Enrolment,
    Evaluation,
    Evidence,
    Mark,
    Notice,
    Plan,
    Session,
)
from learners.models import Holder, Identity, Learner, LearnerAlias, Standing
from ledgers.importing.matching import chunks
from ledgers.models import LedgerImport, LedgerRow

# What is built on an enrolment or a session, and how the user knows it.
BUILT_ON: tuple[tuple[type[models.Model], Any], ...] = (
    (Attendance, gettext_lazy("考勤记录")),
    (Mark, gettext_lazy("点名记录")),
    (Appeal, gettext_lazy("请假或申诉")),
    (Evidence, gettext_lazy("现场照片等佐证")),
    (Evaluation, gettext_lazy("满意度评价")),
    (Ballot, gettext_lazy("满意度评价")),
    (Notice, gettext_lazy("已发的通知")),
)
Created = dict[str, list[int]]
Values = dict[str, Any]


class CannotUndo(Exception):
    """Something was built on the import. The text is for the user."""


@dataclass(frozen=True, slots=True)
class Before:
    """The values that one row changed. `wrote` holds what the import put there, where that was kept."""

    row: LedgerRow
    old: Values
    wrote: Values


@dataclass(frozen=True, slots=True)
class Trail:
    """What an import made, changed and touched; read before anything is taken back."""

    batch: LedgerImport
    rows: list[LedgerRow]
    befores: list[Before]
    created: Created
    learner_of: dict[int, int]  # enrolment → learner
    runs: set[int]

    @property
    def learners(self) -> set[int]:
        return {*self.learner_of.values(), *self.created["learner"]}

    def ids(self, name: str) -> set[int]:
        """The enrolments, sessions or certificates of all rows, the unchanged ones too."""
        return {pk for row in self.rows if (pk := getattr(row, f"{name}_id"))}

    def later(self) -> models.QuerySet[LedgerRow]:
        """Rows of imports that came after this one and still stand."""
        return LedgerRow.objects.filter(
            batch__state=LedgerImport.State.APPLIED, batch__applied_at__gt=self.batch.applied_at
        )


def undo(batch: LedgerImport, *, user: User | None, reason: str = "") -> None:
    """Deletes what the import made and puts back what it changed; all of it or nothing.

    Raises `CannotUndo` or `YearClosed`.
    """
    try:
        with transaction.atomic():
            batch = locked(batch)
            trail = trail_of(batch)
            demand_years_open(trail)
            demand_untouched(trail)
            put_back(trail)
            delete_created(trail)
            delete_unused(trail)
            batch.state, batch.undone_at = LedgerImport.State.UNDONE, timezone.now()
            batch.save(update_fields=["state", "undone_at"])
            AuditEvent.record(
                AuditEvent.Deed.LEDGER_UNDONE,
                batch,
                user=user,
                bureau=batch.bureau,
                before=batch.figures,
                reason=reason,
            )
    except IntegrityError as error:  # ProtectedError is one of these
        raise CannotUndo(
            _("这批数据后来又被别处用到（如证书已换发、编号已另作登记），不能整批撤销，没有改动任何数据。")
        ) from error


def locked(batch: LedgerImport) -> LedgerImport:
    """The import, locked in the order of `apply`, so that the two cannot wait for each other."""
    if batch.programme is None:
        raise CannotUndo(_("只有已导入的台账可以撤销。"))
    Plan.objects.select_for_update().get(pk=batch.programme.plan_id)
    Bureau.objects.select_for_update(no_key=True).get(pk=batch.bureau_id)  # nor is a year closed meanwhile
    batch = LedgerImport.objects.select_for_update().get(pk=batch.pk)
    if batch.state != LedgerImport.State.APPLIED or batch.year is None:
        raise CannotUndo(_("只有已导入的台账可以撤销。"))
    return batch


def trail_of(batch: LedgerImport) -> Trail:
    """Reads and locks: who adds an attendance to a locked enrolment or session waits, then fails."""
    rows = list(batch.rows.exclude(state=LedgerRow.State.FAULTY).order_by("pk"))
    created: Created = defaultdict(list)
    befores = []
    for row in rows:
        for kind, pk in row.created.items():
            created[kind].append(pk)
        if row.before:
            old = json.loads(row.before)
            befores.append(Before(row, old, old.get("wrote", {})))
    learner_of: dict[int, int] = {}
    runs = set(created["run"])
    for some in chunks(sorted({row.enrolment_id for row in rows if row.enrolment_id})):
        taken = Enrolment.objects.select_for_update().filter(pk__in=some).order_by("pk")
        for pk, learner, run in taken.values_list("pk", "learner_id", "run_id"):
            learner_of[pk] = learner
            runs.add(run)
    lock(Session, {row.session_id for row in rows if row.session_id})
    return Trail(batch, rows, befores, created, learner_of, runs)


def lock(model: type[models.Model], ids: Iterable[int]) -> None:
    for some in chunks(sorted(ids)):
        list(model._default_manager.select_for_update().filter(pk__in=some).order_by("pk").values_list("pk"))


def demand_years_open(trail: Trail) -> None:
    """A certificate counts in its own year, now and when its old values are back."""
    years = {trail.batch.year or 0}
    changed = [before for before in trail.befores if "certificate" in before.old]
    ids = {*trail.created["certificate"], *(b.row.certificate_id for b in changed if b.row.certificate_id)}
    for some in chunks(sorted(ids)):
        years |= set(Certificate.objects.filter(pk__in=some).values_list("year", flat=True))
    years |= {b.old["certificate"]["year"] for b in changed if "year" in b.old["certificate"]}
    for year in sorted(years):
        YearClose.objects.demand_open(trail.batch.bureau, year)


def demand_untouched(trail: Trail) -> None:
    """Raises `CannotUndo` where a later import, attendance, certificate or edit stands on these rows."""
    later = trail.later().select_related("batch")
    for name in ("enrolment", "session", "certificate"):
        if row := first_among(later, f"{name}_id", trail.ids(name)):
            raise CannotUndo(
                _("后来导入的“%(file)s”用到了这批数据，请先撤销那一次导入。") % {"file": row.batch.file_name}
            )
    demand_unused(trail)
    own = set(trail.created["certificate"])
    for some in chunks(trail.created["enrolment"]):
        held = Certificate.objects.filter(enrolment__in=some).values_list("pk", flat=True)
        if set(held) - own:
            raise CannotUndo(_("这批学员后来又发了证书，不能整批撤销。"))
    changed = Enrolment.objects.filter(changed_at__gt=trail.batch.applied_at).select_related("run")
    if touched := first_among(changed, "id", trail.ids("enrolment")):
        raise CannotUndo(_("班次“%(run)s”里的数据后来改过，不能整批撤销。") % {"run": touched.run})


def demand_unused(trail: Trail) -> None:
    """What people did since would be deleted with the enrolments and sessions that the import made."""
    for model, words in BUILT_ON:
        names = {field.name for field in model._meta.concrete_fields}
        for name in names & {"enrolment", "session"}:
            if first_among(model._default_manager.all(), f"{name}_id", trail.created[name]):
                whose = _("这批学员") if name == "enrolment" else _("这批课次")
                raise CannotUndo(_("%(whose)s已有%(what)s，不能整批撤销。") % {"whose": whose, "what": words})


def first_among(rows: models.QuerySet[Any], name: str, ids: Iterable[int]) -> Any:
    for some in chunks(sorted(ids)):
        if found := rows.filter(**{f"{name}__in": some}).first():
            return found
    return None


def put_back(trail: Trail) -> None:
    """Restores the old values where the stored ones are still those of this import."""
    put_back_rows(Enrolment, "enrolment", trail)
    put_back_rows(Session, "session", trail)
    put_back_rows(Certificate, "certificate", trail)
    put_back_days(trail)
    put_back_phones(trail)


def put_back_rows(model: type[models.Model], kind: str, trail: Trail) -> None:
    """Restores what the rows changed of a kind, the last row first: the first one knows the oldest value."""
    changes = [
        (getattr(before.row, f"{kind}_id"), before.old[kind], before.wrote.get(kind, {}))
        for before in reversed(trail.befores)
        if kind in before.old and getattr(before.row, f"{kind}_id")
    ]
    restore(model, changes)


def put_back_days(trail: Trail) -> None:
    """A later import may rely on a run's days, even where it names the very same: then they stay."""
    named = {before.old["run"]["pk"] for before in trail.befores if "run" in before.old}
    kept: set[int] = set()
    for some in chunks(sorted(named)):
        used = trail.later().filter(enrolment__run__in=some)
        kept |= {pk for pk in used.values_list("enrolment__run", flat=True) if pk}
    changes = [
        (before.old["run"]["pk"], days(before.old["run"]), days(before.wrote.get("run", {})))
        for before in reversed(trail.befores)
        if "run" in before.old and before.old["run"]["pk"] not in kept
    ]
    restore(ClassRun, changes)


def days(run: Values) -> Values:
    return dict(zip(("starts_on", "ends_on"), run.get("days", ()), strict=False))


def put_back_phones(trail: Trail) -> None:
    """The bureau's phone of a person stays where a later import of the bureau speaks of the person."""
    changed = {
        trail.learner_of[before.row.enrolment_id]: before
        for before in reversed(trail.befores)
        if "phone" in before.old and before.row.enrolment_id in trail.learner_of
    }
    later = trail.later().filter(batch__bureau=trail.batch.bureau_id)
    for learners in chunks(sorted(changed)):
        kept = set(later.filter(enrolment__learner__in=learners).values_list("enrolment__learner", flat=True))
        held = Holder.objects.filter(bureau=trail.batch.bureau_id, learner__in=set(learners) - kept)
        changes = []
        for pk, learner in held.values_list("pk", "learner_id"):
            before = changed[learner]
            wrote = {"phone": before.wrote["phone"]} if "phone" in before.wrote else {}
            changes.append((pk, {"phone": before.old["phone"]}, wrote))
        restore(Holder, changes)


def restore(model: type[models.Model], changes: list[tuple[int, Values, Values]]) -> None:
    """Writes (id, old, wrote) back, past `save`, so that the time of the last change comes back too.

    A value that is no longer the one that was written is somebody's later edit and stays. The time
    itself is never compared: it is kept less exactly than it is stored.
    """
    fields = {field.attname: field for field in model._meta.concrete_fields}
    for some in chunks(changes):
        taken = model._default_manager.select_for_update().order_by("pk")
        stored = {row.pk: row for row in taken.filter(pk__in={pk for pk, _old, _wrote in some})}
        names: set[str] = set()
        for pk, old, wrote in some:
            row = stored.get(pk)
            for name, value in old.items() if row else ():
                written = fields[name].to_python(wrote[name]) if name in wrote else getattr(row, name)
                if name == "changed_at" or getattr(row, name) == written:
                    setattr(row, name, fields[name].to_python(value))
                    names.add(name)
        if names:
            model._default_manager.bulk_update(stored.values(), sorted(names))


def delete_created(trail: Trail) -> None:
    delete(Certificate.objects.all(), trail.created["certificate"])
    delete(Enrolment.objects.all(), trail.created["enrolment"])
    delete(Session.objects.all(), trail.created["session"])
    delete(Identity.objects.all(), trail.created["identity"])
    delete(LearnerAlias.objects.all(), trail.created["alias"])


def delete_unused(trail: Trail) -> None:
    """Deletes the runs and people of these rows that nothing uses any more.

    An import may also have made them for one that was undone before, so any import counts as their maker.
    What was made by hand stays.
    """
    bureau, learners = trail.batch.bureau, trail.learners
    enrolled = Enrolment.objects.order_by()
    of_learner = enrolled.filter(learner=OuterRef("learner"))
    in_group = of_learner.filter(run__programme__group=OuterRef("group"))
    in_bureau = of_learner.filter(run__bureau__in=bureau.with_predecessors())
    runs = ClassRun.objects.filter(enrolments=None, sessions=None)
    holdings = ids_of(Holder.objects.filter(bureau=bureau), learners)
    alone = Learner.objects.filter(
        enrolments=None, certificates=None, account_links=None, holders=None, standings=None
    )
    standings = ids_of(Standing.objects.all(), learners)
    delete_made(runs, "run", trail, trail.runs)
    delete_made(Standing.objects.exclude(Exists(in_group)), "standing", trail, standings)
    delete_made(Holder.objects.exclude(Exists(in_bureau)), "holder", trail, holdings)
    delete_made(alone, "learner", trail, learners)


def ids_of(rows: models.QuerySet[Any], learners: set[int]) -> set[int]:
    found: set[int] = set()
    for some in chunks(sorted(learners)):
        found |= set(rows.filter(learner__in=some).values_list("pk", flat=True))
    return found


def delete_made(unused: models.QuerySet[Any], kind: str, trail: Trail, ids: set[int]) -> None:
    """Deletes those of `unused` that this or another import made.

    They are locked before they are asked for: an enrolment made in between would be deleted with its run.
    """
    own = set(trail.created[kind])
    lock(unused.model, ids | own)
    delete(unused, own | made_by_imports(kind, ids - own))


def made_by_imports(kind: str, ids: set[int]) -> set[int]:
    made: set[int] = set()
    for some in chunks(sorted(ids)):
        rows = LedgerRow.objects.filter(**{f"created__{kind}__in": some}).order_by()
        made |= set(rows.values_list(f"created__{kind}", flat=True))
    return made


def delete(rows: models.QuerySet[Any], ids: Iterable[int]) -> None:
    for some in chunks(sorted(ids)):
        found = list(rows.filter(pk__in=some).values_list("pk", flat=True))
        rows.model._default_manager.filter(pk__in=found).delete()
