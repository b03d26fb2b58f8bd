"""How allauth signs people in here: no open sign-up, the phone is a column of the account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from bureaus import sms_codes
from bureaus.forms import MobileField
from bureaus.models import User
from bureaus.phones import mobile

CHANGING = "account_change_password"
# What somebody may open before the first password is changed.
OPEN = {CHANGING, "account_logout", "bureaus:type", "bureaus:language"}


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are given by a bureau; nobody makes one for himself."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Gives an account one name, however its phone is written: tries are counted by it."""
        phone = mobile(credentials.pop("phone", "") or credentials.get("username", ""))
        if phone:
            owner = self.get_user_by_phone(phone)
            credentials["username"] = owner.username if owner else phone
        return super().authenticate(request, **credentials)

    # --- Phones ---------------------------------------------------------------------------------

    def phone_form_field(self, **kwargs: Any) -> MobileField:
        return MobileField(**kwargs)

    def get_user_by_phone(self, phone: str) -> User | None:
        return User.objects.filter(phone=f"+86{mobile(phone)}").first()

    def get_phone(self, user: User) -> tuple[str, bool] | None:
        return (user.phone, True) if user.phone else None

    def set_phone(self, user: User, phone: str, verified: bool) -> None:
        user.phone = phone
        user.save(update_fields=["phone"])

    def set_phone_verified(self, user: User, phone: str) -> None:
        """An account's phone was entered by its bureau and counts as verified."""

    @sensitive_variables()
    def send_verification_code_sms(self, user: User, phone: str, code: str, **kwargs: Any) -> None:
        sms_codes.send(code, to=mobile(phone))

    # --- First passwords ------------------------------------------------------------------------

    @sensitive_variables()
    def clean_password(self, password: str, user: User | None = None) -> str:
        if user is not None and user.must_change_password and user.check_password(password):
            raise ValidationError(_("新密码不能和单位给的初始密码一样。"))
        return str(super().clean_password(password, user))

    @sensitive_variables()
    def set_password(self, user: User, password: str) -> None:
        """A password of one's own is no first one any more."""
        user.must_change_password = False
        super().set_password(user, password)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return resolve_url(settings.LOGIN_REDIRECT_URL)


class FirstPasswordIsChanged:
    """Who signed in with a password that others know, since a bureau gave it, changes it before all else.

    Stands after `AuthenticationMiddleware`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        user = request.user
        if not user.is_authenticated or not user.must_change_password:
            return None
        match = request.resolver_match
        return None if match and match.view_name in OPEN else redirect(CHANGING)
