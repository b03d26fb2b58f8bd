"""核对人员: the doubts of an import, and what was decided of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from bureaus.access import SignedInRequest, allowed
from ledgers.importing import jobs
from ledgers.importing.rows import Shown, shown_at
from ledgers.models import Doubt, LedgerImport, PersonDecision
from ledgers.people import deciding
from ledgers.people.forms import AnswersForm
from ledgers.people.known import Known, known_of
from peixun.lib.listing import page_of

DOUBTS_A_PAGE = 20
SHOWN = ("name", "id_number", "employer", "run", "phone", "birth", "gender")


@dataclass(frozen=True, slots=True)
class Line:
    """A doubt for the page: the row's texts (masked), and the learner where the user may see them."""

    doubt: Doubt
    texts: dict[str, str]
    known: Known | None
    field: str

    @property
    def written(self) -> str:
        return " ".join(
            self.texts[name] for name in ("name", "id_number", "employer") if self.texts.get(name)
        )


def imported(request: SignedInRequest, pk: UUID) -> LedgerImport:
    """An import of a bureau for which the user may import; who uploaded it does not matter here."""
    found = LedgerImport.objects.undoable_by(request.user).select_related("bureau", "programme")
    return get_object_or_404(found, pk=pk)


def page_of_doubts(request: SignedInRequest, batch: LedgerImport) -> Page[Doubt]:
    """The open ones first."""
    doubts = batch.doubts.select_related("decision__decided_by")
    return page_of(request, doubts.order_by(F("decision").asc(nulls_first=True), "pk"), size=DOUBTS_A_PAGE)


def lines_of(request: SignedInRequest, batch: LedgerImport, doubts: list[Doubt]) -> list[Line]:
    shown = shown_at(batch, {(doubt.sheet, doubt.number) for doubt in doubts})
    known = known_of({doubt.learner_id for doubt in doubts}, request.user)
    return [
        Line(
            doubt,
            {key: text for key, text in texts_of(doubt, shown).items() if key in SHOWN},
            known.get(doubt.learner_id),
            f"doubt-{doubt.pk}",
        )
        for doubt in doubts
    ]


def texts_of(doubt: Doubt, shown: dict[tuple[str, int], Shown]) -> dict[str, str]:
    """What the row says; nothing once the preview was dropped."""
    found = shown.get((doubt.sheet, doubt.number))
    return found.texts if found else {}


@require_GET
@allowed("ledger.import")
def doubts(request: SignedInRequest, pk: UUID) -> HttpResponse:
    return show_doubts(request, imported(request, pk))


def show_doubts(request: SignedInRequest, batch: LedgerImport, fault: str = "") -> HttpResponse:
    page = page_of_doubts(request, batch)
    lines = lines_of(request, batch, list(page.object_list))
    open_count = batch.doubts.filter(decision=None).count()
    context: dict[str, Any] = {
        "batch": batch,
        "page": page,
        "lines": lines,
        "open": open_count,
        "decided": page.paginator.count - open_count,
        "may_decide": batch.state == LedgerImport.State.PREVIEW,
        "answerable": any(line.known and line.doubt.decision is None for line in lines),
        "form": AnswersForm(doubts=()),
        "given": request.POST,
        "fault": fault,
    }
    return render(request, "ledgers/people/doubts.html", context, status=422 if fault else 200)


@require_POST
@allowed("ledger.import")
def decide(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Keeps the answers of a page; once none is open the rows are compared again."""
    batch = imported(request, pk)
    if batch.state != LedgerImport.State.PREVIEW:
        messages.error(request, _("只有待确认的导入可以核对人员。"))
        return redirect("ledgers:import-doubts", pk)
    page = page_of_doubts(request, batch)
    lines = [one for one in lines_of(request, batch, list(page.object_list)) if one.known]
    form = AnswersForm(request.POST, doubts=[line.doubt for line in lines])
    if not form.is_valid() or not (answers := form.answers()):
        return show_doubts(request, batch, _("请至少选一处“同一人”或“不是同一人”。"))
    written = {line.doubt.pk: line.written for line in lines}
    try:
        count = deciding.decide(batch, answers, written=written, by=request.user)
    except deciding.CannotDecide as error:
        return show_doubts(request, batch, error.messages[0])
    return after_deciding(request, batch, count)


def after_deciding(request: SignedInRequest, batch: LedgerImport, count: int) -> HttpResponse:
    left = batch.doubts.filter(decision=None).count()
    if left:
        messages.success(
            request, _("已记下 %(count)d 处，还有 %(left)d 处。") % {"count": count, "left": left}
        )
        return redirect("ledgers:import-doubts", batch.pk)
    messages.success(request, _("已记下 %(count)d 处，正在按核对结果重新检查。") % {"count": count})
    compare_again(batch)
    return redirect("ledgers:import", batch.pk)


def compare_again(batch: LedgerImport) -> None:
    waiting = LedgerImport.objects.filter(pk=batch.pk, state=LedgerImport.State.PREVIEW)
    if waiting.update(state=LedgerImport.State.READING, stage="compare", message=""):
        jobs.queue(batch)


@require_POST
@allowed("ledger.import")
def recheck(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Compares again with what was decided so far; the rest stays as it is."""
    batch = imported(request, pk)
    compare_again(batch)
    return redirect("ledgers:import", batch.pk)


@require_GET
@allowed("ledger.import")
def decisions(request: SignedInRequest) -> HttpResponse:
    """What was decided about learners whom the user sees, the newest first."""
    found = PersonDecision.objects.visible_to(request.user).select_related("decided_by", "bureau")
    page = page_of(request, found)
    own = set(
        PersonDecision.objects.editable_by(request.user)
        .filter(pk__in=[one.pk for one in page.object_list])
        .values_list("pk", flat=True)
    )
    known = known_of({one.learner_id for one in page.object_list}, request.user)
    lines = [(one, known.get(one.learner_id), one.pk in own) for one in page.object_list]
    return render(request, "ledgers/people/decisions.html", {"page": page, "lines": lines})


@require_POST
@allowed("ledger.import")
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(PersonDecision.objects.editable_by(request.user), pk=pk)
    reason = request.POST.get("reason", "").strip()[:200]
    if not reason:
        messages.error(request, _("请填写撤回原因。"))
        return redirect("ledgers:person-decisions")
    deciding.withdraw(found, by=request.user, reason=reason)
    messages.success(request, _("已撤回，以后的导入会重新请您核对。已经导入的参训记录不变。"))
    return redirect("ledgers:person-decisions")
