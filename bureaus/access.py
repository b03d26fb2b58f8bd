"""Who may do what, and how far one sees. Role words appear here and nowhere else.

`scope_of` says which bureaus and districts a user sees; the querysets' `visible_to` apply it.
`may` says which deeds a role allows; the decorator `allowed` answers 403 where none does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from bureaus.models.accounts import Membership, User
from bureaus.models.audit import AuditEvent
from bureaus.models.bureaus import Bureau, BureauQuerySet

Role = Membership.Role
P = ParamSpec("P")

OFFICE = frozenset({Role.COORDINATOR, Role.ADMINISTRATOR, Role.OFFICER})
READERS = OFFICE | {Role.REVIEWER}
DEEDS: dict[str, frozenset[Role]] = {
    "figures.read": READERS,
    "ledger.import": OFFICE,
    "ledger.export": READERS,
    "forms.edit": OFFICE,
    "runs.read": READERS | {Role.TRAINER},
    "runs.edit": OFFICE,
    "programmes.edit": frozenset({Role.COORDINATOR, Role.ADMINISTRATOR}),
    "attendance.register": OFFICE | {Role.TRAINER},
    "enrolments.decide": OFFICE,
    "learners.read": READERS,
    "learners.merge": OFFICE,
    "id_numbers.see": OFFICE,
    "id_numbers.export": frozenset({Role.COORDINATOR, Role.ADMINISTRATOR}),
    "accounts.open": OFFICE,
    "certificates.read": READERS,
    "certificates.issue": OFFICE,
    "commitment.mark": OFFICE,
    "year.close": frozenset({Role.COORDINATOR, Role.ADMINISTRATOR}),
    "audit.read": frozenset({Role.COORDINATOR, Role.ADMINISTRATOR, Role.AUDITOR}),
}
# Roles whose reach opens personal records; an auditor or a technician reads none.
SEEING = READERS


@dataclass(frozen=True, slots=True)
class Scope:
    """What a user sees: the whole city, or these bureaus (by id) and these districts (by id)."""

    whole_city: bool
    bureaus: frozenset[int]
    districts: frozenset[int]

    def covers(self, *, bureau: str, district: str) -> Q:
        """Rows on which these paths lead into the scope; all rows for the whole city."""
        if self.whole_city:
            return Q()
        return Q(**{f"{bureau}__in": self.bureaus}) | Q(**{f"{district}__in": self.districts})


def memberships_of(user: User | AnonymousUser) -> list[Membership]:
    """The user's memberships, read once a request. One query."""
    if not user.is_authenticated:
        return []
    if not hasattr(user, "_memberships"):
        user._memberships = list(user.memberships.select_related("bureau__district"))  # type: ignore[attr-defined]
    return user._memberships  # type: ignore[attr-defined, no-any-return]


def with_memberships(users: QuerySet[User]) -> list[User]:
    """These users, with their memberships read ahead for `memberships_of`. Two queries, however many."""
    found = list(users)
    by_user: dict[int, list[Membership]] = {user.pk: [] for user in found}
    for member in Membership.objects.filter(user__in=by_user).select_related("bureau__district"):
        by_user[member.user_id].append(member)
    for user in found:
        user._memberships = by_user[user.pk]  # type: ignore[attr-defined]
    return found


def scope_of(user: User | AnonymousUser, *, roles: frozenset[Role] = SEEING) -> Scope:
    """The reach of those of the user's memberships whose role is among `roles`."""
    members = [member for member in memberships_of(user) if member.role in roles]
    if any(member.role == Role.COORDINATOR for member in members):
        return Scope(True, frozenset(), frozenset())
    bureaus = {member.bureau_id for member in members}
    below = [member.bureau_id for member in members if member.reach == Membership.Reach.BELOW]
    bureaus |= bureaus_below(below)
    districts = {
        member.bureau.district_id
        for member in members
        if member.reach == Membership.Reach.DISTRICT and member.bureau.district_id
    }
    return Scope(False, frozenset(bureaus), frozenset(districts))


def bureaus_below(bureaus: list[int]) -> set[int]:
    """The bureaus under these in their professional line, at any depth. One query a level."""
    found: set[int] = set()
    level = set(bureaus)
    while level:
        level = set(Bureau.objects.filter(parent__in=level).values_list("pk", flat=True)) - found
        found |= level
    return found


def may(user: User | AnonymousUser, deed: str) -> bool:
    """Whether one of the user's roles allows `deed` somewhere."""
    return any(member.role in DEEDS[deed] for member in memberships_of(user))


def bureaus_for(user: User | AnonymousUser, deed: str) -> BureauQuerySet:
    """The bureaus for which the user may do `deed`."""
    scope = scope_of(user, roles=DEEDS[deed])
    if scope.whole_city:
        return Bureau.objects.all()
    return Bureau.objects.filter(Q(pk__in=scope.bureaus) | Q(district__in=scope.districts))


def for_whole_city(user: User | AnonymousUser, deed: str) -> bool:
    """Whether the user may do `deed` for every bureau, and so for what belongs to none."""
    return scope_of(user, roles=DEEDS[deed]).whole_city


def accounts_for(bureaus: QuerySet[Bureau], deed: str) -> QuerySet[User]:
    """The accounts with a role at one of these bureaus that allows `deed`."""
    members = Membership.objects.filter(bureau__in=bureaus, role__in=DEEDS[deed])
    return User.objects.filter(pk__in=members.values("user"), is_active=True)


def audit_in_reach(user: User | AnonymousUser) -> QuerySet[AuditEvent]:
    """The lines of the bureaus whose audit the user may read; who sees the city sees all."""
    if scope_of(user, roles=DEEDS["audit.read"]).whole_city:
        return AuditEvent.objects.all()
    return AuditEvent.objects.filter(bureau__in=bureaus_for(user, "audit.read"))


class SignedInRequest(HttpRequest):
    """The request of a view that only signed-in people reach."""

    user: User
    htmx: HtmxDetails


View = Callable[Concatenate[SignedInRequest, P], HttpResponseBase]
OpenView = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def allowed(deed: str) -> Callable[[View[P]], OpenView[P]]:
    """For views: 403 where no role of the user allows `deed`."""

    def decorate(view: View[P]) -> OpenView[P]:
        @wraps(view)
        def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not may(request.user, deed):
                raise PermissionDenied(_("您的角色不能做这件事。如有需要，请联系单位管理员。"))
            return view(cast("SignedInRequest", request), *args, **kwargs)

        return cast("OpenView[P]", checked)

    return decorate
