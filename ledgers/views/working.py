"""The page that waits for an import: how far it is, and how to call it off."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from bureaus.access import SignedInRequest, allowed
from ledgers.importing import jobs
from ledgers.importing.boards import Progress, board
from ledgers.importing.progress import Stage
from ledgers.models import ImportWork, LedgerImport
from ledgers.sweeping import sweep
from ledgers.views.fetching import editable, visible

State = LedgerImport.State


def show_work(request: SignedInRequest, batch: LedgerImport) -> HttpResponse:
    return render(request, "ledgers/imports/working.html", how_far(request, batch))


def how_far(request: SignedInRequest, batch: LedgerImport) -> dict[str, object]:
    progress = board().read([batch.pk]).get(batch.pk, Progress())
    return {
        "batch": batch,
        "progress": progress,
        "label": label_of(batch, progress),
        "estimate": estimate_of(progress),
        "mine": batch.uploaded_by == request.user,
        "calls_off": what_calling_off_does(batch),
    }


def label_of(batch: LedgerImport, progress: Progress) -> str:
    """What is being done, in words; by the import's state where its worker has not told yet."""
    if progress.cancel_asked:
        return _("正在取消")
    if batch.stage == "columns":
        return _("正在列出各列")
    if progress.stage:
        return str(Stage(progress.stage).label)
    if batch.state == State.UNDOING:
        return str((Stage.WEIGH if batch.stage == "weigh" else Stage.UNDO).label)
    if batch.state == State.APPLYING:
        return str(Stage.WRITE.label)
    return str(Stage.CHECK.label if batch.stage else Stage.READ.label)


def estimate_of(progress: Progress) -> str:
    """How long this stage may still take, by its own rate; no figure before there is one."""
    left = progress.seconds_left
    if progress.cancel_asked:
        return ""
    if left is None:
        return _("正在估算还要多久")
    if left < 10:
        return _("这一步不到 10 秒就好")
    if left < 60:
        return _("这一步大约还要 %(seconds)d 秒") % {"seconds": -(-left // 5) * 5}
    minutes = -(-left // 60)
    return ngettext("这一步大约还要 %(minutes)d 分钟", "这一步大约还要 %(minutes)d 分钟", minutes) % {
        "minutes": minutes
    }


def what_calling_off_does(batch: LedgerImport) -> str:
    if batch.state == State.APPLYING:
        return _("已写的会全部退回，一行也不留下，然后回到预览。")
    if batch.understood.get("said"):
        return _("还没有写入任何数据。取消后回到指定各列。")
    if batch.stage:
        return _("还没有写入任何数据。取消后回到核对项目和年度。")
    return _("还没有写入任何数据。取消后这个文件会删除，需要时重新上传。")


@require_GET
@allowed("ledger.export")
def import_status(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The progress bar anew; tells the page to load again when the work is over."""
    sweep_where_nobody_else_does()
    batch = visible(request, pk)
    response = render(request, "ledgers/imports/bar.html", how_far(request, batch))
    if batch.state not in LedgerImport.AT_WORK:
        response["HX-Refresh"] = "true"
    return response


def sweep_where_nobody_else_does() -> None:
    """Without workers, opening a page of imports is what takes up the step of a killed process."""
    if settings.PEIXUN_JOBS == "inline":
        sweep()


@require_POST
@allowed("ledger.import")
def cancel_import(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Asks the worker to stop; where none has begun yet, the step is over at once."""
    batch = editable(request, pk)
    if batch.state in LedgerImport.AT_WORK:
        board().ask_to_stop(pk)
        if not ImportWork.objects.filter(pk=pk).exclude(holder=None).exists():
            jobs.call_off(batch)
    return redirect("ledgers:import", pk)


@require_POST
@allowed("ledger.import")
def import_seen(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The uploader knows how it ended: the home page need not say it any more."""
    batch = editable(request, pk)
    LedgerImport.objects.filter(pk=batch.pk, seen_at=None).update(seen_at=timezone.now())
    return redirect("ledgers:home")
