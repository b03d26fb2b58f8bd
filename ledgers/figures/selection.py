"""What is counted: a year, narrowed to bureaus, programmes and places, as far as a user sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from django.db.models import Q, QuerySet

from bureaus.access import bureaus_below
from bureaus.models import Bureau, District, User
from courses.models import Coverage, Programme
from courses.models.plans import LeadRole
from learners.models import TargetGroup


@dataclass(frozen=True)
class Selection:
    """The filters of a page, a command or a workbook. `user` None sees the whole city.

    `bureau` brings the bureaus below it in its line and those merged into it; `programme` brings its
    parts; `lead` is a lead bureau (牵头单位) of the programme's action or of the programme.
    """

    year: int
    user: User | None = None
    bureau: Bureau | None = None
    programme: Programme | None = None
    group: TargetGroup | None = None
    lead: Bureau | None = None
    district: District | None = None

    @cached_property
    def bureau_ids(self) -> frozenset[int]:
        """`bureau`, its predecessors, and the bureaus below. One query a level, once a selection."""
        if self.bureau is None:
            return frozenset()
        found = self.bureau.with_predecessors()
        return frozenset(found | bureaus_below(sorted(found)))

    @property
    def is_narrowed_to_place(self) -> bool:
        return self.bureau is not None or self.district is not None

    @property
    def spans(self) -> tuple[Span, ...]:
        return (Span(self.year, self.year),)

    @property
    def with_last_year(self) -> tuple[Span, ...]:
        return (Span(self.year - 1, self.year),)

    def of_any_programme(self) -> Selection:
        """The same year, user and places; every programme."""
        return replace(self, programme=None, group=None, lead=None)


@dataclass(frozen=True, slots=True)
class Span:
    """The years from `first` to `last`; of these programmes only, where they are named."""

    first: int
    last: int
    programmes: frozenset[int] | None = None

    def __contains__(self, year: int) -> bool:
        return self.first <= year <= self.last


def in_spans(spans: Sequence[Span], *, year: str, programme: str) -> Q:
    """Rows whose `year` lies in one of the spans."""
    found = Q()
    for span in spans:
        within = Q(**{f"{year}__range": (span.first, span.last)})
        if span.first == span.last:
            within = Q(**{year: span.first})
        if span.programmes is not None:
            within &= Q(**{f"{programme}__in": span.programmes})
        found |= within
    return found


def programmes_of(selection: Selection) -> QuerySet[Programme]:
    """The programmes that the selection counts, whether or not anything happened in them."""
    found = Programme.objects.all()
    if selection.programme:
        found = found.filter(pk__in=Coverage.objects.filter(umbrella=selection.programme).values("part"))
    if selection.group:
        found = found.filter(group=selection.group)
    if selection.lead:
        link = {"bureau": selection.lead, "role": LeadRole.LEAD}
        by_action = Q(**{f"action__bureau_links__{name}": value for name, value in link.items()})
        by_itself = Q(**{f"bureau_links__{name}": value for name, value in link.items()})
        found = found.filter(pk__in=Programme.objects.filter(by_action | by_itself).order_by().values("pk"))
    return found.order_by()


def narrowed(selection: Selection, *, programme: str, bureau: str, district: str) -> Q:
    """The selection's filters, for a model on which these paths lead to programme, bureau and district."""
    found = Q()
    if selection.programme or selection.group or selection.lead:
        found &= Q(**{f"{programme}__in": programmes_of(selection).values("pk")})
    if selection.bureau:
        found &= Q(**{f"{bureau}__in": selection.bureau_ids})
    if selection.district:
        found &= Q(**{district: selection.district})
    return found
