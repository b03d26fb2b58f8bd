"""Which rows of an import a page shows: by result, by what undoing made of them, searched and sorted."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ledgers.importing.rows import rows_with, shown_of
from ledgers.models import LedgerImport, LedgerRow
from ledgers.views.preview import lay_out
from peixun.lib.listing import in_order, page_of
from peixun.lib.search import kept_search

RESULTS = (
    LedgerRow.State.FAULTY,
    LedgerRow.State.NEW,
    LedgerRow.State.CHANGED,
    LedgerRow.State.SAME,
)
DIFFERS, WARNED, ALL = "differs", "warned", "all"
SORTS = {"row": "pk", "result": "state", "problem": "code"}
Tab = tuple[str, str, int]


def rows_context(request: HttpRequest, batch: LedgerImport) -> dict[str, Any]:
    """A page of rows with its tabs; the address holds the tab, the order and the page."""
    tabs = tabs_of(batch)
    tab, words = chosen(request.GET.get("state", ""), tabs), kept_search(request)
    rows = rows_of(batch, tab)
    if words:
        rows = rows.filter(having(batch, words))
    page = page_of(request, in_order(request, rows, SORTS, default="row"))
    columns = lay_out(batch, page.object_list, shown_of(batch, page.object_list))
    return {"page": page, "state": tab, "tabs": tabs, "columns": columns, "words": words, "sort": "row"}


def tabs_of(batch: LedgerImport) -> list[Tab]:
    """What needs a look comes first. One query, and only of an import that was taken back."""
    figures = batch.figures
    undone = undone_counts(batch) if batch.undone_at else {}
    differing = figures.get(DIFFERS, 0) if batch.state == LedgerImport.State.PREVIEW else 0
    tabs = [
        *((str(one), str(one.label), undone.get(one, 0)) for one in reversed(LedgerRow.Undone)),
        (DIFFERS, _("与上次预览不同"), differing),
        *((str(one), str(one.label), figures.get(one, 0)) for one in RESULTS),
    ]
    tabs.insert(5, (WARNED, _("提醒"), figures.get(WARNED, 0)))
    return [*(tab for tab in tabs if tab[2]), (ALL, _("全部"), figures.get("read", 0))]


def undone_counts(batch: LedgerImport) -> dict[str, int]:
    rows = batch.rows.exclude(undone="").order_by()
    return dict(rows.values_list("undone").annotate(Count("pk")))


def chosen(wanted: str, tabs: list[Tab]) -> str:
    """The tab of the address; without one the first of those that need a look."""
    known = [value for value, _label, _count in tabs]
    if wanted in (*known, *LedgerRow.Undone.values, *RESULTS, WARNED, DIFFERS):
        return wanted
    urgent = (LedgerRow.Undone.FAILED, LedgerRow.Undone.KEPT, DIFFERS, LedgerRow.State.FAULTY)
    return next((str(tab) for tab in urgent if tab in known), ALL)


def rows_of(batch: LedgerImport, tab: str) -> QuerySet[LedgerRow]:
    if tab == WARNED:
        return batch.rows.exclude(warnings=[])
    if tab == DIFFERS:
        return batch.rows.filter(differs=True)
    if tab in LedgerRow.Undone.values:
        return batch.rows.filter(undone=tab)
    return batch.rows.filter(state=tab) if tab in RESULTS else batch.rows.all()


def having(batch: LedgerImport, words: str) -> Q:
    """Rows whose shown values, or whose sentences, have the words in them."""
    said = Q(message__icontains=words) | Q(undone_why__icontains=words)
    return said | Q(pk__any_of=sorted(rows_with(batch, words)))
