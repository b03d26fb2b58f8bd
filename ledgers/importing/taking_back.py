"""Undoing as a background job: first it is weighed, then a person confirms, then it is done.

As long as either lasts the import is `UNDOING`; `stage` says which of the two it is. Either is one
transaction, so that one whose worker was killed may simply be started again.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from bureaus.models import User, YearClosed
from ledgers.importing import undoing
from ledgers.importing.undoing import CannotUndo, UndoOutdated
from ledgers.models import LedgerImport, LedgerRow

State = LedgerImport.State
WEIGH, UNDO = "weigh", "undo"


class UndoFailed(RuntimeError):
    """The database refused; its own words are left out, they may hold values of rows."""


def start_weighing(batch: LedgerImport) -> bool:
    """Queues the look at what undoing would do; False where the import is not one that stands."""
    return start(batch, stage=WEIGH, undo_report={})


def start_undoing(batch: LedgerImport, *, user: User, reason: str, digest: str) -> bool:
    """Queues the undoing of what was shown; False where that is no longer what would happen."""
    if batch.undo_report.get("digest") != digest:
        return False
    return start(batch, stage=UNDO, undone_by=user, undo_reason=reason)


def start(batch: LedgerImport, *, stage: str, **values: object) -> bool:
    """However often the button is pressed, one job is queued."""
    standing = LedgerImport.objects.filter(pk=batch.pk, state__in=LedgerImport.WRITTEN)
    values |= {"stage": stage, "message": "", "done": 0, "total": 0, "touched_at": timezone.now()}
    if not standing.update(state=State.UNDOING, **values):
        return False
    transaction.on_commit(lambda: enqueue(batch, stage))
    return True


def enqueue(batch: LedgerImport, stage: str) -> None:
    (weigh if stage == WEIGH else undo).enqueue(str(batch.pk))


@task()
def weigh(import_id: str) -> None:
    """Finds out what undoing would do; changes nothing but the report."""
    on_undoing(weigh_step)(import_id)


@task()
def undo(import_id: str) -> None:
    """Takes the import back, if the rows would still fare as was shown."""
    on_undoing(undo_step)(import_id)


def on_undoing(step: Callable[[LedgerImport], None]) -> Callable[[str], None]:
    """Runs `step` on an import that is being undone; whatever goes wrong leaves it as it was, and says so."""

    def run(import_id: str) -> None:
        batch = LedgerImport.objects.select_related("bureau", "programme", "undone_by").get(pk=import_id)
        if batch.state != State.UNDOING:
            return
        try:
            step(batch)
        except (CannotUndo, YearClosed) as error:
            back(batch, message=str(error))
        except DatabaseError as error:
            back(batch, message=_("撤销时出了错，没有改动任何数据。请稍后重试；仍不行请联系技术管理员。"))
            raise UndoFailed(type(error).__name__) from None
        except Exception:
            back(batch, message=_("撤销时出了错，没有改动任何数据。请稍后重试；仍不行请联系技术管理员。"))
            raise

    return run


def weigh_step(batch: LedgerImport, *, message: str = "") -> None:
    report = undoing.weigh(batch)
    back(batch, message=message, undo_report=report.as_json | {"at": timezone.now().isoformat()})


def undo_step(batch: LedgerImport) -> None:
    try:
        expected = batch.undo_report.get("digest", "")
        undoing.undo(batch, user=batch.undone_by, reason=batch.undo_reason, expected=expected)
    except UndoOutdated:
        weigh_step(batch, message=_("核对之后数据有了变化，没有撤销。下面是新的核对结果，请再看一次。"))


def back(batch: LedgerImport, **values: object) -> None:
    """Lets the import stand again as it did, unless another worker has brought it further."""
    partly = batch.rows.filter(undone=LedgerRow.Undone.REVERSED).exists()
    at_work = LedgerImport.objects.filter(pk=batch.pk, state=State.UNDOING)
    at_work.update(state=State.PARTLY if partly else State.APPLIED, stage="", **values)
