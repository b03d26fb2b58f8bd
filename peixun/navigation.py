"""What every page shows around its content: the navigation of one's roles, who one is, the size of type."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from bureaus.access import may, memberships_of

LARGE = "large"


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    label: str
    url: str
    active: bool


def page(request: HttpRequest) -> dict[str, object]:
    """Context processor: `nav`, `who` and `large_type`. One query, of the user's memberships."""
    return {
        "nav": navigation(request),
        "who": who(request),
        "large_type": request.COOKIES.get("type") == LARGE,
    }


def navigation(request: HttpRequest) -> list[NavigationEntry]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    works = bool(memberships_of(user)) or user.is_staff
    wanted = [
        (works, _("工作台"), "ledgers:home"),
        (may(user, "figures.read"), _("指标进度"), "ledgers:progress"),
        (may(user, "runs.read"), _("班次"), "ledgers:runs"),
        (may(user, "learners.read"), _("学员"), "ledgers:learners"),
        (may(user, "certificates.read"), _("证书"), "ledgers:certificates"),
        (may(user, "ledger.export"), _("台账"), "ledgers:imports"),
        (may(user, "audit.read"), _("审计"), "bureaus:audit"),
        (user.learner_links.exists() and not memberships_of(user), _("我的培训"), "certificates:own"),
        (user.is_staff, _("基础资料"), "admin:index"),
    ]
    return [entry(request, label, reverse(name)) for shown, label, name in wanted if shown]


def entry(request: HttpRequest, label: str, url: str) -> NavigationEntry:
    here = request.path == url if url == reverse("ledgers:home") else request.path.startswith(url)
    return NavigationEntry(label, url, here)


def who(request: HttpRequest) -> dict[str, str]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"name": "", "place": "", "bureau": ""}
    member = next(iter(memberships_of(user)), None)
    if member is None:
        return {"name": str(user), "place": "", "bureau": ""}
    place = f"{member.bureau} · {member.get_role_display()}"
    return {"name": str(user), "place": place, "bureau": str(member.bureau)}
