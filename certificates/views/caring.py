"""What an officer does for one learner: shows a whole number, lets a helper in, lets off hours."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from bureaus.access import SignedInRequest, allowed
from bureaus.models import User
from certificates.forms.caring import ExemptionForm, HelperForm, ReasonForm
from certificates.records import UNNAMED
from courses.duties import duty_of
from courses.models import Enrolment
from learners.caring import CannotHelp, allow_helper, end_helper, exempt, withdraw_exemption
from learners.models import AccountLink, Learner
from learners.own_data import papers_of, reveal


def held(request: SignedInRequest, pk: int, deed: str) -> Learner:
    """A learner held by a bureau for which the user may do `deed`, under the name that it wrote."""
    learner = get_object_or_404(Learner.objects.held_for(request.user, deed), pk=pk)
    learner.name = name_for(request.user, learner)
    return learner


def name_for(user: User, learner: Learner) -> str:
    names = Enrolment.objects.written_for(user).filter(learner=learner).newest_names()
    return names.get(learner.pk, UNNAMED)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@allowed("id_numbers.see")
def id_number(request: SignedInRequest, pk: int) -> HttpResponse:
    """The whole numbers, once, against a reason that the learner can read."""
    learner = held(request, pk, "id_numbers.see")
    form = ReasonForm(request.POST if request.method == "POST" else None)
    context = {"learner": learner, "form": form, "any": papers_of(learner).exists()}
    if request.method == "POST" and form.is_valid():
        context["papers"] = reveal(learner, by=request.user, reason=form.cleaned_data["reason"])
    return render(request, "certificates/id_number.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@allowed("enrolments.decide")
def helpers(request: SignedInRequest, pk: int) -> HttpResponse:
    """Who may look at the record; a helper is let in with the learner's consent on record."""
    learner, today = held(request, pk, "enrolments.decide"), timezone.localdate()
    form = HelperForm(request.POST if request.method == "POST" else None, today=today)
    context = {"learner": learner, "form": form, "today": today}
    if request.method == "POST" and form.is_valid():
        who = {name: form.cleaned_data[name] for name in ("username", "name")}
        try:
            link, password = allow_helper(learner, consent=form.consent(), by=request.user, **who)
        except CannotHelp as error:
            form.add_error(None, error)
        else:
            # Shown once: it is stored nowhere but as a hash.
            context |= {"made": link, "password": password, "form": HelperForm(today=today)}
    context["links"] = learner.account_links.select_related("user").order_by("-relation", "pk")
    return render(request, "certificates/helpers.html", context, status=422 if form.errors else 200)


@require_POST
@allowed("enrolments.decide")
def helper_end(request: SignedInRequest, pk: int, link: int) -> HttpResponse:
    learner = held(request, pk, "enrolments.decide")
    helpers = AccountLink.objects.filter(learner=learner, relation=AccountLink.Relation.HELPER)
    end_helper(get_object_or_404(helpers, pk=link), by=request.user, on=timezone.localdate())
    messages.success(request, _("已结束，这个账号看不到该学员的记录了。"))
    return redirect("certificates:helpers", learner.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("enrolments.decide")
def exemptions(request: SignedInRequest, pk: int) -> HttpResponse:
    """What the learner is let off, and letting off more."""
    learner = held(request, pk, "enrolments.decide")
    form = ExemptionForm(request.POST if request.method == "POST" else None, learner=learner)
    if request.method == "POST" and form.is_valid():
        exempt(form.instance, by=request.user)
        messages.success(request, _("已登记减免，应完成的学时按天数相应减少。"))
        return redirect("certificates:exemptions", learner.pk)
    context = {
        "learner": learner,
        "form": form,
        "duties": duty_of(learner, on=timezone.localdate()),
        "exemptions": learner.exemptions.select_related("requirement", "made_by"),
    }
    return render(request, "certificates/duty_exemptions.html", context, status=422 if form.errors else 200)


@require_POST
@allowed("enrolments.decide")
def exemption_remove(request: SignedInRequest, pk: int, exemption: int) -> HttpResponse:
    learner = held(request, pk, "enrolments.decide")
    found = learner.exemptions.select_related("requirement", "learner").filter(pk=exemption).first()
    if found:  # else somebody took it back in the meantime
        withdraw_exemption(found, by=request.user)
    messages.success(request, _("已撤销减免。"))
    return redirect("certificates:exemptions", learner.pk)
