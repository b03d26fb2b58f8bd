"""重复学员: likely pairs side by side, merged into one record, and taken apart again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureaus.access import SignedInRequest, allowed
from bureaus.models import YearClosed
from learners.models import Learner
from ledgers.models import Merge
from ledgers.people.closed_years import closed_by
from ledgers.people.comparing import conflicts_of, words_of_counts, words_of_outcome
from ledgers.people.deciding import deny
from ledgers.people.forms import MergeForm, UnmergeForm
from ledgers.people.known import known_of
from ledgers.people.likely import Rule, likely_pairs
from ledgers.people.merging import CannotMerge, may_lose, merge
from ledgers.people.models import MERGING
from ledgers.people.unmerging import unmerge
from peixun.lib.listing import page_of

PAIRS_A_PAGE = 20


@require_GET
@allowed("learners.merge")
def duplicates(request: SignedInRequest) -> HttpResponse:
    """Likely pairs by one rule."""
    rule = request.GET.get("rule", "")
    rule = rule if rule in Rule.values else Rule.EMPLOYER.value
    found = likely_pairs(request.user, rule)
    page = page_of(request, found.pairs, size=PAIRS_A_PAGE)
    known = known_of({one for pair in page.object_list for one in pair}, request.user)
    lines = [(known[one], known[other]) for one, other in page.object_list if one in known and other in known]
    context = {"page": page, "lines": lines, "rule": rule, "rules": Rule.choices, "cut": found.cut}
    return render(request, "ledgers/people/duplicates.html", context)


def pair_of(request: SignedInRequest, one: int, other: int) -> tuple[Learner, Learner]:
    """Two learners for whom the user may merge; 404 where one is not."""
    held = Learner.objects.held_for(request.user, MERGING)
    found = {learner.pk: learner for learner in held.filter(pk__in=(one, other)).distinct()}
    if one == other or len(found) != 2:
        raise Http404
    return found[one], found[other]


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("learners.merge")
def compare(request: SignedInRequest, one: int, other: int) -> HttpResponse:
    """Two records side by side; merges them as chosen."""
    pair = pair_of(request, one, other)
    form = form_for(request, pair)
    if request.method == "POST" and form.is_valid():
        kept = int(form.cleaned_data["keep"])
        gone = other if kept == one else one
        try:
            done = merge(gone, kept, choice=form.choice(), by=request.user)
        except (CannotMerge, YearClosed) as error:
            form.add_error(None, error.messages[0] if isinstance(error, CannotMerge) else str(error))
        else:
            messages.success(request, _("已合并，参训记录、学时和证书都归到保留的档案。"))
            return redirect("ledgers:merge", done.pk)
    return show_pair(request, pair, form)


def form_for(request: SignedInRequest, pair: tuple[Learner, Learner]) -> MergeForm:
    """The record that may not be lost must stay; else the older one is proposed."""
    known = known_of({one.pk for one in pair}, request.user)
    records = [
        (one.pk, _("档案 %(pk)d（%(name)s）") % {"pk": one.pk, "name": known[one.pk].name}) for one in pair
    ]
    data = request.POST if request.method == "POST" else None
    stays = [one.pk for one in pair if not may_lose(one, request.user)]
    return MergeForm(data, records=records, initial={"keep": (stays or [min(one.pk for one in pair)])[0]})


def show_pair(request: SignedInRequest, pair: tuple[Learner, Learner], form: MergeForm) -> HttpResponse:
    known = known_of({one.pk for one in pair}, request.user)
    closed = closed_by(*pair, gender=pair[0].gender or pair[1].gender)
    context: dict[str, Any] = {
        "sides": [known[one.pk] for one in pair],
        "pair": pair,
        "form": form,
        "conflicts": conflicts_of(*pair),
        "city_years": closed.city_years,
        "shared": not all(may_lose(one, request.user) for one in pair),
    }
    return render(request, "ledgers/people/compare.html", context, status=422 if form.errors else 200)


@require_POST
@allowed("learners.merge")
def not_same(request: SignedInRequest, one: int, other: int) -> HttpResponse:
    deny(*pair_of(request, one, other), by=request.user)
    messages.success(request, _("已记下不是同一人，以后不再列出。"))
    return redirect("ledgers:duplicates")


@require_GET
@allowed("learners.merge")
def merges(request: SignedInRequest) -> HttpResponse:
    found = Merge.objects.visible_to(request.user).select_related("kept", "merged_by", "undone_by", "bureau")
    return render(request, "ledgers/people/merges.html", {"page": page_of(request, found)})


@require_GET
@allowed("learners.merge")
def merged(request: SignedInRequest, pk: int) -> HttpResponse:
    """One merge: what moved, and taking it back."""
    return show_merge(request, found_merge(request, pk), UnmergeForm())


def found_merge(request: SignedInRequest, pk: int) -> Merge:
    found = Merge.objects.visible_to(request.user).select_related("kept", "merged_by", "undone_by", "bureau")
    return get_object_or_404(found, pk=pk)


def show_merge(request: SignedInRequest, found: Merge, form: UnmergeForm) -> HttpResponse:
    context = {
        "merge": found,
        "form": form,
        "moved": words_of_counts(found.counts),
        "outcome": words_of_outcome(found.outcome),
    }
    return render(request, "ledgers/people/merge.html", context, status=422 if form.errors else 200)


@require_POST
@allowed("learners.merge")
def undo(request: SignedInRequest, pk: int) -> HttpResponse:
    found, form = found_merge(request, pk), UnmergeForm(request.POST)
    if form.is_valid():
        try:
            unmerge(found.pk, by=request.user, reason=form.cleaned_data["reason"])
        except (CannotMerge, YearClosed) as error:
            form.add_error(None, error.messages[0] if isinstance(error, CannotMerge) else str(error))
        else:
            messages.success(request, _("已撤销合并，两份档案各归原样；没有复原的列在下面。"))
            return redirect("ledgers:merge", pk)
    return show_merge(request, found, form)
