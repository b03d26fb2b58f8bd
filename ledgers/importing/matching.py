"""Compares checked rows with what is stored: new, changed, same or faulty.

Rows come by chunks. The number of queries grows with the number of chunks, not with the rows, and nothing
of a row is kept but what tells that a later row repeats it.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from django.db.models import Count
from django.utils.translation import gettext as _

from certificates.models import LONGEST_KEY, Certificate, number_key
from courses.models import ClassRun, Enrolment, Session
from learners.models import Holder, Identity, Learner
from learners.names import same_name
from ledgers.columns import BY_KEY
from ledgers.importing import doubts, fields
from ledgers.importing.first_names import FirstNames
from ledgers.importing.named import CertificateKey, Issuers, Programmes
from ledgers.importing.outcomes import Outcome, RunKey, State, Terms
from ledgers.importing.places import Districts, of_row, of_table
from ledgers.importing.repeats import Repeats
from ledgers.importing.stored import Stored, StoredCertificate
from ledgers.reading import CheckedRow, Table
from peixun.lib.comparing import comparable

T = TypeVar("T")
CHUNK = 500
LectureKey = tuple[int, datetime.date, str]


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


class Comparison:
    """One comparison. What may change while its rows are written is read once, before any of them is."""

    def __init__(self, tables: Sequence[Table], terms: Terms, today: datetime.date) -> None:
        self.terms = terms
        self.today = today
        self.programmes = Programmes(terms.year)
        self.districts = Districts()
        self.given = [fields.given_by(table, terms) for table in tables]
        self.defaults = [
            of_table(self.districts, table, bureau=terms.bureau, programme=terms.programme)
            for table in tables
        ]
        self.issuers = Issuers(terms.bureau)
        self.bureaus = terms.bureau.with_predecessors()
        self.runs = self.stored_runs()
        self.seats_taken = self.taken_seats()
        self.lectures: dict[LectureKey, list[Session]] | None = None
        newest = Learner.objects.order_by("-pk").values_list("pk", flat=True).first()
        self.newest_learner = newest or 0
        self.repeats = Repeats(terms, known_until=self.newest_learner)
        # What earlier rows of the file were about.
        self.people: dict[bytes, int] = {}
        self.person_of: dict[int, int] = {}  # by learner, who may be listed by ID number and by name
        self.run_keys: dict[tuple[int, str], RunKey] = {}
        self.run_numbers: dict[RunKey, int] = {}
        self.enrolled: dict[int, int] = {}
        self.numbers: dict[CertificateKey, int] = {}
        self.released: set[CertificateKey] = set()
        self.have_phones: set[int] = set()
        self.first_names = FirstNames()
        # What is stored of the rows of this chunk.
        self.enrolments: dict[tuple[int, int], Stored] = {}
        self.phones: dict[int, str] = {}
        self.certificates: dict[CertificateKey, StoredCertificate] = {}
        self.certificates_of: dict[int, StoredCertificate] = {}

    def stored_runs(self) -> dict[RunKey, ClassRun]:
        owned = ClassRun.objects.held_in(self.terms.year).filter(bureau__in=self.bureaus).order_by("pk")
        return {(run.programme_id, run.name_key): run for run in owned}

    def taken_seats(self) -> Counter[int]:
        limited = [run.pk for run in self.runs.values() if run.seats is not None]
        if not limited:
            return Counter()
        held = Enrolment.objects.holding_seats().filter(run__any_of=limited).order_by()
        return Counter(dict(held.values_list("run").annotate(Count("pk"))))

    def feed(self, rows: Iterable[CheckedRow]) -> list[Outcome]:
        """What each of the next rows would do if it were written now. Writes nothing."""
        outcomes = [self.judged(row) for row in rows]
        self.read_people([outcome for outcome in outcomes if outcome.good and outcome.is_participant])
        for outcome in outcomes:
            if not outcome.good:
                continue
            if outcome.is_participant:
                self.match_participant(outcome)
            else:
                self.match_lecture(outcome)
        return outcomes

    def judged(self, row: CheckedRow) -> Outcome:
        """The outcome of a row by itself, before anything stored is looked at."""
        if row.code:
            return Outcome(row, code=row.code, column=row.column, message=row.message)
        named = self.programmes.named(row.programme) if row.programme else None
        programme = named or self.terms.programme
        outcome = Outcome(row, state=State.NEW, warnings=row.warnings, programme=programme)
        outcome.district = of_row(self.districts, row, self.defaults[row.table])
        if outcome.district is None:
            column = BY_KEY["district"].heading
            outcome.refuse(
                "district_unknown", column=column, message=_("认不出县市区，请在表里加一列“县市区”。")
            )
        elif row.kind == "participant":
            outcome.run_key = self.run_key(programme.pk, row.run)
            outcome.values = fields.of_enrolment(outcome, today=self.today)
            outcome.identity = self.identity(row)
            short = bytes.fromhex(outcome.identity[2][:32])
            outcome.person = self.people.setdefault(short, len(self.people))
        return outcome

    def run_key(self, programme: int, name: str) -> RunKey:
        found = self.run_keys.get((programme, name))
        if found is None:
            found = self.run_keys[programme, name] = (programme, comparable(name))
        return found

    @staticmethod
    def identity(row: CheckedRow) -> tuple[str, str, str]:
        if row.id_number:
            return Identity.by_id_number(row.id_number)
        if row.paper_number:
            return Identity.by_paper(row.paper_kind, row.paper_number)
        return Identity.by_employer(row.name, row.employer)

    def read_people(self, people: list[Outcome]) -> None:
        """Reads the people, enrolments, phones and certificates that the rows may touch."""
        known = self.read_identities({outcome.identity[2] for outcome in people if outcome.identity})
        for outcome in people:
            run = self.runs.get(outcome.run_key) if outcome.run_key else None
            outcome.run_id = run.pk if run else None
            outcome.learner_id = known.get(outcome.identity[2]) if outcome.identity else None
        doubts.find(people, self.terms, known_until=self.newest_learner)
        learners = sorted({outcome.learner_id for outcome in people if outcome.learner_id})
        self.read_enrolments(people, learners)
        for outcome in people:
            if outcome.learner_id:
                outcome.person = self.person_of.setdefault(outcome.learner_id, outcome.person)
        self.repeats.check(people, enrolled=self.enrolments)
        self.phones = {}
        if learners:
            held = Holder.objects.filter(bureau=self.terms.bureau, learner__any_of=learners)
            self.phones = dict(held.values_list("learner_id", "phone"))
        self.read_certificates(people)

    def read_identities(self, digests: set[str]) -> dict[str, int]:
        if not digests:
            return {}
        stored = Identity.objects.filter(digest__any_of=sorted(digests))
        return dict(stored.values_list("digest", "learner_id"))

    def read_enrolments(self, people: list[Outcome], learners: list[int]) -> None:
        """Those of the learners in the runs; a learner has few, so that only learners are asked for."""
        runs = {outcome.run_id for outcome in people if outcome.run_id and outcome.learner_id}
        self.enrolments = {}
        if runs:
            stored = Enrolment.objects.filter(learner__any_of=learners).order_by()
            for enrolment in map(Stored._make, stored.values_list(*Stored._fields)):
                if enrolment.run_id in runs:
                    self.enrolments[enrolment.run_id, enrolment.learner_id] = enrolment

    def read_certificates(self, people: list[Outcome]) -> None:
        """By number, and, where an enrolment has one that was recorded, by enrolment."""
        self.certificates, self.certificates_of = {}, {}
        wanted = {number_key(o.row.certificate_number) for o in people if o.row.certificate_number}
        if not wanted:
            return
        numbered = Certificate.objects.filter(number_key__any_of=sorted(wanted)).order_by()
        for stored in map(StoredCertificate._make, numbered.values_list(*StoredCertificate._fields)):
            self.certificates[str(stored.issuer_id), stored.number_key] = stored
        others = []
        for outcome in people:
            enrolled = self.enrolments.get((outcome.run_id or 0, outcome.learner_id or 0))
            if enrolled and outcome.row.certificate_number:
                known = self.certificates.get(self.issuers.key(outcome.row))
                if known is None or known.enrolment_id != enrolled.pk:
                    others.append(enrolled.pk)
        if others:
            recorded = Certificate.objects.filter(
                enrolment__any_of=sorted(others),
                origin=Certificate.Origin.RECORDED,
                state=Certificate.State.VALID,
            ).order_by("pk")
            rows = map(StoredCertificate._make, recorded.values_list(*StoredCertificate._fields))
            self.certificates_of = {stored.enrolment_id or 0: stored for stored in rows}

    def stored_lectures(self) -> dict[LectureKey, list[Session]]:
        if self.lectures is None:
            self.lectures = defaultdict(list)
            stored = Session.objects.filter(run=None, bureau__in=self.bureaus, year=self.terms.year)
            for session in stored.order_by("pk"):
                key = (session.programme_id, session.held_on, comparable(session.title))
                self.lectures[key].append(session)
        return self.lectures

    def match_participant(self, outcome: Outcome) -> None:
        if not (
            self.has_one_name(outcome)
            and self.is_once(outcome)
            and self.run_is_on(outcome)
            and self.certificate_is_free(outcome)
        ):
            return
        stored = self.enrolments.get((outcome.run_id or 0, outcome.learner_id or 0))
        values = outcome.values
        if stored is None:
            if self.takes_seat(outcome, values["state"]):
                self.give_phone(outcome)
            return
        outcome.enrolment_id = stored.pk
        given = self.given[outcome.row.table]
        outcome.changes = fields.enrolment_changes(stored, values, given=given) | doubts.changes(outcome)
        is_new_to_seats = "state" in outcome.changes and stored.state not in Enrolment.HOLDS_SEAT
        if is_new_to_seats and not self.takes_seat(outcome, values["state"]):
            return
        self.give_phone(outcome)
        self.compare_phone(outcome)
        self.compare_run(outcome)
        self.compare_certificate(outcome)
        outcome.state = State.CHANGED if outcome.changes else State.SAME

    def is_once(self, outcome: Outcome) -> bool:
        """Refuses a second row of a person in a run that the file itself does not show to be one.

        Such are a learner listed once by ID number and once by name, a programme in other quotation marks.
        """
        run = self.run_numbers.setdefault(outcome.run_key or (0, ""), len(self.run_numbers))
        key = run << 32 | outcome.person
        first = self.enrolled.get(key)
        if first is None:
            self.enrolled[key] = outcome.row.number
            return True
        message = _("与第 %(row)d 行是同一人同一班次，请删去其中一行。") % {"row": first}
        outcome.refuse("duplicate_row", column=BY_KEY["name"].heading, message=message)
        return False

    def has_one_name(self, outcome: Outcome) -> bool:
        """Refuses a row whose ID number an earlier one has under quite another name.

        Only of who is new: of a learner who was known before, `doubts` asks.
        """
        row = outcome.row
        if not row.id_number or (outcome.learner_id or self.newest_learner + 1) <= self.newest_learner:
            return True
        name, first = self.first_names.of(outcome.person, row.name, row.number)
        if name == row.name or same_name(name, row.name):
            return True
        message = _("与第 %(row)d 行的身份证号相同、姓名不同，请核对这两行的姓名和号码。") % {"row": first}
        outcome.refuse("other_name", column=BY_KEY["name"].heading, message=message)
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

    def give_phone(self, outcome: Outcome) -> None:
        """A person has one phone for a bureau, though the rows of several classes may give several."""
        if outcome.row.phone and outcome.person not in self.have_phones:
            self.have_phones.add(outcome.person)
            outcome.phone = outcome.row.phone

    def compare_phone(self, outcome: Outcome) -> None:
        stored = self.phones.get(outcome.learner_id or 0, "")
        if outcome.phone and outcome.phone != stored:
            outcome.changes["phone"] = (stored, outcome.phone)

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
        stored = self.stored_certificate(self.certificate_key(outcome))
        if stored is None:
            stored = self.certificates_of.get(outcome.enrolment_id or 0)
        if stored is None:
            outcome.changes["certificate"] = ("", row.certificate_number)
            return
        outcome.certificate_id = stored.pk
        if stored.origin == Certificate.Origin.DRAWN:
            return  # it stays as it was issued
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
            old = self.issuers.name_of(stored.issuer_id)
            outcome.changes["certificate_issuer"] = (old, row.particulars["certificate_issuer"])
        if "certificate" in outcome.changes or "certificate_issuer" in outcome.changes:
            self.released.add((str(stored.issuer_id), stored.number_key))

    def certificate_key(self, outcome: Outcome) -> CertificateKey:
        """Where the row does not say who issued it, a certificate that the enrolment has keeps its issuer."""
        row, key = outcome.row, self.issuers.key(outcome.row)
        enrolled = self.enrolments.get((outcome.run_id or 0, outcome.learner_id or 0))
        if enrolled is None or row.particulars.get("certificate_issuer"):
            return key
        stored, held = self.certificates.get(key), self.certificates_of.get(enrolled.pk)
        if held is None or (stored and stored.enrolment_id == enrolled.pk):
            return key
        return str(held.issuer_id), key[1]

    def stored_certificate(self, key: CertificateKey) -> StoredCertificate | None:
        """The certificate with that number, unless an earlier row of the file gives it another one."""
        return None if key in self.released else self.certificates.get(key)

    def certificate_is_free(self, outcome: Outcome) -> bool:
        """Refuses a row whose certificate number is another person's, stored or in this file."""
        if not outcome.row.certificate_number:
            return True
        key = self.certificate_key(outcome)
        stored = self.stored_certificate(key)
        enrolled = self.enrolments.get((outcome.run_id or 0, outcome.learner_id or 0))
        first = self.numbers.get(key)
        message = ""
        if first is not None:
            message = _("与第 %(row)d 行的证书编号相同，请核对编号。") % {"row": first}
        elif stored and stored.learner_id != outcome.learner_id:
            message = _("这个证书编号已登记给另一个人，请核对编号。")
        elif stored and stored.enrolment_id not in (None, enrolled.pk if enrolled else 0):
            message = _("这个证书编号已登记在同一人的另一个班次，请核对班次和编号。")
        elif stored and stored.state != Certificate.State.VALID:
            message = _("这个证书编号已作废或换发，请核对编号。")
        elif len(key[1]) > LONGEST_KEY:
            message = _("证书编号太长，请核对编号。")
        if message:
            heading = BY_KEY["certificate_number"].heading
            outcome.refuse("certificate_taken", column=heading, message=message)
            return False
        self.numbers[key] = outcome.row.number
        return True

    def match_lecture(self, outcome: Outcome) -> None:
        """The n-th row of a day, title and place is the n-th stored session of these.

        A place that is not known yet fits any.
        """
        row = outcome.row
        if outcome.programme is None or row.start is None:
            return
        key = (outcome.programme.pk, row.start, comparable(row.run))
        stored = self.stored_lectures().get(key, [])
        same = [session for session in stored if session.place == row.place]
        session = next(iter(same or [s for s in stored if not s.place or not row.place]), None)
        if session is None:
            return
        stored.remove(session)
        outcome.session_id = session.pk
        outcome.changes = fields.session_changes(session, fields.of_session(outcome, today=self.today))
        outcome.state = State.CHANGED if outcome.changes else State.SAME
