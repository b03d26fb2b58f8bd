"""Takes an import back as a whole, while nothing was built on it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User, YearClose
from certificates.models import Certificate
from courses.models import Attendance, ClassRun, Enrolment, Session
from learners.models import Holder, Learner, Standing
from ledgers.importing.matching import chunks
from ledgers.models import LedgerImport, LedgerRow

Created = dict[str, list[int]]


class CannotUndo(Exception):
    """Something was built on the import. The text is for the user."""


def undo(batch: LedgerImport, *, user: User | None, reason: str = "") -> None:
    """Deletes what the import made and puts back what it changed. Raises `CannotUndo` or `YearClosed`."""
    with transaction.atomic():
        batch = LedgerImport.objects.select_for_update().get(pk=batch.pk)
        if batch.state != LedgerImport.State.APPLIED or batch.year is None:
            raise CannotUndo(_("只有已导入的台账可以撤销。"))
        YearClose.objects.demand_open(batch.bureau, batch.year)
        rows = list(batch.rows.exclude(state=LedgerRow.State.FAULTY))
        created = created_by(rows)
        demand_untouched(batch, created, rows)
        put_back(rows)
        delete_created(created)
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


def created_by(rows: Iterable[LedgerRow]) -> Created:
    created: Created = defaultdict(list)
    for row in rows:
        for kind, pk in row.created.items():
            created[kind].append(pk)
    return created


def demand_untouched(batch: LedgerImport, created: Created, rows: list[LedgerRow]) -> None:
    """Raises `CannotUndo` where a later import, attendance, certificate or edit stands on these rows."""
    enrolments = {row.enrolment_id for row in rows if row.enrolment_id}
    sessions = {row.session_id for row in rows if row.session_id}
    later = LedgerRow.objects.filter(
        batch__state=LedgerImport.State.APPLIED, batch__applied_at__gt=batch.applied_at
    ).select_related("batch")
    for name, ids in (("enrolment", enrolments), ("session", sessions)):
        if row := first_among(later, f"{name}_id", ids):
            raise CannotUndo(
                _("后来导入的“%(file)s”用到了这批数据，请先撤销那一次导入。") % {"file": row.batch.file_name}
            )
    if first_among(Attendance.objects.all(), "enrolment_id", created["enrolment"]):
        raise CannotUndo(_("这批学员已有考勤记录，不能整批撤销。"))
    own = set(created["certificate"])
    for some in chunks(created["enrolment"]):
        held = Certificate.objects.filter(enrolment__in=some).values_list("pk", flat=True)
        if set(held) - own:
            raise CannotUndo(_("这批学员后来又发了证书，不能整批撤销。"))
    changed = Enrolment.objects.filter(changed_at__gt=batch.applied_at).select_related("run")
    if touched := first_among(changed, "id", enrolments):
        raise CannotUndo(_("班次“%(run)s”里的数据后来改过，不能整批撤销。") % {"run": touched.run})


def first_among(rows: models.QuerySet[Any], name: str, ids: Iterable[int]) -> Any:
    for some in chunks(sorted(ids)):
        if found := rows.filter(**{f"{name}__in": some}).first():
            return found
    return None


def put_back(rows: list[LedgerRow]) -> None:
    """Restores the values that changed rows had before."""
    for row in rows:
        before = json.loads(row.before) if row.before else {}
        for kind, model, pk in (
            ("enrolment", Enrolment, row.enrolment_id),
            ("session", Session, row.session_id),
            ("certificate", Certificate, row.certificate_id),
        ):
            if kind in before and pk:
                restore(model, pk, before[kind])
        if "run" in before:
            starts_on, ends_on = before["run"]["days"]
            restore(ClassRun, before["run"]["pk"], {"starts_on": starts_on, "ends_on": ends_on})
        if "phone" in before and row.enrolment:
            held = Holder.objects.filter(learner=row.enrolment.learner_id, bureau=row.batch.bureau_id)
            held.update(phone=before["phone"])


def restore(model: type[models.Model], pk: int, values: dict[str, Any]) -> None:
    """Writes stored values back; past `save`, so that the time of the last change comes back too."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    old = {name: fields[name].to_python(value) for name, value in values.items()}
    model._default_manager.filter(pk=pk).update(**old)


def delete_created(created: Created) -> None:
    """Deletes what the import made; a run or person that others use by now stays."""
    delete(Certificate.objects.all(), created["certificate"])
    delete(Enrolment.objects.all(), created["enrolment"])
    delete(Session.objects.all(), created["session"])
    delete(ClassRun.objects.filter(enrolments=None, sessions=None), created["run"])
    delete(Standing.objects.filter(learner__enrolments=None), created["standing"])
    unused = Holder.objects.exclude(
        models.Exists(
            Enrolment.objects.filter(
                learner=models.OuterRef("learner"), run__bureau=models.OuterRef("bureau")
            )
        )
    )
    delete(unused, created["holder"])
    alone = Learner.objects.filter(enrolments=None, certificates=None, account_links=None, holders=None)
    delete(alone, created["learner"])


def delete(rows: models.QuerySet[Any], ids: list[int]) -> None:
    for some in chunks(ids):
        found = list(rows.filter(pk__in=some).values_list("pk", flat=True))
        rows.model._default_manager.filter(pk__in=found).delete()
