"""What trainers taught in a year: one's own, or those of one's bureaus; on the page and as a workbook."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from bureaus.access import SignedInRequest, allowed, memberships_of
from bureaus.exporting import form_wanted, list_file
from bureaus.models import User
from courses.list_columns import WORKLOAD
from courses.models import Trainer
from courses.models.materials import TrainerQuerySet
from courses.workload import Load, grouped, loads_of, sums_of, years_of
from courses.workload_sheet import write_workload
from peixun.lib.downloads import workbook_response
from peixun.lib.listing import containing, key_in, page_of
from peixun.lib.search import kept_search, searchable

SORTS: dict[str, Callable[[Load], Any]] = {
    "name": lambda load: load.trainer.name,
    "sessions": lambda load: load.sums.sessions,
    "hours": lambda load: load.sums.hours,
    "times": lambda load: load.sums.person_times,
    "score": lambda load: load.sums.scores.overall or 0,
}


@searchable
@allowed("runs.read")
def workload(request: SignedInRequest) -> HttpResponseBase:
    """The trainers in reach with their sums of a year; or one's own lessons, for who sees no other."""
    trainers = Trainer.objects.visible_to(request.user)
    if (own := only_oneself(request.user, trainers)) is not None:
        return render(request, "courses/workload_own.html", one_year(request, own))
    words = kept_search(request)
    context = year_and_years(request, trainers)
    loads = loads_of(request.user, containing_words(trainers, words), year=context["year"])
    if form_wanted(request):
        title = _("%(year)d 年授课工作量") % {"year": context["year"]}
        return list_file(request, title, WORKLOAD, rows=in_order(loads, request.GET.get("sort", "")))
    lessons = {lesson.session.pk: lesson for load in loads for lesson in load.lessons}
    context |= {
        "page": page_of(request, in_order(loads, request.GET.get("sort", ""))),
        "sums": sums_of(lessons.values()),
        "groups": grouped(lessons.values()),
        "words": words,
    }
    return render(request, "courses/workload.html", context)


@require_GET
@allowed("runs.read")
def trainer_workload(request: SignedInRequest, pk: int) -> HttpResponse:
    """One trainer's lessons of a year."""
    trainer = get_object_or_404(Trainer.objects.visible_to(request.user), pk=pk)
    return render(request, "courses/workload_own.html", one_year(request, trainer) | {"drilled": True})


@require_GET
@allowed("runs.read")
def workload_file(request: SignedInRequest) -> HttpResponse:
    """The year's sheet of all that the page shows, or of one `trainer`."""
    trainers = Trainer.objects.visible_to(request.user)
    if (wanted := key_in(request, "trainer")) is not None:
        trainers = trainers.filter(pk=get_object_or_404(trainers, pk=wanted).pk)
    today, file = timezone.localdate(), BytesIO()
    year = chosen_year(request)
    unit = next((member.bureau.name for member in memberships_of(request.user)), "")
    name = write_workload(file, loads_of(request.user, trainers, year=year), year=year, unit=unit, at=today)
    return workbook_response(file.getvalue(), name)


def only_oneself(user: User, trainers: TrainerQuerySet) -> Trainer | None:
    """The trainer that the user is, where that is the only one that the user sees."""
    found = list(trainers[:2])
    return found[0] if len(found) == 1 and found[0].user_id == user.pk else None


def one_year(request: SignedInRequest, trainer: Trainer) -> dict[str, Any]:
    itself = Trainer.objects.filter(pk=trainer.pk)
    context = year_and_years(request, itself)
    loads = loads_of(request.user, itself, year=context["year"])
    return context | {"load": loads[0] if loads else None, "trainer": trainer}


def year_and_years(request: SignedInRequest, trainers: TrainerQuerySet) -> dict[str, Any]:
    """The year of the address, this one by default, among those with lessons."""
    year = chosen_year(request)
    years = sorted({*years_of(request.user, trainers), year, timezone.localdate().year}, reverse=True)
    today = timezone.localdate()
    return {"year": year, "years": [(str(one), str(one)) for one in years], "today": today}


def chosen_year(request: SignedInRequest) -> int:
    year = key_in(request, "year")
    return year if year is not None and 2000 <= year <= 2100 else timezone.localdate().year


def containing_words(trainers: TrainerQuerySet, words: str) -> TrainerQuerySet:
    return trainers.filter(containing(words, "name", "title", "bureau__name")) if words else trainers


def in_order(loads: list[Load], sort: str) -> list[Load]:
    """By bureau and name, or by a figure of the address; `-` sorts the largest first."""
    key = SORTS.get(sort.removeprefix("-"))
    return sorted(loads, key=key, reverse=sort.startswith("-")) if key else loads
