"""Undoing as a background job: first it is weighed, then a person confirms, then it is done.

As long as either lasts the import is `UNDOING`; `stage` says which of the two it is. Either is one
transaction, so that one whose worker was killed may simply be started again.
"""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.models import User, YearClosed
from ledgers.importing import undoing
from ledgers.importing.progress import Held, Stage
from ledgers.importing.undoing import CannotUndo, UndoOutdated
from ledgers.models import LedgerImport, LedgerRow

State = LedgerImport.State
WEIGH, UNDO = "weigh", "undo"


def start_weighing(batch: LedgerImport) -> bool:
    """Begins the look at what undoing would do; False where the import is not one that stands."""
    return start(batch, stage=WEIGH, undo_report={})


def start_undoing(batch: LedgerImport, *, user: User, reason: str, digest: str) -> bool:
    """Begins the undoing of what was shown; False where that is no longer what would happen."""
    if batch.undo_report.get("digest") != digest:
        return False
    return start(batch, stage=UNDO, undone_by=user, undo_reason=reason)


def start(batch: LedgerImport, *, stage: str, **values: object) -> bool:
    """However often the button is pressed, it begins once; the caller has it queued."""
    standing = LedgerImport.objects.filter(pk=batch.pk, state__in=LedgerImport.WRITTEN)
    values |= {"stage": stage, "message": "", "touched_at": timezone.now()}
    return bool(standing.update(state=State.UNDOING, **values))


def step(batch: LedgerImport, held: Held) -> None:
    """Weighs or takes back, by the stage; what stands against it leaves the import as it was, and is said."""
    held.enter(Stage.WEIGH if batch.stage == WEIGH else Stage.UNDO)
    try:
        (weigh_step if batch.stage == WEIGH else undo_step)(batch, held)
    except (CannotUndo, YearClosed) as error:
        back(batch, message=str(error))


def weigh_step(batch: LedgerImport, held: Held, *, message: str = "") -> None:
    report = undoing.weigh(batch, tell=held.tell)
    back(batch, message=message, undo_report=report.as_json | {"at": timezone.now().isoformat()})


def undo_step(batch: LedgerImport, held: Held) -> None:
    try:
        expected = batch.undo_report.get("digest", "")
        undoing.undo(batch, user=batch.undone_by, reason=batch.undo_reason, expected=expected, tell=held.tell)
    except UndoOutdated:
        weigh_step(batch, held, message=_("核对之后数据有了变化，没有撤销。下面是新的核对结果，请再看一次。"))


def back(batch: LedgerImport, **values: object) -> bool:
    """Lets the import stand again as it did, unless another worker has brought it further. Whether it did."""
    partly = batch.rows.filter(undone=LedgerRow.Undone.REVERSED).exists()
    at_work = LedgerImport.objects.filter(pk=batch.pk, state=State.UNDOING)
    return bool(at_work.update(state=State.PARTLY if partly else State.APPLIED, stage="", **values))
