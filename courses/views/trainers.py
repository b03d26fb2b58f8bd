"""Trainers (授课教师): the list, one with what was and will be taught, adding and changing."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.db.models.functions import ExtractYear
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from bureaus.access import SignedInRequest, allowed, bureaus_for, may
from bureaus.exporting import form_wanted, list_file
from courses.forms.trainers import TrainerFilter, TrainerForm
from courses.list_columns import TRAINERS
from courses.models import Course, Session, Trainer
from courses.models.materials import TrainerQuerySet
from courses.teaching import save_trainer
from peixun.lib.listing import containing, in_order, page_of
from peixun.lib.search import kept_search, searchable

SESSIONS_SHOWN = 20
SORTS = {"name": "name", "bureau": "bureau__order", "taught": "taught"}


@searchable
@allowed("runs.read")
def trainers(request: SignedInRequest) -> HttpResponseBase:
    """The trainers in reach, with their sessions of this year."""
    form, words = TrainerFilter(request.GET, user=request.user), kept_search(request)
    found = narrowed(Trainer.objects.visible_to(request.user), form, words)
    year = timezone.localdate().year
    seen = Session.objects.visible_to(request.user).exclude(state=Session.State.CANCELLED)
    this_year = Q(sessions__in=seen.filter(held_on__year=year).order_by().values("pk"))
    counted = found.annotate(taught=Count("sessions", filter=this_year))
    ordered = in_order(request, counted, SORTS, default="name").select_related("bureau", "user")
    if form_wanted(request):
        return list_file(request, _("授课教师"), TRAINERS, rows=ordered)
    context = {
        "page": page_of(request, ordered),
        "words": words,
        "sort": "name",
        "year": year,
        "narrowed": bool(words or any(form.cleaned_data.values())),
        "bureaus": bureaus_for(request.user, "runs.read").values_list("pk", "name"),
        "states": form.fields["active"].choices,  # type: ignore[attr-defined]
        "reader": True,
        "may_edit": may(request.user, "runs.edit"),
    }
    return render(request, "courses/trainers.html", context)


def narrowed(found: TrainerQuerySet, form: TrainerFilter, words: str) -> TrainerQuerySet:
    """By bureau, by whether they still teach, and by name or title."""
    form.is_valid()
    if bureau := form.cleaned_data.get("bureau"):
        found = found.filter(bureau=bureau)
    if active := form.cleaned_data.get("active"):
        found = found.filter(active=active == "yes")
    return found.filter(containing(words, "name", "title")) if words else found


@require_GET
@allowed("runs.read")
def trainer(request: SignedInRequest, pk: int) -> HttpResponse:
    """A trainer's facts; the sessions to come and held, and the courses, as far as one sees them."""
    trainers = Trainer.objects.visible_to(request.user).select_related("bureau", "user")
    found = get_object_or_404(trainers, pk=pk)
    today = timezone.localdate()
    seen = Session.objects.visible_to(request.user).filter(trainers=found)
    seen = seen.exclude(state=Session.State.CANCELLED).select_related("run", "programme")
    held = seen.filter(state=Session.State.HELD)
    by_year = held.order_by().annotate(on_year=ExtractYear("held_on")).values("on_year")
    context = {
        "trainer": found,
        "coming": seen.filter(held_on__gte=today).order_by("held_on", "starts_at")[:SESSIONS_SHOWN],
        "gone": seen.filter(held_on__lt=today).order_by("-held_on", "-starts_at")[:SESSIONS_SHOWN],
        "years": by_year.annotate(sessions=Count("pk", distinct=True)).order_by("-on_year"),
        "courses": Course.objects.filter(sessions__in=seen.order_by().values("pk")).distinct(),
        "today": today,
        "may_edit": Trainer.objects.editable_by(request.user).filter(pk=pk).exists(),
    }
    return render(request, "courses/trainer.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("runs.edit")
def new_trainer(request: SignedInRequest) -> HttpResponse:
    form = TrainerForm(request.POST or None, instance=Trainer(), user=request.user)
    return keep_trainer(request, form, title=_("新增教师"))


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("runs.edit")
def edit_trainer(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Trainer.objects.visible_to(request.user), pk=pk)
    if not Trainer.objects.editable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied(_("这位教师由所在单位维护。"))
    form = TrainerForm(request.POST or None, instance=found, user=request.user)
    return keep_trainer(request, form, title=_("修改教师"))


def keep_trainer(request: SignedInRequest, form: TrainerForm, *, title: str) -> HttpResponse:
    """The form of a new or known trainer; saves what is right."""
    if request.method == "POST" and form.is_valid():
        found = form.save(commit=False)
        save_trainer(found, user=request.user, changed=form.changed_labels())
        messages.success(request, _("%(name)s的资料已保存。") % {"name": found.name})
        return redirect("courses:trainer", found.pk)
    context = {"form": form, "trainer": form.instance, "title": title}
    return render(request, "courses/trainer_form.html", context, status=422 if form.errors else 200)
