"""How allauth signs people in here: no open sign-up, the phone is a column of the account."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from bureaus.models import User


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are given by a bureau; nobody makes one for himself."""
        return False

    def get_phone(self, user: User) -> tuple[str, bool] | None:
        return (user.phone, True) if user.phone else None

    def set_phone(self, user: User, phone: str, verified: bool) -> None:
        user.phone = phone
        user.save(update_fields=["phone"])

    def set_phone_verified(self, user: User, phone: str) -> None:
        """An account's phone was entered by its bureau and counts as verified."""

    def get_user_by_phone(self, phone: str) -> User | None:
        digits = "".join(character for character in phone if character.isdigit())
        return User.objects.filter(
            phone=f"+86{digits.removeprefix('86') if len(digits) > 11 else digits}"
        ).first()

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """A phone written without +86 is tried as one; allauth takes it for a user name."""
        name = credentials.get("username", "")
        if "phone" not in credentials and name.isdigit() and len(name) == 11:
            credentials["phone"] = name
        return super().authenticate(request, **credentials)
