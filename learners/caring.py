"""What a bureau does for one learner: lets a helper look after the record, lets off hours.

Each is for the bureaus that hold the learner. The audit names the record by its number only.
"""

from __future__ import annotations

import datetime
import secrets
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from bureaus.access import bureaus_for
from bureaus.models import AuditEvent, Bureau, User
from learners.models import AccountLink, Exemption, Learner
from learners.names import normalise
from peixun.lib.comparing import comparable

DEED = "enrolments.decide"
# Without 0 O 1 I L: a first password is read from paper.
SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
DAY = datetime.timedelta(days=1)


class CannotHelp(ValidationError):
    """This account may not look after this learner. The text is for the user."""


@dataclass(frozen=True, slots=True)
class Consent:
    """The learner said yes to a helper: when, how, and up to which day."""

    at: datetime.datetime
    how: str
    until: datetime.date | None = None


def label_of(learner: Learner) -> str:
    """The record in the audit: its number, not the name."""
    return str(_("学员档案 %(pk)d") % {"pk": learner.pk})


def bureau_acting(user: User, learner: Learner, deed: str) -> Bureau | None:
    """The bureau for which the user does `deed` for this learner: the first that holds both."""
    held = bureaus_for(user, deed).filter(holdings__learner=learner)
    return held.order_by("holdings__since", "pk").first()


def first_holder(learner: Learner) -> Bureau | None:
    """The bureau whose audit tells of what learners do themselves."""
    return Bureau.objects.filter(holdings__learner=learner).order_by("holdings__since", "pk").first()


@transaction.atomic
def allow_helper(
    learner: Learner, *, username: str, name: str, consent: Consent, by: User
) -> tuple[AccountLink, str]:
    """Lets the account of this user name look after the learner, as consented; it is made where missing.

    Gives the link and the first password of a new account, else "". The name must be the account's own:
    a user name that was mistyped may be somebody else's. Raises `CannotHelp`.
    """
    user, password = account_of(username, name)
    if user == by:
        raise CannotHelp(_("不能把自己登记为代管家人，请由同事核对同意书后办理。"))
    known = AccountLink.objects.select_for_update().filter(user=user, learner=learner).first()
    if known and known.relation == AccountLink.Relation.SELF:
        raise CannotHelp(_("这是学员本人的账号，不用登记代管。"))
    link = known or AccountLink(user=user, learner=learner)
    link.relation = AccountLink.Relation.HELPER
    link.consented_at, link.consented_how, link.until = consent.at, consent.how, consent.until
    link.save()
    AuditEvent.record(
        AuditEvent.Deed.HELPER_CHANGED,
        learner,
        user=by,
        bureau=bureau_acting(by, learner, DEED),
        after={"consent": link.get_consented_how_display(), "until": consent.until, "added": True},
        label=label_of(learner),
    )
    return link, password


def account_of(username: str, name: str) -> tuple[User, str]:
    """The account of this user name, made with a first password where there is none."""
    user = User.objects.filter(username__iexact=username).first()
    if user is None:
        password = first_password()
        return User.objects.create_user(
            username, password=password, name=name, must_change_password=True
        ), password
    if not user.is_active:
        raise CannotHelp(_("这个账号已停用。"))
    if comparable(normalise(user.name)) != comparable(normalise(name)):
        raise CannotHelp(_("这个用户名已有账号，但姓名不是您填写的。请核对用户名，或换一个用户名。"))
    return user, ""


def first_password() -> str:
    """Three groups of four: easy to read out, too many to guess."""
    return "-".join("".join(secrets.choice(SIGNS) for _sign in range(4)) for _group in range(3))


@transaction.atomic
def end_helper(link: AccountLink, *, by: User, on: datetime.date) -> None:
    """From `on` the helper sees nothing any more; that there was one stays on record.

    By an officer, or by the learner, whose consent it was.
    """
    link.until = on - DAY
    link.save(update_fields=["until"])
    AuditEvent.record(
        AuditEvent.Deed.HELPER_CHANGED,
        link.learner,
        user=by,
        bureau=bureau_acting(by, link.learner, DEED) or first_holder(link.learner),
        after={"until": link.until, "deleted": True},
        label=label_of(link.learner),
    )


@transaction.atomic
def exempt(exemption: Exemption, *, by: User) -> None:
    """Lets the learner off, as written in `exemption`, which is not saved yet."""
    exemption.made_by = by
    exemption.full_clean()
    exemption.save()
    record_exemption(exemption, by=by, after=facts_of(exemption), reason=exemption.reason)


@transaction.atomic
def withdraw_exemption(exemption: Exemption, *, by: User) -> None:
    before = facts_of(exemption)
    record_exemption(exemption, by=by, before=before)
    exemption.delete()


def facts_of(exemption: Exemption) -> dict[str, object]:
    return {
        "requirement": str(exemption.requirement),
        "valid_from": exemption.valid_from,
        "valid_to": exemption.valid_to,
    }


def record_exemption(
    exemption: Exemption,
    *,
    by: User,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
    reason: str = "",
) -> None:
    learner = exemption.learner
    AuditEvent.record(
        AuditEvent.Deed.EXEMPTION_CHANGED,
        learner,
        user=by,
        bureau=bureau_acting(by, learner, DEED),
        before=before,
        after=after,
        reason=reason,
        label=label_of(learner),
    )
