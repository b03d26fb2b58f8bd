"""Which district a row reports to: exactly one, or the city's total counts twice."""

from __future__ import annotations

from bureaus.models import Bureau, District, DistrictAlias
from courses.models import Programme
from ledgers.reading import CheckedRow, Table


class Districts:
    """All districts by name, short name and alias. Two queries."""

    def __init__(self) -> None:
        self.by_id = {district.pk: district for district in District.objects.select_related("lies_in")}
        self.by_name: dict[str, District] = {}
        for district in self.by_id.values():
            for name in (district.name, district.short):
                if name:
                    self.by_name[name] = district
        for alias in DistrictAlias.objects.all():
            self.by_name[alias.name] = self.by_id[alias.district_id]
        # Longer names first: 湘潭高新区 before 高新区. The city last: its name begins most titles.
        self.names = sorted(self.by_name, key=lambda name: (self.by_name[name].is_city, -len(name)))

    def named(self, text: str) -> District | None:
        """The district that `text` is, or that stands in it."""
        if text in self.by_name:
            return self.by_name[text]
        return next((self.by_name[name] for name in self.names if name in text), None)

    def of_bureau(self, bureau: Bureau) -> District | None:
        return self.by_id.get(bureau.district_id) if bureau.district_id else None


def of_table(districts: Districts, table: Table, *, bureau: Bureau, programme: Programme) -> District | None:
    """The district of rows that name none: sheet, title, reporting unit, bureau, the city.

    Only the city itself in a title says nothing: 湘潭市2024年… heads every county's ledger too.
    """
    for text in (table.sheet, table.title, table.reporting_unit):
        found = districts.named(text) if text else None
        if found and not found.is_city:
            return found
    reporting = Bureau.objects.known_as(table.reporting_unit) if table.reporting_unit else None
    if reporting and (found := districts.of_bureau(reporting)):
        return found
    return districts.of_bureau(bureau) or city_of(districts, programme)


def city_of(districts: Districts, programme: Programme) -> District | None:
    if programme.plan.city_id:
        return districts.by_id[programme.plan.city_id]
    return next((district for district in districts.by_id.values() if district.is_city), None)


def of_row(districts: Districts, row: CheckedRow, default: District | None) -> District | None:
    return (districts.named(row.district) if row.district else None) or default
