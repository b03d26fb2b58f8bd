"""Courses (课程): the list, one with its materials, adding, changing and copying; files in and out."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bureaus.access import SignedInRequest, allowed, may
from bureaus.exporting import form_wanted, list_file
from bureaus.models import Bureau
from courses.forms.courses import CourseCopyForm, CourseFilter, CourseForm, MaterialForm
from courses.list_columns import COURSES, COURSES_TAUGHT
from courses.models import Course, CourseMaterial, Plan, Programme, Session
from courses.models.materials import CourseQuerySet
from courses.teaching import add_material, copy_course, remove_material, save_course
from peixun.lib.listing import containing, in_order, key_in, page_of
from peixun.lib.search import kept_search, searchable

SESSIONS_SHOWN = 20
SORTS = {"name": "name", "programme": "programme__order", "hours": "hours", "taught": "taught"}


@searchable
def courses(request: SignedInRequest) -> HttpResponseBase:
    """Every course: whoever is signed in may read outlines and materials."""
    form, words = CourseFilter(request.GET), kept_search(request)
    current = Plan.objects.of_year(timezone.localdate().year)
    found = form.narrow(Course.objects.all(), current=current)
    plan = form.cleaned_data.get("plan") or current
    if words:
        found = found.filter(containing(words, "name", "outline", "programme__name"))
    lines = in_order(request, with_counts(found), SORTS, default="name")
    lines = lines.select_related("programme", "bureau")
    if form_wanted(request):
        columns = COURSES_TAUGHT if may(request.user, "runs.read") else COURSES
        return list_file(request, _("课程"), columns, rows=lines)
    context = {
        "page": page_of(request, lines),
        "words": words,
        "sort": "name",
        "narrowed": bool(words or any(form.cleaned_data.values())),
        "plans": [(one.pk, f"{one.first_year}—{one.last_year}") for one in Plan.objects.all()],
        "plan": plan.pk if plan else "",
        "programmes": with_courses(Programme.objects.filter(plan=plan)),
        "bureaus": with_courses(Bureau.objects.all()),
        "reader": may(request.user, "runs.read"),
        "may_edit": may(request.user, "runs.edit"),
    }
    return render(request, "courses/courses.html", context)


def with_counts(courses: CourseQuerySet) -> CourseQuerySet:
    """Each course with `taught`, its sessions not cancelled, and `files`, its materials."""
    held = ~Q(sessions__state=Session.State.CANCELLED)
    return courses.annotate(
        taught=Count("sessions", filter=held, distinct=True), files=Count("materials", distinct=True)
    )


def with_courses(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Programmes or bureaus that have courses, as choices."""
    return rows.filter(courses__isnull=False).distinct().values_list("pk", "name")


@require_GET
def course(request: SignedInRequest, pk: int) -> HttpResponse:
    return show_course(request, course_of(pk))


def course_of(pk: int) -> Course:
    return get_object_or_404(Course.objects.select_related("programme", "bureau"), pk=pk)


def show_course(request: SignedInRequest, found: Course, form: MaterialForm | None = None) -> HttpResponse:
    """Outline and materials for everybody; where it was taught as far as the user sees it."""
    reader = may(request.user, "runs.read")
    taught = Session.objects.visible_to(request.user) if reader else Session.objects.none()
    taught = taught.filter(course=found).exclude(state=Session.State.CANCELLED)
    context: dict[str, Any] = {
        "course": found,
        "materials": found.materials.all(),
        "sessions": taught.select_related("run", "bureau").order_by("-held_on", "-pk")[:SESSIONS_SHOWN],
        "taught": taught.count(),
        "reader": reader,
        "may_copy": may(request.user, "runs.edit"),
        "may_edit": Course.objects.editable_by(request.user).filter(pk=found.pk).exists(),
        "form": form or MaterialForm(),
    }
    return render(request, "courses/course.html", context, status=422 if form else 200)


def editable(request: SignedInRequest, pk: int) -> Course:
    """The course, for those who maintain it; 403 for others, since everybody may read it."""
    found = course_of(pk)
    if not Course.objects.editable_by(request.user).filter(pk=pk).exists():
        owner = found.bureau or _("统筹单位")
        raise PermissionDenied(_("这门课程由%(owner)s维护。可以复制一份到本单位再修改。") % {"owner": owner})
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("runs.edit")
def new_course(request: SignedInRequest) -> HttpResponse:
    initial = {"programme": key_in(request, "programme")}
    form = CourseForm(request.POST or None, instance=Course(), initial=initial, user=request.user)
    return keep_course(request, form, title=_("新建课程"))


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("runs.edit")
def edit_course(request: SignedInRequest, pk: int) -> HttpResponse:
    found = editable(request, pk)
    form = CourseForm(request.POST or None, instance=found, user=request.user)
    return keep_course(request, form, title=_("修改课程"))


def keep_course(request: SignedInRequest, form: CourseForm, *, title: str) -> HttpResponse:
    """The form of a new or known course; saves what is right."""
    if request.method == "POST" and form.is_valid():
        found = form.save(commit=False)
        save_course(found, user=request.user, changed=form.changed_labels())
        messages.success(request, _("“%(name)s”已保存。") % {"name": found.name})
        return redirect("courses:course", found.pk)
    context = {"form": form, "course": form.instance, "title": title}
    return render(request, "courses/course_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("runs.edit")
def copy(request: SignedInRequest, pk: int) -> HttpResponse:
    """Any course, another bureau's too, to a bureau of the user's."""
    found = course_of(pk)
    initial = {"name": found.name, "programme": found.programme_id}
    form = CourseCopyForm(request.POST or None, instance=Course(), initial=initial, user=request.user)
    if request.method == "POST" and form.is_valid():
        made = form.save(commit=False)
        copy_course(found, made, with_materials=form.cleaned_data["materials"], user=request.user)
        messages.success(request, _("已复制为“%(name)s”，可以接着修改。") % {"name": made.name})
        return redirect("courses:course", made.pk)
    context = {"form": form, "course": found}
    return render(request, "courses/course_copy.html", context, status=422 if form.errors else 200)


@require_POST
@allowed("runs.edit")
def new_material(request: SignedInRequest, pk: int) -> HttpResponse:
    found = editable(request, pk)
    form = MaterialForm(request.POST, request.FILES, instance=CourseMaterial(course=found))
    if not form.is_valid():
        return show_course(request, found, form)
    material = form.save(commit=False)
    add_material(material, user=request.user)
    messages.success(request, _("“%(title)s”已上传。") % {"title": material.title})
    return redirect("courses:course", found.pk)


@require_GET
def material(request: SignedInRequest, pk: int) -> FileResponse:
    """The file, to be saved and never shown within the site."""
    found = get_object_or_404(CourseMaterial, pk=pk)
    try:
        file = found.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    return FileResponse(file, as_attachment=True, filename=found.download_name)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("runs.edit")
def drop_material(request: SignedInRequest, pk: int) -> HttpResponse:
    """Asks first: what is deleted does not come back."""
    found = get_object_or_404(CourseMaterial, pk=pk)
    course = editable(request, found.course_id)
    if request.method != "POST":
        return render(request, "courses/course_material_remove.html", {"material": found, "course": course})
    remove_material(found, user=request.user)
    messages.success(request, _("“%(title)s”已删除。") % {"title": found.title})
    return redirect("courses:course", found.course_id)
