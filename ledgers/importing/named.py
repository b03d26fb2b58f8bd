"""Who issued a row's certificate, and which programme it names: each looked up once."""

from __future__ import annotations

from django.db.models import Q

from bureaus.models import Bureau
from certificates.models import Issuer, number_key
from courses.models import Programme
from ledgers.reading import CheckedRow
from peixun.lib.comparing import plain_quotes

CertificateKey = tuple[str, str]


class Issuers:
    """Who issued a row's certificate: the row's own column, else the bureau whose ledger it is."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau = bureau
        self.own = Issuer.objects.filter(Q(bureau=bureau) | Q(name=bureau.name)).order_by("bureau").first()
        self.by_name: dict[str, Issuer | None] = {}
        self.names: dict[int, str] = {}

    def name_of(self, pk: int) -> str:
        """The name of a stored issuer, each asked once."""
        if pk not in self.names:
            self.names[pk] = Issuer.objects.values_list("name", flat=True).get(pk=pk)
        return self.names[pk]

    def of(self, row: CheckedRow) -> Issuer | None:
        """The stored issuer; None where it is not stored yet."""
        name = row.particulars.get("certificate_issuer", "")
        if not name or name == self.bureau.name:
            return self.own
        if name not in self.by_name:
            self.by_name[name] = Issuer.objects.filter(name=name).first()
        return self.by_name[name]

    def key(self, row: CheckedRow) -> CertificateKey:
        issuer = self.of(row)
        name = row.particulars.get("certificate_issuer") or self.bureau.name
        return (str(issuer.pk) if issuer else name), number_key(row.certificate_number)

    def make(self, row: CheckedRow) -> Issuer:
        """The issuer, stored now where it was not yet."""
        issuer = self.of(row)
        if issuer is None:
            name = row.particulars.get("certificate_issuer") or self.bureau.name
            own = self.bureau if name == self.bureau.name else None
            issuer = Issuer.objects.create(name=name, bureau=own)
            self.own = issuer if own else self.own
            self.by_name[name] = issuer
        return issuer


class Programmes:
    """Programmes by the names that ledgers write, each looked up once."""

    def __init__(self, year: int) -> None:
        self.year = year
        self.found: dict[str, Programme | None] = {}

    def named(self, name: str) -> Programme | None:
        key = plain_quotes(name)
        if key not in self.found:
            self.found[key] = Programme.objects.named(key, year=self.year)
        return self.found[key]

    def know(self, name: str) -> bool:
        return self.named(name) is not None
