"""Compares checked rows with what is stored: new, changed, same or faulty.

The number of queries grows with the number of chunks of `CHUNK` rows, not with the rows.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from django.db.models import Q
from django.utils.translation import gettext as _

from bureaus.models import Bureau
from certificates.models import LONGEST_KEY, Certificate, Issuer, number_key
from courses.models import ClassRun, Enrolment, Programme, Session
from courses.models.programmes import plain_quotes
from learners.models import Holder, Identity
from ledgers.columns import BY_KEY
from ledgers.importing import fields
from ledgers.importing.outcomes import Outcome, Outcomes, RunKey, State, Terms
from ledgers.importing.places import Districts, of_row, of_table
from ledgers.reading import CheckedRow, Ledger, check
from peixun.lib.comparing import comparable

T = TypeVar("T")
CHUNK = 500
LectureKey = tuple[int, datetime.date, str]
CertificateKey = tuple[str, str]


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def compare(ledger: Ledger, terms: Terms, *, today: datetime.date) -> Outcomes:
    """What each row of `ledger` would do if it were written now. Writes nothing."""
    return Comparison(ledger, terms, today).run()


class Issuers:
    """Who issued a row's certificate: the row's own column, else the bureau whose ledger it is."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau = bureau
        self.own = Issuer.objects.filter(Q(bureau=bureau) | Q(name=bureau.name)).order_by("bureau").first()
        self.by_name: dict[str, Issuer | None] = {}

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


class Comparison:
    """One comparison; what is stored is read in bulk into dictionaries first."""

    def __init__(self, ledger: Ledger, terms: Terms, today: datetime.date) -> None:
        self.ledger = ledger
        self.terms = terms
        self.today = today
        self.programmes = Programmes(terms.year)
        self.districts = Districts()
        self.given = [fields.given_by(table, terms) for table in ledger.tables]
        self.runs: dict[RunKey, ClassRun] = {}
        self.enrolments: dict[tuple[int, int], Enrolment] = {}
        self.seats_taken: Counter[int] = Counter()
        self.phones: dict[int, str] = {}
        self.phone_rows: set[int] = set()
        self.certificates: dict[CertificateKey, Certificate] = {}
        self.certificates_of: dict[int, Certificate] = {}
        self.issuers = Issuers(terms.bureau)
        self.bureaus = terms.bureau.with_predecessors()
        self.lectures: dict[LectureKey, list[Session]] = defaultdict(list)
        self.enrolled: dict[tuple[RunKey, object], Outcome] = {}
        self.numbers: dict[CertificateKey, tuple[Outcome, tuple[str, str, str] | None]] = {}

    def run(self) -> Outcomes:
        rows = [self.judged(row) for row in self.checked()]
        outcomes = Outcomes(self.terms, self.ledger, rows)
        self.read_people(outcomes)
        self.read_lectures(outcomes)
        self.phone_rows = {id(outcome) for outcome, _phone in outcomes.phones().values()}
        for outcome in rows:
            if outcome.good and outcome.row.kind == "lecture":
                self.match_lecture(outcome)
            elif outcome.good:
                self.match_participant(outcome)
        return outcomes

    def checked(self) -> list[CheckedRow]:
        return check(
            self.ledger,
            year=self.terms.year,
            constants=self.terms.constants,
            hours_per_day=float(self.terms.rule.hours_per_day),
            hours_per_half_day=float(self.terms.rule.hours_per_half_day),
            knows_programme=self.programmes.know,
            programme=self.terms.programme.name,
            today=self.today,
        )

    def judged(self, row: CheckedRow) -> Outcome:
        """The outcome of a row by itself, before anything stored is looked at."""
        if not row.good:
            return Outcome(row, code=row.code, column=row.column, message=row.message)
        named = self.programmes.named(row.programme) if row.programme else None
        programme = named or self.terms.programme
        outcome = Outcome(row, state=State.NEW, warnings=row.warnings, programme=programme)
        outcome.district = of_row(self.districts, row, self.default_district(row.table))
        if outcome.district is None:
            column = BY_KEY["district"].heading
            outcome.refuse(
                "district_unknown", column=column, message=_("认不出县市区，请在表里加一列“县市区”。")
            )
        elif row.kind == "participant":
            outcome.run_key = (programme.pk, comparable(row.run))
            outcome.identity = self.identity(row)
        return outcome

    def default_district(self, table: int) -> Any:
        if not hasattr(self, "_defaults"):
            self._defaults = [
                of_table(self.districts, table, bureau=self.terms.bureau, programme=self.terms.programme)
                for table in self.ledger.tables
            ]
        return self._defaults[table]

    @staticmethod
    def identity(row: CheckedRow) -> tuple[str, str, str]:
        if row.id_number:
            return Identity.by_id_number(row.id_number)
        if row.paper_number:
            return Identity.by_paper(row.paper_kind, row.paper_number)
        return Identity.by_employer(row.name, row.employer)

    def read_people(self, outcomes: Outcomes) -> None:
        """Reads the runs, people, enrolments, phones and certificates that the rows may touch."""
        people = list(outcomes.participants())
        self.read_runs({outcome.run_key for outcome in people if outcome.run_key})
        known = self.read_identities({outcome.identity for outcome in people if outcome.identity})
        for outcome in people:
            run = self.runs.get(outcome.run_key) if outcome.run_key else None
            outcome.run_id = run.pk if run else None
            outcome.learner_id = known.get(outcome.identity) if outcome.identity else None
        self.read_enrolments()
        self.read_phones(sorted({outcome.learner_id for outcome in people if outcome.learner_id}))
        self.read_certificates(people)

    def read_runs(self, keys: set[RunKey]) -> None:
        owned = ClassRun.objects.held_in(self.terms.year).filter(bureau__in=self.bureaus)
        for names in chunks(sorted({name for _programme, name in keys})):
            for run in owned.filter(name_key__in=names):
                if (run.programme_id, run.name_key) in keys:
                    self.runs[run.programme_id, run.name_key] = run

    def read_identities(self, wanted: set[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
        by_digest = {(kind, digest): (kind, value, digest) for kind, value, digest in wanted}
        known: dict[tuple[str, str, str], int] = {}
        for digests in chunks(sorted(digest for _kind, digest in by_digest)):
            stored = Identity.objects.filter(digest__in=digests).values_list("kind", "digest", "learner_id")
            for kind, digest, learner_id in stored:
                if (kind, digest) in by_digest:
                    known[by_digest[kind, digest]] = learner_id
        return known

    def read_enrolments(self) -> None:
        for runs in chunks(sorted(run.pk for run in self.runs.values())):
            for enrolment in Enrolment.objects.filter(run__in=runs):
                self.enrolments[enrolment.run_id, enrolment.learner_id] = enrolment
                self.seats_taken[enrolment.run_id] += enrolment.state in Enrolment.HOLDS_SEAT

    def read_phones(self, learners: list[int]) -> None:
        for ids in chunks(learners):
            held = Holder.objects.filter(bureau=self.terms.bureau, learner__in=ids)
            self.phones.update(held.values_list("learner_id", "phone"))

    def read_certificates(self, people: list[Outcome]) -> None:
        wanted = {number_key(o.row.certificate_number) for o in people if o.row.certificate_number}
        for keys in chunks(sorted(wanted)):
            for stored in Certificate.objects.filter(number_key__in=keys):
                self.certificates[str(stored.issuer_id), stored.number_key] = stored
        enrolled = sorted(enrolment.pk for enrolment in self.enrolments.values())
        for ids in chunks(enrolled):
            recorded = Certificate.objects.filter(
                enrolment__in=ids, origin=Certificate.Origin.RECORDED, state=Certificate.State.VALID
            )
            for stored in recorded.order_by("pk"):
                if stored.enrolment_id:
                    self.certificates_of[stored.enrolment_id] = stored

    def read_lectures(self, outcomes: Outcomes) -> None:
        programmes = {outcome.programme for outcome in outcomes.lectures()}
        stored = Session.objects.filter(
            run=None, bureau__in=self.bureaus, year=self.terms.year, programme__in=programmes
        )
        for session in stored.order_by("pk") if programmes else ():
            self.lectures[session.programme_id, session.held_on, comparable(session.title)].append(session)

    def match_participant(self, outcome: Outcome) -> None:
        if not (self.is_once(outcome) and self.run_is_on(outcome) and self.certificate_is_free(outcome)):
            return
        key = (outcome.run_id or 0, outcome.learner_id or 0)
        stored = self.enrolments.get(key)
        values = fields.of_enrolment(outcome, today=self.today)
        if stored is None:
            self.takes_seat(outcome, values["state"])
            return
        outcome.enrolment_id = stored.pk
        given = self.given[outcome.row.table]
        outcome.changes = fields.enrolment_changes(stored, values, given=given)
        is_new_to_seats = "state" in outcome.changes and stored.state not in Enrolment.HOLDS_SEAT
        if is_new_to_seats and not self.takes_seat(outcome, values["state"]):
            return
        self.compare_phone(outcome)
        self.compare_run(outcome)
        self.compare_certificate(outcome)
        outcome.state = State.CHANGED if outcome.changes else State.SAME

    def is_once(self, outcome: Outcome) -> bool:
        """Refuses a second row of a person in a run that the file itself does not show to be one.

        Such are a learner listed once by ID number and once by name, a programme in other quotation marks.
        """
        person: object = outcome.learner_id or outcome.identity
        first = self.enrolled.setdefault((outcome.run_key or (0, ""), person), outcome)
        if first is outcome:
            return True
        message = _("与第 %(row)d 行是同一人同一班次，请删去其中一行。") % {"row": first.row.number}
        outcome.refuse("duplicate_row", column=BY_KEY["name"].heading, message=message)
        return False

    def run_is_on(self, outcome: Outcome) -> bool:
        run = self.runs.get(outcome.run_key) if outcome.run_key else None
        if run is None or run.state != ClassRun.State.CANCELLED:
            return True
        message = _("这个班次已取消，请核对班次名称，或先恢复班次。")
        outcome.refuse("run_cancelled", column=BY_KEY["run"].heading, message=message)
        return False

    def takes_seat(self, outcome: Outcome, state: str) -> bool:
        """Takes a seat for who is to be in that state; refuses the row where the run has none left."""
        run = self.runs.get(outcome.run_key) if outcome.run_key else None
        if run is None or run.seats is None or state not in Enrolment.HOLDS_SEAT:
            return True
        if self.seats_taken[run.pk] < run.seats:
            self.seats_taken[run.pk] += 1
            return True
        message = _("这个班次的 %(seats)d 个名额已满。确有更多人参训的，请先在班次里提高名额。")
        outcome.refuse("run_full", column=BY_KEY["run"].heading, message=message % {"seats": run.seats})
        return False

    def compare_phone(self, outcome: Outcome) -> None:
        """A person has one phone for a bureau, though the rows of several classes may give several."""
        stored = self.phones.get(outcome.learner_id or 0, "")
        if id(outcome) in self.phone_rows and outcome.row.phone != stored:
            outcome.changes["phone"] = (stored, outcome.row.phone)

    def compare_run(self, outcome: Outcome) -> None:
        """A run lasts from the earliest to the latest day that its rows name."""
        run, row = self.runs[outcome.run_key or (0, "")], outcome.row
        if row.start and (run.starts_on is None or row.start < run.starts_on):
            outcome.changes["starts_on"] = (run.starts_on, row.start)
        if row.end and (run.ends_on is None or row.end > run.ends_on):
            outcome.changes["ends_on"] = (run.ends_on, row.end)

    def compare_certificate(self, outcome: Outcome) -> None:
        row = outcome.row
        if not row.certificate_number:
            return
        stored = self.certificates.get(self.issuers.key(row))
        if stored is None:
            stored = self.certificates_of.get(outcome.enrolment_id or 0)
        if stored is None:
            outcome.changes["certificate"] = ("", row.certificate_number)
            return
        outcome.certificate_id = stored.pk
        new = {
            "number": row.certificate_number,
            "title": row.certificate_name,
            "issued_on": row.certificate_day,
        }
        names = {"number": "certificate", "title": "certificate_title", "issued_on": "certificate_day"}
        for name, value in new.items():
            if value and getattr(stored, name) != value:
                outcome.changes[names[name]] = (getattr(stored, name), value)
        issuer = self.issuers.of(row)
        if row.particulars.get("certificate_issuer") and (issuer is None or issuer.pk != stored.issuer_id):
            outcome.changes["certificate_issuer"] = ("", row.particulars["certificate_issuer"])

    def certificate_is_free(self, outcome: Outcome) -> bool:
        """Refuses a row whose certificate number is another person's, stored or in this file."""
        if not outcome.row.certificate_number:
            return True
        key = self.issuers.key(outcome.row)
        stored = self.certificates.get(key)
        enrolled = self.enrolments.get((outcome.run_id or 0, outcome.learner_id or 0))
        first = self.numbers.setdefault(key, (outcome, outcome.identity))
        message = ""
        if stored and stored.learner_id != outcome.learner_id:
            message = _("这个证书编号已登记给另一个人，请核对编号。")
        elif stored and stored.enrolment_id not in (None, enrolled.pk if enrolled else 0):
            message = _("这个证书编号已登记在同一人的另一个班次，请核对班次和编号。")
        elif stored and stored.state != Certificate.State.VALID:
            message = _("这个证书编号已作废或换发，请核对编号。")
        elif len(key[1]) > LONGEST_KEY:
            message = _("证书编号太长，请核对编号。")
        elif first[0] is not outcome:
            message = _("与第 %(row)d 行的证书编号相同，请核对编号。") % {"row": first[0].row.number}
        if message:
            heading = BY_KEY["certificate_number"].heading
            outcome.refuse("certificate_taken", column=heading, message=message)
        return not message

    def match_lecture(self, outcome: Outcome) -> None:
        """The n-th row of a day, title and place is the n-th stored session of these.

        A place that is not known yet fits any.
        """
        row = outcome.row
        if outcome.programme is None or row.start is None:
            return
        stored = self.lectures.get((outcome.programme.pk, row.start, comparable(row.run)), [])
        same = [session for session in stored if session.place == row.place]
        session = next(iter(same or [s for s in stored if not s.place or not row.place]), None)
        if session is None:
            return
        stored.remove(session)
        outcome.session_id = session.pk
        outcome.changes = fields.session_changes(session, fields.of_session(outcome, today=self.today))
        outcome.state = State.CHANGED if outcome.changes else State.SAME
