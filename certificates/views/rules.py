"""Who gets a certificate: the rules of the programmes that one's bureaus lead."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from bureaus.access import SignedInRequest, allowed
from bureaus.exporting import form_wanted, list_file
from certificates.forms.preparing import EndRuleForm, IssueRuleForm
from certificates.list_columns import RULES
from certificates.models import IssueRule
from certificates.models.rules import programmes_ruled_by
from certificates.preparing import end_rule, save_rule
from courses.forms.refusals import refusals_on
from courses.models import Programme
from peixun.lib.listing import page_of

STATES = (("ended", gettext_lazy("已到期")),)


@require_GET
@allowed("certificates.issue")
def rules(request: SignedInRequest) -> HttpResponseBase:
    """The rules in force and to come; by `state=ended` those that are over."""
    today = timezone.localdate()
    over = Q(valid_to__lt=today)
    ended = request.GET.get("state") == "ended"
    found = IssueRule.objects.filter(over if ended else ~over | Q(valid_to=None))
    lines = found.select_related("programme__plan", "template").annotate(used=Count("batches"))
    lines = lines.order_by("programme__name", "valid_from", "pk")
    if form_wanted(request):
        return list_file(request, _("发证条件"), RULES, rows=lines)
    context = {
        "page": page_of(request, lines),
        "mine": set(IssueRule.objects.editable_by(request.user).values_list("pk", flat=True)),
        "may_add": programmes_ruled_by(request.user).exists(),
        "states": STATES,
        "today": today,
    }
    return render(request, "certificates/rules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("certificates.issue")
def new_rule(request: SignedInRequest) -> HttpResponse:
    """For a programme that the address may name."""
    asked = request.GET.get("programme", "")
    programme = Programme.objects.filter(pk=asked).first() if asked.isascii() and asked.isdigit() else None
    return keep_rule(request, IssueRule(programme=programme) if programme else IssueRule())


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("certificates.issue")
def edit_rule(request: SignedInRequest, pk: int) -> HttpResponse:
    found = editable(request, pk)
    if found.batches.exists():
        messages.info(request, _("这个发证条件已经用过，不能再改。可以让它到期，再新建一个。"))
        return redirect("certificates:rule-end", pk)
    return keep_rule(request, found)


def editable(request: SignedInRequest, pk: int) -> IssueRule:
    """Everybody who issues sees all rules; who leads the programme changes them."""
    found = get_object_or_404(IssueRule.objects.select_related("programme", "template"), pk=pk)
    if not IssueRule.objects.editable_by(request.user).filter(pk=pk).exists():
        raise PermissionDenied(_("这个项目的发证条件由牵头单位维护。"))
    return found


def keep_rule(request: SignedInRequest, rule: IssueRule) -> HttpResponse:
    form = IssueRuleForm(request.POST or None, instance=rule, user=request.user)
    if request.method == "POST" and form.is_valid():
        labels = [str(form.fields[name].label) for name in form.changed_data]
        with refusals_on(form):
            save_rule(form.instance, user=request.user, changed=labels)
        if form.is_valid():
            messages.success(request, _("发证条件已保存。"))
            return redirect("certificates:rules")
    context = {"form": form, "rule": rule if rule.pk else None}
    return render(request, "certificates/rule_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@allowed("certificates.issue")
def finish_rule(request: SignedInRequest, pk: int) -> HttpResponse:
    """Gives a rule its last day; what was issued by it stays."""
    found = editable(request, pk)
    form = EndRuleForm(request.POST or None, rule=found, today=timezone.localdate())
    if request.method == "POST" and form.is_valid():
        end_rule(found, last_day=form.cleaned_data["last_day"], user=request.user)
        messages.success(request, _("已记下最后一天，之后不再按它发证。"))
        return redirect("certificates:rules")
    context = {"form": form, "rule": found}
    return render(request, "certificates/rule_end.html", context, status=422 if form.errors else 200)
