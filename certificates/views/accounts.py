"""A learner's own account: opened, or given a new first password, by a bureau that holds the learner."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from bureaus.access import SignedInRequest, allowed
from bureaus.models import User
from certificates.forms.accounts import AccountForm, CheckForm
from certificates.views.caring import held
from learners.accounts import DEED, open_account, own_account, proposed_username, reset_password, works
from learners.caring import bureau_acting
from learners.models import Identity, Learner


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@allowed("accounts.open")
def account_for(request: SignedInRequest, pk: int) -> HttpResponse:
    """The learner's own account: its user name where there is one, else a form to open it."""
    learner = held(request, pk, DEED)
    account = own_account(learner)
    if request.method != "POST":
        form = CheckForm() if account else AccountForm(initial={"username": proposed_username()})
        return show_account(request, learner, account, form)
    form = AccountForm(request.POST)
    if form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("username", "phone")}
        try:
            return show_slip(request, learner, *open_account(learner, by=request.user, **given))
        except ValidationError as refusal:
            form.add_error(None, refusal)
    return show_account(request, learner, own_account(learner), form)


@require_POST
@never_cache
@allowed("accounts.open")
def account_reset(request: SignedInRequest, pk: int) -> HttpResponse:
    """A new first password for who forgot one's own."""
    learner = held(request, pk, DEED)
    account = own_account(learner)
    if account is None:
        return redirect("certificates:account-for", pk)
    form = CheckForm(request.POST)
    if form.is_valid():
        try:
            return show_slip(request, learner, account, reset_password(learner, account, by=request.user))
        except ValidationError as refusal:
            form.add_error(None, refusal)
    return show_account(request, learner, account, form)


def show_account(
    request: SignedInRequest, learner: Learner, account: User | None, form: AccountForm | CheckForm
) -> HttpResponse:
    context = {
        "learner": learner,
        "papers": learner.identities.exclude(kind=Identity.Kind.EMPLOYER_NAME),
        "account": account,
        "works": account is not None and works(account),
        "form": form,
    }
    return render(request, "certificates/account_for.html", context, status=422 if form.is_bound else 200)


@sensitive_variables("password")
def show_slip(request: SignedInRequest, learner: Learner, account: User, password: str) -> HttpResponse:
    """Shows the first password this once: it is stored as a hash only, so no other page could show it."""
    context = {
        "learner": learner,
        "account": account,
        "password": password,
        "unit": bureau_acting(request.user, learner, DEED),
        "address": request.build_absolute_uri("/"),
        "today": timezone.localdate(),
    }
    return render(request, "certificates/account_slip.html", context)
