"""Programmes of a plan: the list, one of them, adding and changing; and the plan that follows."""

from __future__ import annotations

from itertools import groupby

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from bureaus.access import SignedInRequest, allowed, may
from bureaus.models import User, YearClosed
from courses.copying_plans import copy_plan, extent_of
from courses.forms.programmes import PlanCopyForm, ProgrammeFilter, ProgrammeForm
from courses.models import Action, ClassRun, HourRule, Plan, Programme
from courses.models.plans import LeadRole
from courses.models.programmes import ProgrammeQuerySet
from courses.planning import save_programme
from learners.models import TargetGroup
from peixun.lib.listing import containing, key_in
from peixun.lib.search import kept_search, searchable

RUNS_SHOWN = 10
YEARS_SHOWN = 6


@searchable
@allowed("runs.read")
def programmes(request: SignedInRequest) -> HttpResponse:
    """The programmes of the year's plan by action, with the runs of that year in reach."""
    form, words = ProgrammeFilter(request.GET), kept_search(request)
    year = form.chosen_year() or Plan.objects.year_to_show(timezone.localdate())
    plan = Plan.objects.of_year(year)
    found = form.narrow(Programme.objects.filter(plan=plan))
    if words:
        found = found.filter(containing(words, "name", "section", "action__name"))
    context = {
        "plan": plan,
        "year": year,
        "words": words,
        "sections": by_action(with_runs(found, request.user, year)),
        "years": years_of_plans(),
        "groups": TargetGroup.objects.values_list("code", "name"),
        "may_add": may(request.user, "programmes.edit"),
        "may_copy": Plan.objects.editable_by(request.user).exists(),
        "reader": True,
    }
    return render(request, "courses/programmes.html", context)


def with_runs(found: ProgrammeQuerySet, user: User, year: int) -> ProgrammeQuerySet:
    """Each programme with `held`: how many runs of `year` the user sees."""
    seen = ClassRun.objects.visible_to(user).filter(year=year).order_by()
    return found.annotate(held=Count("runs", filter=Q(runs__in=seen.values("pk"))))


def by_action(found: ProgrammeQuerySet) -> list[tuple[str, list[Programme]]]:
    """The programmes under the heading of their action, those outside the actions last."""
    lines = found.select_related("action", "part_of", "group")
    ordered = lines.order_by(F("action__order").asc(nulls_last=True), "section", "order")
    return [(heading, list(rows)) for heading, rows in groupby(ordered, key=heading_of)]


def heading_of(programme: Programme) -> str:
    return programme.action.name if programme.action else programme.section or _("其他项目")


def years_of_plans() -> list[tuple[int, str]]:
    """Every year of a plan, and those since, the newest first. One query."""
    this_year = timezone.localdate().year
    ends = Plan.objects.values_list("first_year", "last_year")
    first = min((end[0] for end in ends), default=this_year)
    last = max([this_year, *(end[1] for end in ends)])
    return [(year, _("%(year)d 年") % {"year": year}) for year in range(last, first - 1, -1)]


@require_GET
@allowed("runs.read")
def programme(request: SignedInRequest, pk: int) -> HttpResponse:
    """A programme's facts, its parts and courses, and its runs of a year in reach."""
    found = get_object_or_404(Programme.objects.select_related("plan", "action", "group", "part_of"), pk=pk)
    today = timezone.localdate()
    links = found.action.bureau_links.select_related("bureau") if found.action else []
    context = {
        "programme": found,
        "leads": found.leads(),
        "responsible": [link.bureau for link in links if link.role == LeadRole.RESPONSIBLE],
        "rule": HourRule.objects.for_programme(found, at=today),
        "parts": found.parts.all(),
        "quotas": found.quotas.all(),
        "courses": found.courses.annotate(files=Count("materials")),
        "may_edit": Programme.objects.editable_by(request.user).filter(pk=pk).exists(),
        **runs_of(found, request.user, year=ProgrammeFilter(request.GET).chosen_year()),
    }
    return render(request, "courses/programme.html", context)


def runs_of(found: Programme, user: User, *, year: int | None) -> dict[str, object]:
    """The programme's runs of `year` that the user sees; without one of the newest year that has some."""
    every = ClassRun.objects.visible_to(user).filter(programme=found)
    years = list(every.order_by("-year").values_list("year", flat=True).distinct()[:YEARS_SHOWN])
    year = year or next(iter(years), year_in(found.plan, timezone.localdate().year))
    runs = every.filter(year=year)
    return {
        "runs": runs.select_related("bureau")[:RUNS_SHOWN],
        "runs_count": runs.count(),
        "year": year,
        "years": [(one, _("%(year)d 年") % {"year": one}) for one in years],
    }


def year_in(plan: Plan, year: int) -> int:
    """`year`, or the year of `plan` nearest to it."""
    return max(plan.first_year, min(year, plan.last_year))


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("programmes.edit")
def new_programme(request: SignedInRequest) -> HttpResponse:
    """In the plan that the address names, else in the one in force."""
    plan = plan_named(request, Plan.objects.of_year(timezone.localdate().year))
    if not Action.objects.editable_by(request.user).filter(plan=plan).exists():
        raise PermissionDenied(_("只有行动的牵头单位可以在行动下新建项目。"))
    return keep_programme(request, Programme(plan=plan))


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("programmes.edit")
def edit_programme(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Programme.objects.select_related("plan", "action"), pk=pk)
    if not Programme.objects.editable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied(_("这个项目由牵头单位维护。"))
    return keep_programme(request, found)


def keep_programme(request: SignedInRequest, found: Programme) -> HttpResponse:
    """The form of a new or known programme; saves what is right."""
    title = found.name
    form = ProgrammeForm(request.POST or None, instance=found, user=request.user)
    if request.method == "POST" and form.is_valid() and saved(form, request):
        messages.success(request, _("“%(name)s”已保存。") % {"name": found.name})
        return redirect("courses:programme", found.pk)
    context = {"form": form, "programme": found, "title": title, "plan": found.plan}
    return render(request, "courses/programme_form.html", context, status=422 if form.errors else 200)


def saved(form: ProgrammeForm, request: SignedInRequest) -> bool:
    """Whether it could be saved; else the form says why not."""
    try:
        save_programme(
            form.save(commit=False),
            user=request.user,
            changed=form.changed_labels(),
            leads=form.cleaned_data.get("leads"),
        )
    except YearClosed as closed:
        form.add_error(None, _("改口径、群体或所属综合项目会改变已上报的数字。%(why)s") % {"why": closed})
        return False
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("programmes.edit")
def copy(request: SignedInRequest) -> HttpResponse:
    """A new plan from the newest one, or from that which the address names."""
    if not Plan.objects.editable_by(request.user).exists():
        raise PermissionDenied(_("新建方案由统筹单位办理。"))
    source = plan_named(request, Plan.objects.first())
    extent = extent_of(source)
    form = PlanCopyForm(request.POST or None, source=source, extent=extent)
    if request.method == "POST" and form.is_valid():
        plan = form.save(commit=False)
        with_courses = form.cleaned_data["courses"]
        counts = copy_plan(source, plan, cycles=form.cycles(), with_courses=with_courses, user=request.user)
        words = _(
            "已新建“%(name)s”：%(actions)d 个行动、%(programmes)d 个项目、"
            "%(quotas)d 项指标、%(courses)d 门课程。"
        )
        messages.success(request, words % ({"name": plan.name} | counts))
        return redirect(f"{reverse('courses:programmes')}?year={plan.first_year}")
    context = {
        "form": form,
        "source": source,
        "extent": extent,
        "plans": Plan.objects.values_list("pk", "name"),
    }
    return render(request, "courses/programmes_copy.html", context, status=422 if form.errors else 200)


def plan_named(request: SignedInRequest, default: Plan | None) -> Plan:
    """The plan that the address names, else `default`."""
    if (wanted := key_in(request, "plan")) is not None:
        return get_object_or_404(Plan, pk=wanted)
    if default is None:
        raise Http404
    return default
