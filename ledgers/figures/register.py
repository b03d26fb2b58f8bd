"""What the plan says of a year: its programmes, quotas, lead bureaus and shares, read at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from bureaus.access import Scope, scope_of
from bureaus.models import Bureau, User
from courses.models import ActionBureau, Allocation, Coverage, Programme, ProgrammeBureau, Quota, QuotaPeriod
from courses.models.plans import LeadRole
from ledgers.figures.selection import Selection, Span, programmes_of


@dataclass(frozen=True, slots=True)
class Register:
    """`programmes` and `periods` in the plan's order; `quoted` the programmes of each quota, by id."""

    programmes: dict[int, Programme]
    chosen: frozenset[int]
    covers: dict[int, set[int]]
    periods: list[QuotaPeriod]
    quoted: dict[int, list[Programme]]
    leads: dict[int, list[Bureau]]
    shares: dict[int, list[Allocation]]
    scope: Scope | None

    def parts_of(self, programmes: list[Programme]) -> set[int]:
        """The ids of these programmes and of all that they cover, each once."""
        return set[int]().union(*(self.covers[programme.pk] for programme in programmes))

    def leads_of(self, programmes: list[Programme]) -> tuple[Bureau, ...]:
        """Lead bureaus in the plan's order, each once."""
        return tuple(dict.fromkeys(lead for programme in programmes for lead in self.leads[programme.pk]))

    def target_of(self, period: QuotaPeriod, selection: Selection) -> Decimal | None:
        """The period's target; where the selection is a place, the place's share or None.

        A user who does not see the whole city stands for the place of one's bureaus and districts; without a
        share the lead bureaus (牵头单位) answer for the whole target, and nobody else is measured by it.
        """
        if not selection.is_narrowed_to_place:
            if self.scope is None:
                return period.target
            share = share_of_scope(self.shares[period.pk], self.scope)
            return period.target if share is None and self.is_led_from(period, self.scope) else share
        shares = [share for share in self.shares[period.pk] if is_of_place(share, selection)]
        if selection.bureau is None:
            shares = [share for share in shares if share.bureau_id is None] or shares
        elif selection.district is None:
            shares = [share for share in shares if share.district_id is None] or shares
        return added(shares)

    def is_led_from(self, period: QuotaPeriod, scope: Scope) -> bool:
        return any(lead.pk in scope.bureaus for lead in self.leads_of(self.quoted[period.quota_id]))

    def spans(self, year: int) -> tuple[Span, ...]:
        """The year for every programme; a longer period's years for its quota's programmes."""
        longer: dict[tuple[int, int], set[int]] = defaultdict(set)
        for period in self.periods:
            span = span_of(period)
            if (span.first, span.last) != (year, year):
                longer[span.first, span.last] |= self.parts_of(self.quoted[period.quota_id])
        spans = (Span(first, last, frozenset(parts)) for (first, last), parts in longer.items())
        return (Span(year, year), *spans)

    def periods_by_span(self) -> list[tuple[Span, set[int]]]:
        found: dict[Span, set[int]] = defaultdict(set)
        for period in self.periods:
            found[span_of(period)].add(period.pk)
        return list(found.items())


def read_register(selection: Selection) -> Register:
    """Eight queries, one less where no programme filter is set."""
    programmes = {
        programme.pk: programme
        for programme in Programme.objects.select_related("group", "plan").order_by(
            "-plan__first_year", "order"
        )
    }
    narrowed = selection.programme or selection.group or selection.lead
    periods = QuotaPeriod.objects.in_year(selection.year).select_related("quota__plan")
    return Register(
        programmes=programmes,
        chosen=frozenset(programmes_of(selection).values_list("pk", flat=True) if narrowed else programmes),
        covers=read_coverage(),
        periods=list(periods.order_by("-quota__plan__first_year", "quota__order", "quota", "starts_on")),
        quoted=read_quoted(programmes),
        leads=read_leads(programmes),
        shares=read_shares(selection.year),
        scope=narrow_scope_of(selection.user),
    )


def read_coverage() -> dict[int, set[int]]:
    covers: dict[int, set[int]] = defaultdict(set)
    for umbrella, part in Coverage.objects.values_list("umbrella", "part"):
        covers[umbrella].add(part)
    return covers


def read_quoted(programmes: dict[int, Programme]) -> dict[int, list[Programme]]:
    of_quota: dict[int, set[int]] = defaultdict(set)
    for quota, programme in Quota.programmes.through.objects.values_list("quota", "programme"):
        of_quota[quota].add(programme)
    quoted = {
        quota: [programme for pk, programme in programmes.items() if pk in some]
        for quota, some in of_quota.items()
    }
    return defaultdict(list, quoted)


def read_leads(programmes: dict[int, Programme]) -> dict[int, list[Bureau]]:
    """A programme's own lead bureaus, else those of its action."""
    of_action: dict[int, list[Bureau]] = defaultdict(list)
    for link in ActionBureau.objects.filter(role=LeadRole.LEAD).select_related("bureau"):
        of_action[link.action_id].append(link.bureau)
    leads: dict[int, list[Bureau]] = defaultdict(list)
    for own in ProgrammeBureau.objects.filter(role=LeadRole.LEAD).select_related("bureau"):
        leads[own.programme_id].append(own.bureau)
    for pk, programme in programmes.items():
        if pk not in leads and programme.action_id:
            leads[pk] = of_action[programme.action_id]
    return leads


def read_shares(year: int) -> dict[int, list[Allocation]]:
    shares: dict[int, list[Allocation]] = defaultdict(list)
    periods = QuotaPeriod.objects.in_year(year).order_by()
    for share in Allocation.objects.filter(period__in=periods).select_related("bureau", "district"):
        shares[share.period_id].append(share)
    return shares


def span_of(period: QuotaPeriod) -> Span:
    return Span(period.starts_on.year, period.ends_on.year)


def narrow_scope_of(user: User | None) -> Scope | None:
    """What the user sees; None for the whole city."""
    scope = scope_of(user) if user else None
    return None if scope is None or scope.whole_city else scope


def share_of_scope(shares: list[Allocation], scope: Scope) -> Decimal | None:
    """The shares of the scope's districts; where they have none, those of its bureaus."""
    of_districts = [share for share in shares if share.district_id in scope.districts]
    if of_districts:
        return added([share for share in of_districts if share.bureau_id is None] or of_districts)
    of_bureaus = [share for share in shares if share.bureau_id in scope.bureaus]
    return added([share for share in of_bureaus if share.district_id is None] or of_bureaus)


def added(shares: list[Allocation]) -> Decimal | None:
    return sum((share.value for share in shares), Decimal(0)) if shares else None


def is_of_place(share: Allocation, selection: Selection) -> bool:
    if selection.bureau and share.bureau_id not in selection.bureau_ids:
        return False
    return not selection.district or share.district_id == selection.district.pk
