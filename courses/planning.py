"""Keeps the programmes of a plan: the deed of adding or changing one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Max

from bureaus.models import AuditEvent, Bureau, User, YearClose
from courses.models import ClassRun, Programme, ProgrammeBureau, Session
from courses.models.plans import LeadRole

# What a programme's figures are counted by, and where they are added up.
MOVES_FIGURES = ("counts", "basis", "group_id", "part_of_id")


@transaction.atomic
def save_programme(
    programme: Programme, *, user: User, changed: Sequence[str], leads: Iterable[Bureau] | None = None
) -> None:
    """Saves `programme`, with its own lead bureaus where `leads` are given.

    `changed` are the labels of the fields that were changed. Raises `YearClosed` where the change would move
    a figure of a closed year.
    """
    is_new = programme.pk is None
    if is_new:
        last = programme.plan.programmes.aggregate(last=Max("order"))["last"]
        programme.order = 0 if last is None else last + 1
    else:
        hold_figures(programme)
    programme.save()
    if leads is not None:
        set_leads(programme, list(leads))
    AuditEvent.record(
        AuditEvent.Deed.PROGRAMME_CHANGED,
        programme,
        user=user,
        bureau=next(iter(programme.leads()), None),
        after={"added": True} if is_new else {"fields": list(changed)},
    )


def hold_figures(programme: Programme) -> None:
    """Where figures would move: holds open every year with runs or sessions of it."""
    before = Programme.objects.select_for_update(of=("self",), no_key=True).get(pk=programme.pk)
    if all(getattr(before, field) == getattr(programme, field) for field in MOVES_FIGURES):
        return
    years = years_held(before)
    for bureau in Bureau.objects.filter(pk__in=years).order_by("pk"):
        for year in sorted(years[bureau.pk]):
            YearClose.objects.hold_open(bureau, year)


def years_held(programme: Programme) -> dict[int, set[int]]:
    """For each bureau (by id) the years in which it held `programme` or a part of it. Two queries."""
    years: dict[int, set[int]] = defaultdict(set)
    parts = programme.covers.values("part")
    for model in (ClassRun, Session):
        held = model.objects.filter(programme__in=parts).order_by()
        for bureau, year in held.values_list("bureau", "year").distinct():
            years[bureau].add(year)
    return years


def set_leads(programme: Programme, leads: list[Bureau]) -> None:
    """Makes these the programme's own lead bureaus; responsible ones stay."""
    links = programme.bureau_links.filter(role=LeadRole.LEAD)
    links.exclude(bureau__in=leads).delete()
    for order, bureau in enumerate(leads):
        ProgrammeBureau.objects.update_or_create(
            programme=programme, bureau=bureau, defaults={"role": LeadRole.LEAD, "order": order}
        )
