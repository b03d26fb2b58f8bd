"""Takes up the steps of killed workers, and those whose task was lost on the way to the queue."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from ledgers.importing.boards import board
from ledgers.importing.jobs import fail, work
from ledgers.importing.progress import LEASE, MOST_ATTEMPTS
from ledgers.models import ImportWork, LedgerImport
from peixun.lib.tasks import close_killed, waits

MAY_WAIT = datetime.timedelta(seconds=10)  # from the commit of an import to the task for it


def take_up_abandoned() -> int:
    """Has every step begun again that nobody works on. The number of them."""
    return sum(take_up(batch) for batch in LedgerImport.objects.at_work())


def take_up(batch: LedgerImport) -> bool:
    """Has the import's step done again where nobody works on it. Whether it was so.

    Reading writes nothing, and writing was rolled back. Should the worker live after all, it finds at its
    next beat that the lease is another's, and the state of the import's row lets one of them write.
    """
    lease, _made = ImportWork.objects.get_or_create(pk=batch.pk)
    if not is_abandoned(batch, lease):
        return False
    if words := why_hopeless(batch, lease):
        fail(batch, words)
        return False
    # "Not later", since SQLite keeps its own clock's time as a text that is not the one of the same moment.
    free = ImportWork.objects.filter(pk=batch.pk, holder=lease.holder, heard_at__lte=lease.heard_at)
    if not free.update(holder=None, heard_at=Now()):
        return False
    close_killed(work, str(batch.pk))
    work.enqueue(str(batch.pk))
    return True


def is_abandoned(batch: LedgerImport, lease: ImportWork) -> bool:
    """Its worker was killed; or nobody has it in hand and no task for it waits."""
    if lease.holder or not batch.has_file:
        return board().is_silent(lease, LEASE)
    queued = settings.PEIXUN_JOBS == "worker" and waits(work, str(batch.pk))
    return not queued and board().is_silent(lease, MAY_WAIT)


def why_hopeless(batch: LedgerImport, lease: ImportWork) -> str:
    """A sentence for the user where another attempt is of no use; else empty."""
    if (
        not batch.has_file and batch.state != LedgerImport.State.UNDOING
    ):  # brought in by the command: the file is not here
        return _("导入被中断，没有写入任何数据。请重新导入。")
    if lease.attempts >= MOST_ATTEMPTS:
        words = _("连续 %(count)d 次都没有处理完，没有写入任何数据。请把文件拆小后重试，或联系技术管理员。")
        return words % {"count": lease.attempts}
    return ""
