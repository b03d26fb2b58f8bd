"""Learners as rows of a ledger: every field that an import reads, so that what goes out comes in again.

Numbers are masked unless the whole is asked for, see `outgoing.exporting`.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import QuerySet

from bureaus.models import District
from certificates.models import Certificate
from courses.models import Enrolment
from courses.models.enrolments import HOUR_KINDS
from learners import id_numbers
from learners.models import Holder, Identity, Learner
from ledgers.columns import PARTICULARS
from peixun.lib.xlsx import Value

CHUNK = 2_000
NO_PAPER = "无证件"
HIDDEN_DIGITS = "****"
HOURS = tuple(f"hours_{kind}" for kind in HOUR_KINDS)
FIELDS = (
    *("pk", "learner", "name", "employer", "position", "level", "district", "state", "particulars"),
    *("assessment", "assessment_words", "hours", *HOURS),
    *("learner__gender", "learner__birth", "run__bureau", "run__bureau__name", "run__name", "run__number"),
    *("run__programme__name", "run__programme__group__name", "run__starts_on", "run__ends_on", "run__place"),
)
AS_STORED = {
    **{key: key for key in ("name", "employer", "position", "level")},
    "group": "run__programme__group__name",
    "programme": "run__programme__name",
    "run": "run__name",
    "run_number": "run__number",
    "bureau": "run__bureau__name",
    "place": "run__place",
}
Record = dict[str, Value]
Values = Sequence[Value]


class Paper(NamedTuple):
    kind: str
    number: str


class Issued(NamedTuple):
    """A certificate that holds good today."""

    number: str
    title: str
    issuer: str
    day: datetime.date | None


NOT_ISSUED = Issued("", "", "", None)


class Words:
    """What stands in a ledger for a stored choice or key. One query."""

    def __init__(self) -> None:
        self.states = words_of(Enrolment.State)
        self.assessments = words_of(Enrolment.Assessment)
        self.genders = words_of(Learner.Gender)
        self.kinds = words_of(Identity.Kind)
        self.districts = {district.pk: str(district) for district in District.objects.all()}


def words_of(choices: Any) -> dict[str, str]:
    return {str(value): str(label) for value, label in choices.choices}


class Chunk:
    """Some enrolments by columns: `column` gives what stands in one column of a ledger, row by row.

    What else is known of the people is asked for when a column needs it, in one query each.
    """

    def __init__(self, rows: Sequence[tuple[Any, ...]], words: Words, *, whole: bool) -> None:
        self.stored = dict(zip(FIELDS, zip(*rows, strict=True), strict=True))
        self.words = words
        self.whole = whole

    def column(self, key: str) -> Values:
        if key in AS_STORED:
            return self.stored[AS_STORED[key]]
        if key in MADE:
            return MADE[key](self)
        return [particulars.get(key, "") for particulars in self.stored["particulars"]]

    @cached_property
    def papers(self) -> list[Paper | None]:
        """The resident card, else another paper."""
        found: dict[int, Paper] = {}
        asked = Identity.objects.filter(learner__any_of=sorted(set(self.stored["learner"])))
        asked = asked.exclude(kind=Identity.Kind.EMPLOYER_NAME).order_by("pk")
        for learner, kind, number in asked.values_list("learner", "kind", "value"):
            if learner not in found or kind == Identity.Kind.ID_NUMBER:
                found[learner] = Paper(kind, number)
        return [found.get(learner) for learner in self.stored["learner"]]

    @cached_property
    def issued(self) -> list[list[Issued]]:
        """Each one's certificates that hold good, the newest last."""
        found: dict[int | None, list[Issued]] = {}
        asked = Certificate.objects.filter(enrolment__any_of=self.stored["pk"], state=Certificate.State.VALID)
        rows = asked.order_by("pk").values_list("enrolment", "number", "title", "issuer__name", "issued_on")
        for enrolment, number, title, issuer, day in rows:
            found.setdefault(enrolment, []).append(Issued(number, title, issuer, day))
        return [found.get(pk, []) for pk in self.stored["pk"]]

    @cached_property
    def newest(self) -> list[Issued]:
        """A row of a ledger has one certificate."""
        return [certificates[-1] if certificates else NOT_ISSUED for certificates in self.issued]

    @cached_property
    def has_kinds(self) -> list[bool]:
        """Whether hours of some kind are known."""
        rows = zip(*(self.stored[kind] for kind in HOURS), strict=True)
        return [any(hours is not None for hours in row) for row in rows]

    def genders(self) -> Values:
        return [self.words.genders.get(gender, "") for gender in self.stored["learner__gender"]]

    def kinds(self) -> Values:
        return [self.words.kinds[paper.kind] if paper else NO_PAPER for paper in self.papers]

    def numbers(self) -> Values:
        if self.whole:
            return [paper.number if paper else "" for paper in self.papers]
        return [id_numbers.mask(paper.number) if paper else "" for paper in self.papers]

    def births(self) -> Values:
        """With a birthday beside it few numbers are left that a masked one could be."""
        shown = [not paper or (self.whole and paper.kind != Identity.Kind.ID_NUMBER) for paper in self.papers]
        births = zip(self.stored["learner__birth"], shown, strict=True)
        return [birth if whole else birth[:4] for birth, whole in births]

    def phones(self) -> Values:
        """As each bureau wrote them."""
        at = list(zip(self.stored["learner"], self.stored["run__bureau"], strict=True))
        learners, bureaus = (sorted(set(keys)) for keys in zip(*at, strict=True))
        held = Holder.objects.filter(learner__any_of=learners, bureau__any_of=bureaus).exclude(phone="")
        rows = held.values_list("learner", "bureau", "phone")
        found = {(learner, bureau): phone for learner, bureau, phone in rows}
        phones = [found.get(place, "") for place in at]
        return phones if self.whole else [phone and mask_phone(phone) for phone in phones]

    def places(self) -> Values:
        return [self.words.districts[district] for district in self.stored["district"]]

    def days(self, field: str) -> Values:
        return [day or "" for day in self.stored[field]]

    def dates(self) -> Values:
        return list(map(days_of, self.stored["run__starts_on"], self.stored["run__ends_on"]))

    def assessments(self) -> Values:
        stored = zip(self.stored["assessment_words"], self.stored["assessment"], strict=True)
        return [words or self.words.assessments.get(assessment, "") for words, assessment in stored]

    def states(self) -> Values:
        return [self.words.states[state] for state in self.stored["state"]]

    def hours(self, kind: str) -> Values:
        return ["" if hours is None else hours for hours in self.stored[kind]]

    def general_hours(self) -> Values:
        """Hours of no known kind stand as such."""
        rows = zip(self.stored["hours_general"], self.stored["hours"], self.has_kinds, strict=True)
        found = [general if has_kinds else hours or None for general, hours, has_kinds in rows]
        return ["" if hours is None else hours for hours in found]

    def total_hours(self) -> Values:
        rows = zip(self.stored["hours"], self.has_kinds, strict=True)
        return [hours if has_kinds or hours else "" for hours, has_kinds in rows]


MADE: dict[str, Callable[[Chunk], Values]] = {
    "gender": Chunk.genders,
    "paper": Chunk.kinds,
    "id_number": Chunk.numbers,
    "birth": Chunk.births,
    "phone": Chunk.phones,
    "district": Chunk.places,
    "start": lambda chunk: chunk.days("run__starts_on"),
    "end": lambda chunk: chunk.days("run__ends_on"),
    "dates": Chunk.dates,
    "assessment": Chunk.assessments,
    "status": Chunk.states,
    **{key: partial(Chunk.hours, kind=key) for key in HOURS if key != "hours_general"},
    "hours": Chunk.general_hours,
    "hours_total": Chunk.total_hours,
    "certificate_number": lambda chunk: [issued.number for issued in chunk.newest],
    "certificate_name": lambda chunk: [issued.title for issued in chunk.newest],
    "certificate_issuer": lambda chunk: [issued.issuer for issued in chunk.newest],
    "certificate_day": lambda chunk: [issued.day or "" for issued in chunk.newest],
}


class Records:
    """The enrolments in the order of a ledger; `whole` gives numbers and phones unmasked."""

    def __init__(self, enrolments: QuerySet[Enrolment], *, whole: bool = False) -> None:
        self.enrolments = enrolments.order_by("run__programme__order", "run__starts_on", "run", "pk")
        self.whole = whole

    def chunks(self) -> Iterator[Chunk]:
        words = Words()
        rows = self.enrolments.values_list(*FIELDS).iterator(CHUNK)
        while some := list(islice(rows, CHUNK)):
            yield Chunk(some, words, whole=self.whole)

    def rows(self, keys: Sequence[str]) -> Iterator[tuple[Value, ...]]:
        """What stands in these columns. At most four queries for 2,000 rows."""
        for chunk in self.chunks():
            yield from zip(*map(chunk.column, keys), strict=True)

    def particulars(self) -> set[str]:
        """The particulars that some enrolment has, so that a file needs no empty columns. One pass."""
        found: set[str] = set()
        stored = self.enrolments.order_by().values_list("particulars", flat=True).distinct()
        for particulars in stored.iterator(CHUNK):
            found.update(particulars)
        return found.intersection(PARTICULARS)


def days_of(first: datetime.date | None, last: datetime.date | None) -> str:
    """2024-03-01至2024-03-05; one day where it is one."""
    return "至".join(dict.fromkeys(day.isoformat() for day in (first, last) if day))


def mask_phone(phone: str) -> str:
    """138****1234; of a short number only the first three digits."""
    if len(phone) <= 7:
        return phone[:3] + HIDDEN_DIGITS
    return f"{phone[:3]}{HIDDEN_DIGITS}{phone[-4:]}"
