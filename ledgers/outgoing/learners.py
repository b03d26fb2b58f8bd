"""Learners as rows of a ledger: every field that an import reads, so that what goes out comes in again.

Numbers are masked unless the whole is asked for, see `exporting`.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from bureaus.models import District
from certificates.models import Certificate
from courses.models import Enrolment
from courses.models.enrolments import HOUR_KINDS
from learners import id_numbers
from learners.models import Holder, Identity, Learner
from ledgers.columns import PARTICULARS
from ledgers.yearly.learners import mask_phone
from peixun.lib.xlsx import Value

CHUNK = 2_000
NO_PAPER = "无证件"
FIELDS = (
    *("pk", "learner", "name", "employer", "position", "level", "district", "state", "particulars"),
    *("assessment", "assessment_words", "hours", *(f"hours_{kind}" for kind in HOUR_KINDS)),
    *("learner__gender", "learner__birth", "run__bureau", "run__bureau__name", "run__name", "run__number"),
    *("run__programme__name", "run__programme__group__name", "run__starts_on", "run__ends_on", "run__place"),
)
CERTIFICATE = ("certificate_number", "certificate_name", "certificate_issuer", "certificate_day")
Record = dict[str, Value]
Stored = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Paper:
    kind: str
    number: str


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that holds good today."""

    number: str
    title: str
    issuer: str
    day: datetime.date | None


@dataclass(frozen=True, slots=True)
class Known:
    """What else is known of a chunk's people."""

    papers: dict[int, Paper]
    phones: dict[tuple[int, int], str]
    certificates: dict[int, Issued]


class Records:
    """The enrolments as records; `whole` gives numbers and phones unmasked. Four queries for 2,000 rows."""

    def __init__(self, enrolments: QuerySet[Enrolment], *, whole: bool) -> None:
        self.enrolments = enrolments.order_by("run__programme__order", "run__starts_on", "run", "pk")
        self.whole = whole
        self.states = {str(value): str(label) for value, label in Enrolment.State.choices}
        self.assessments = {str(value): str(label) for value, label in Enrolment.Assessment.choices}
        self.genders = {str(value): str(label) for value, label in Learner.Gender.choices}
        self.kinds = {str(value): str(label) for value, label in Identity.Kind.choices}
        self.districts = {district.pk: str(district) for district in District.objects.all()}

    def __iter__(self) -> Iterator[Record]:
        rows = iter(self.enrolments.values(*FIELDS).iterator(CHUNK))
        while chunk := list(islice(rows, CHUNK)):
            known = known_of(chunk)
            for row in chunk:
                yield self.record(row, known)

    def particulars(self) -> set[str]:
        """The particulars that some enrolment has, so that a file needs no empty columns. One pass."""
        found: set[str] = set()
        for particulars in self.enrolments.values_list("particulars", flat=True).iterator(CHUNK):
            found.update(particulars)
        return found.intersection(PARTICULARS)

    def record(self, row: Stored, known: Known) -> Record:
        particulars: Record = {key: row["particulars"].get(key, "") for key in PARTICULARS}
        return (
            particulars
            | self.person(row, known)
            | self.training(row)
            | hours_of(row)
            | certificate_of(known.certificates.get(row["pk"]))
        )

    def person(self, row: Stored, known: Known) -> Record:
        paper = known.papers.get(row["learner"])
        phone = known.phones.get((row["learner"], row["run__bureau"]), "")
        hides = paper is not None and not (self.whole and paper.kind != Identity.Kind.ID_NUMBER)
        return {
            "name": row["name"],
            "gender": self.genders.get(row["learner__gender"], ""),
            "paper": self.kinds[paper.kind] if paper else NO_PAPER,
            "id_number": self.shown(paper.number) if paper else "",
            # With a birthday beside it few numbers are left that a masked one could be.
            "birth": row["learner__birth"][:4] if hides else row["learner__birth"],
            "phone": phone if self.whole or not phone else mask_phone(phone),
            "employer": row["employer"],
            "position": row["position"],
            "level": row["level"],
        }

    def shown(self, number: str) -> str:
        return number if self.whole else id_numbers.mask(number)

    def training(self, row: Stored) -> Record:
        return {
            "group": row["run__programme__group__name"],
            "programme": row["run__programme__name"],
            "run": row["run__name"],
            "run_number": row["run__number"],
            "bureau": row["run__bureau__name"],
            "district": self.districts[row["district"]],
            "start": row["run__starts_on"] or "",
            "end": row["run__ends_on"] or "",
            "dates": days_of(row["run__starts_on"], row["run__ends_on"]),
            "place": row["run__place"],
            "assessment": row["assessment_words"] or self.assessments.get(row["assessment"], ""),
            "status": self.states[row["state"]],
        }


def days_of(first: datetime.date | None, last: datetime.date | None) -> str:
    """2024-03-01至2024-03-05; one day where it is one."""
    return "至".join(dict.fromkeys(day.isoformat() for day in (first, last) if day))


def hours_of(row: Stored) -> Record:
    """Hours by kind; hours of no known kind stand as such, and the total beside them."""
    kinds = {kind: row[f"hours_{kind}"] for kind in HOUR_KINDS}
    if all(hours is None for hours in kinds.values()):
        kinds["general"] = row["hours"] or None
    total: Decimal | str = row["hours"] if any(hours is not None for hours in kinds.values()) else ""
    by_key = {f"hours_{kind}": "" if hours is None else hours for kind, hours in kinds.items()}
    return {**by_key, "hours": by_key.pop("hours_general"), "hours_total": total}


def certificate_of(issued: Issued | None) -> Record:
    values = (issued.number, issued.title, issued.issuer, issued.day or "") if issued else ("",) * 4
    return dict(zip(CERTIFICATE, values, strict=True))


def known_of(chunk: list[Stored]) -> Known:
    """Three queries."""
    learners = {row["learner"] for row in chunk}
    holders = Holder.objects.filter(learner__in=learners, bureau__in={row["run__bureau"] for row in chunk})
    held = holders.exclude(phone="").values_list("learner", "bureau", "phone")
    return Known(
        papers=papers_of(learners),
        phones={(learner, bureau): phone for learner, bureau, phone in held},
        certificates=certificates_of({row["pk"] for row in chunk}),
    )


def papers_of(learners: set[int]) -> dict[int, Paper]:
    """The resident card, else another paper."""
    found: dict[int, Paper] = {}
    stored = Identity.objects.filter(learner__in=learners).exclude(kind=Identity.Kind.EMPLOYER_NAME)
    for learner, kind, number in stored.order_by("pk").values_list("learner", "kind", "value"):
        if learner not in found or kind == Identity.Kind.ID_NUMBER:
            found[learner] = Paper(kind, number)
    return found


def certificates_of(enrolments: set[int]) -> dict[int, Issued]:
    """The newest that holds good: a row of a ledger has one."""
    valid = Certificate.objects.filter(enrolment__in=enrolments, state=Certificate.State.VALID).order_by("pk")
    rows = valid.values_list("enrolment", "number", "title", "issuer__name", "issued_on")
    return {pk or 0: Issued(number, title, issuer, day) for pk, number, title, issuer, day in rows}
