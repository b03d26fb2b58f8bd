"""What every page shows around its content: the navigation of one's roles, who one is, the size of type."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.access import may, memberships_of
from courses.models import Enrolment
from learners.models import AccountLink, Standing

LARGE = "large"
# Pages that have no entry of their own: they are reached from the page of this one.
BESIDE = {
    "courses:courses": ("courses:programmes", "courses:trainers", "courses:workload"),
    "courses:open": ("courses:courses",),
    "ledgers:learners": ("certificates:duties", "certificates:data-requests", "ledgers:duplicates"),
    "certificates:own": ("ledgers:enrolments",),  # a learner's own, with the hours of each session
    "ledgers:runs": ("courses:notices",),
    "ledgers:certificates": (
        *("certificates:issue-runs", "certificates:issuers", "certificates:rules"),
        *("certificates:templates", "certificates:pictures"),
    ),
    "ledgers:imports": (
        *("ledgers:sheets", "ledgers:layouts", "ledgers:templates"),
        *("ledgers:export", "ledgers:forms", "ledgers:public-list"),
    ),
    "ledgers:home": ("courses:today", "courses:appeals", "courses:walk-ins"),
}


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    label: str
    url: str
    active: bool


def page(request: HttpRequest) -> dict[str, object]:
    """Context processor: `nav`, `who`, `large_type`. Three queries, of the user's memberships and links."""
    return {
        "nav": navigation(request),
        "who": who(request),
        "large_type": large_type(request),
    }


def large_type(request: HttpRequest) -> bool:
    """As chosen; before any choice, large for a learner of a group that sees it first."""
    chosen = request.COOKIES.get("type")
    user = getattr(request, "user", None)
    if chosen or user is None or not user.is_authenticated or memberships_of(user):
        return chosen == LARGE
    day = timezone.localdate()
    links = AccountLink.objects.open_to(user, day).filter(relation=AccountLink.Relation.SELF)
    own = {"learner__in": links.values("learner")}
    standings = Standing.objects.on(day).filter(group__large_type=True, **own)
    enrolments = Enrolment.objects.filter(run__programme__group__large_type=True, **own)
    return links.filter(Q(Exists(standings)) | Q(Exists(enrolments))).exists()


def navigation(request: HttpRequest) -> list[NavigationEntry]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    works = bool(memberships_of(user)) or user.is_staff
    learns = user.learner_links.exists() and not memberships_of(user)
    wanted = [
        (works, _("工作台"), "ledgers:home"),
        (may(user, "figures.read"), _("指标进度"), "ledgers:progress"),
        (may(user, "runs.read"), _("班次"), "ledgers:runs"),
        (may(user, "runs.read"), _("日历"), "courses:calendar"),
        (may(user, "runs.read"), _("教学资源"), "courses:courses"),
        (may(user, "learners.read"), _("学员"), "ledgers:learners"),
        (may(user, "certificates.read"), _("证书"), "ledgers:certificates"),
        (may(user, "ledger.export"), _("台账"), "ledgers:imports"),
        (may(user, "audit.read"), _("审计"), "bureaus:audit"),
        (learns, _("我的班次"), "courses:my-classes"),
        (learns, _("我的培训"), "certificates:own"),
        (not works, _("可报名的班次"), "courses:open"),
        (user.is_staff, _("基础资料"), "admin:index"),
    ]
    return [entry(request, label, name) for shown, label, name in wanted if shown]


def entry(request: HttpRequest, label: str, name: str) -> NavigationEntry:
    url = reverse(name)
    places = (url, *map(reverse, BESIDE.get(name, ())))
    here = request.path.startswith(places)
    if name == "ledgers:home":  # every address begins with its
        here = request.path == url or request.path.startswith(places[1:])
    if name == "certificates:own":
        here = here and not request.path.startswith(reverse("courses:my-classes"))
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
