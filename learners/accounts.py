"""Learners' accounts, opened by a bureau that checked who stands before it, with a first password to change.

An account is tied to a learner by that check, never by a name or a phone alone.
"""

from __future__ import annotations

import secrets

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from bureaus.models import AuditEvent, User
from learners.caring import bureau_acting, first_password, label_of
from learners.models import AccountLink, Learner

DEED = "accounts.open"
DIGITS = "0123456789"


def own_account(learner: Learner) -> User | None:
    """The account that is the learner's own, the newest where there are several."""
    own = AccountLink.objects.filter(learner=learner, relation=AccountLink.Relation.SELF)
    links = own.exclude(until__lt=timezone.localdate()).select_related("user")
    link = links.order_by("-pk").first()
    return link.user if link else None


def proposed_username() -> str:
    """Short, easy to type on a phone, free, and telling nothing of its owner."""
    while True:
        name = "x" + "".join(secrets.choice(DIGITS) for _place in range(6))
        if not User.objects.filter(username=name).exists():
            return name


@sensitive_variables()
@transaction.atomic
def open_account(learner: Learner, *, username: str, phone: str, by: User) -> tuple[User, str]:
    """The new account and its first password, which is told this once. `phone` is +86…, or empty.

    Raises `ValidationError` where the learner has an account by now.
    """
    learner = Learner.objects.select_for_update().get(pk=learner.pk)
    if own_account(learner):
        raise ValidationError(_("这名学员已有账号。忘记密码的，请重设密码。"))
    account = User(username=username, name=learner.name[:60], phone=phone, must_change_password=True)
    password = first_password()
    account.set_password(password)
    account.save()
    AccountLink.objects.create(user=account, learner=learner)
    record(AuditEvent.Deed.ACCOUNT_OPENED, learner, by=by)
    return account, password


@sensitive_variables()
@transaction.atomic
def reset_password(learner: Learner, account: User, *, by: User) -> str:
    """A new first password, told this once; whoever is signed in with the old one is not any more.

    Raises `ValidationError` for an account that opens more than `by` answers for: who resets the password
    could look there.
    """
    account = User.objects.select_for_update().get(pk=account.pk)
    if works(account):
        raise ValidationError(_("这个账号也是工作人员的账号，请联系技术管理员重设密码。"))
    if looks_after_others(account, by=by):
        raise ValidationError(_("这个账号还看得到别的单位的学员，请联系技术管理员重设密码。"))
    password = first_password()
    account.set_password(password)
    account.must_change_password = True
    account.save(update_fields=["password", "must_change_password"])
    record(AuditEvent.Deed.ACCOUNT_RESET, learner, by=by)
    return password


def record(deed: AuditEvent.Deed, learner: Learner, *, by: User) -> None:
    """That it was done, on the officer's check of who stood there; no user name, no password."""
    bureau = bureau_acting(by, learner, DEED)
    AuditEvent.record(deed, learner, user=by, bureau=bureau, after={"matched": True}, label=label_of(learner))


def works(account: User) -> bool:
    """Whether the account is more than a learner's."""
    return account.is_staff or account.is_superuser or account.memberships.exists()


def looks_after_others(account: User, *, by: User) -> bool:
    """Whether it opens a record that no bureau of `by` holds."""
    links = AccountLink.objects.open_to(account, timezone.localdate())
    return links.exclude(learner__in=Learner.objects.held_for(by, DEED)).exists()
