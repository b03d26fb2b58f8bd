"""An officer ends a class (办理结业), and takes that back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from bureaus.access import SignedInRequest, allowed
from bureaus.models import YearClosed
from courses.enrolling import finishing
from courses.enrolling.moves import CannotEnrol
from courses.forms.enrolling import FinishForm, ReasonForm
from courses.models import ClassRun, Enrolment, Session
from courses.views.enrolling import run_of

State = Enrolment.State


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("enrolments.decide")
def finish(request: SignedInRequest, pk: int) -> HttpResponse:
    """Everybody in the class with what is proposed; the officer sets it and confirms."""
    run = run_of(request, pk)
    late, lines = lines_for(run)
    form = FinishForm(request.POST or None, lines=lines)
    if request.method == "POST" and form.is_valid():
        deed = finishing.finish_late if late else finishing.finish
        try:
            deed(run.pk, form.ends(), by=request.user, reason=form.cleaned_data["reason"])
        except (CannotEnrol, YearClosed) as error:
            form.add_error(None, str(error))
        else:
            done = _("%(count)d 人的结果已补上。") if late else _("“%(run)s”已办理结业。")
            messages.success(request, done % {"run": run, "count": late})
            return redirect("courses:run", run.pk)
    return show_finish(request, run, form)


def lines_for(run: ClassRun) -> tuple[int, list[finishing.Line]]:
    """How many came in after the run was over, and their lines; without any, 0 and everybody's."""
    late = set(finishing.late_in(run).values_list("pk", flat=True))
    lines = finishing.lines_of(run)
    return len(late), [line for line in lines if line.enrolment.pk in late] if late else lines


def show_finish(
    request: SignedInRequest, run: ClassRun, form: FinishForm, *, reopening: ReasonForm | None = None
) -> HttpResponse:
    planned = run.sessions.filter(state=Session.State.PLANNED)
    today = timezone.localdate()
    late = finishing.late_in(run).count()
    context = {
        "run": run,
        "form": form,
        "rows": form.rows(),
        "held": run.sessions.filter(state=Session.State.HELD).count(),
        "open_sessions": planned.count(),
        "hopeful": run.enrolments.filter(state__in=(State.APPLIED, State.WAITING)).count(),
        "to_match": run.enrolments.filter(to_match=True).count(),
        "late": late,
        "over": run.state in (ClassRun.State.FINISHED, ClassRun.State.CANCELLED) and not late,
        "reopening": reopening or ReasonForm(),
        "today": today,
    }
    status = 422 if form.errors or (reopening and reopening.errors) else 200
    return render(request, "courses/finish.html", context, status=status)


@require_POST
@allowed("enrolments.decide")
def reopen(request: SignedInRequest, pk: int) -> HttpResponse:
    run = run_of(request, pk)
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            finishing.reopen(run.pk, by=request.user, reason=form.cleaned_data["reason"])
        except (CannotEnrol, YearClosed) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("已撤回结业，可以继续登记和调整。"))
            return redirect("courses:finish", run.pk)
    return show_finish(request, run, FinishForm(lines=lines_for(run)[1]), reopening=form)
