"""Writes the outcomes of a ledger, in bulk; what each row made and changed is kept for undoing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from certificates import numbering
from certificates.models import Certificate, Issuer, number_key
from courses.models import ClassRun, Enrolment, Session
from learners.models import Holder, Identity, Learner, Standing
from ledgers.importing import bulk, doubts, fields
from ledgers.importing.named import Issuers
from ledgers.importing.outcomes import Noted, Outcome, RunKey, State, Terms
from ledgers.importing.rows import write_rows
from ledgers.models import LedgerImport, PreviewPiece

PREVIEWED_CERTIFICATE = {
    "certificate": "number",
    "certificate_title": "title",
    "certificate_day": "issued_on",
}
OWN_FIELDS = {field.attname for field in Enrolment._meta.concrete_fields}


class Writer:
    """Writes chunk after chunk, within the caller's transaction."""

    def __init__(self, batch: LedgerImport, terms: Terms) -> None:
        self.batch = batch
        self.terms = terms
        self.now = timezone.now()
        self.today = timezone.localdate(self.now)
        self.runs: dict[RunKey | None, ClassRun] = {}
        self.issuers = Issuers(terms.bureau)
        self.noted: dict[int, Noted] = {}
        self.pieces = iter(list(batch.pieces.order_by("first_row").values_list("pk", flat=True)))
        batch.rows.all()._raw_delete(batch.rows.db)
        batch.doubts.all().delete()

    def write(self, outcomes: list[Outcome]) -> None:
        self.noted = defaultdict(lambda: Noted({}, {}))
        written = [outcome for outcome in outcomes if outcome.good and outcome.state != State.SAME]
        people = [outcome for outcome in written if outcome.is_participant]
        self.write_runs(people)
        self.write_learners(people)
        doubts.write(people, self.note_created)
        self.write_holders(people)
        self.write_standings(people)
        self.write_enrolments(people)
        self.write_certificates(people)
        self.write_sessions([outcome for outcome in written if not outcome.is_participant])
        first = write_rows(self.batch, outcomes, self.noted)
        if piece := next(self.pieces, None):  # the chunks are those of the preview
            PreviewPiece.objects.filter(pk=piece).update(first_row=first)

    def note_created(self, outcome: Outcome, kind: str, pk: int) -> None:
        self.noted[id(outcome)].created[kind] = pk

    def note_before(self, outcome: Outcome, kind: str, values: Any, *, wrote: Any) -> None:
        """Undoing puts `values` back where still stands what this import `wrote`."""
        before = self.noted[id(outcome)].before
        before[kind] = values
        before.setdefault("wrote", {})[kind] = wrote

    def write_runs(self, people: list[Outcome]) -> None:
        """Adds missing runs and stretches the days of those that rows of this chunk change."""
        self.load_runs(people)
        first: dict[RunKey | None, Outcome] = {}
        was = {}
        for outcome in people:
            run = self.runs.get(outcome.run_key)
            if run is None:
                run = self.runs[outcome.run_key] = self.new_run(outcome)
            if outcome.run_key not in first:
                first[outcome.run_key], was[outcome.run_key] = outcome, remembered(run)
            stretch(run, outcome)
        for key in first:
            self.settle(self.runs[key])
        ClassRun.objects.bulk_create(self.runs[key] for key in first if was[key]["pk"] is None)
        for key, outcome in first.items():
            if was[key]["pk"] is None:
                self.note_created(outcome, "run", self.runs[key].pk)
            elif remembered(self.runs[key]) != was[key]:
                self.save_run(self.runs[key], outcome, was=was[key])

    def load_runs(self, people: list[Outcome]) -> None:
        missing = {o.run_id: o.run_key for o in people if o.run_id and o.run_key not in self.runs}
        for pk, run in ClassRun.objects.in_bulk(list(missing)).items():
            self.runs[missing[pk]] = run

    def settle(self, run: ClassRun) -> None:
        """A run is over where its days are."""
        if run.state != ClassRun.State.CANCELLED:
            over = run.ends_on is None or run.ends_on <= self.today
            run.state = ClassRun.State.FINISHED if over else ClassRun.State.RUNNING

    def save_run(self, run: ClassRun, outcome: Outcome, *, was: dict[str, Any]) -> None:
        run.save(update_fields=["starts_on", "ends_on", "place", "state"])
        self.note_before(outcome, "run", was, wrote=remembered(run))

    def new_run(self, outcome: Outcome) -> ClassRun:
        row = outcome.row
        return ClassRun(
            programme=outcome.programme,
            name=row.run,
            name_key=ClassRun.key_of(row.run),
            bureau=self.terms.bureau,
            district=outcome.district,
            year=self.terms.year,
            place=row.place,
            state=ClassRun.State.FINISHED,
        )

    def write_learners(self, people: list[Outcome]) -> None:
        """Adds who is not known yet: one learner for each new identity."""
        first: dict[str, Outcome] = {}
        for outcome in people:
            if outcome.learner_id is None and outcome.identity:
                first.setdefault(outcome.identity[2], outcome)
        learners = dict(zip(first, bulk.reserve(Learner, len(first)), strict=True)) if first else {}
        bulk.insert(
            Learner,
            ("id", "name", "gender", "birth", "created_at"),
            ((learners[digest], *learner_of(outcome), self.now) for digest, outcome in first.items()),
        )
        bulk.insert(
            Identity,
            ("learner_id", "kind", "value", "digest"),
            ((learners[digest], *(outcome.identity or ())) for digest, outcome in first.items()),
        )
        for outcome in people:
            if outcome.learner_id is None and outcome.identity:
                outcome.learner_id = learners[outcome.identity[2]]
                if first[outcome.identity[2]] is outcome:
                    self.note_created(outcome, "learner", outcome.learner_id)

    def was_known(self, people: Iterable[Outcome]) -> list[int]:
        """The learners that were there before this chunk."""
        ids = {o.learner_id for o in people if o.learner_id and "learner" not in self.noted[id(o)].created}
        return sorted(ids - {noted.created.get("learner") for noted in self.noted.values()})

    def write_holders(self, people: list[Outcome]) -> None:
        """From now on the bureau may see these learners, and has these phones of theirs."""
        bureau, known = self.terms.bureau, self.was_known(people)
        stored = Holder.objects.filter(bureau=bureau, learner__any_of=known) if known else ()
        held = {holder.learner_id: holder for holder in stored}
        new: dict[int, Outcome] = {}
        phones: dict[int, str] = {}
        changed = []
        for outcome in people:
            learner = outcome.learner_id or 0
            holder = held.get(learner)
            if holder is None:
                new.setdefault(learner, outcome)
                phones[learner] = phones.get(learner) or outcome.phone
            elif outcome.phone and holder.phone != outcome.phone:
                self.note_before(outcome, "phone", holder.phone, wrote=outcome.phone)
                changed.append((holder.pk, outcome.phone))
        ids = bulk.reserve(Holder, len(new)) if new else ()
        bulk.insert(
            Holder,
            ("id", "learner_id", "bureau_id", "phone", "since"),
            (
                (pk, learner, bureau.pk, phones[learner], self.now)
                for pk, learner in zip(ids, new, strict=True)
            ),
        )
        for pk, outcome in zip(ids, new.values(), strict=True):
            self.note_created(outcome, "holder", pk)
        if changed:
            bulk.update(Holder, ("phone",), changed)

    def write_standings(self, people: list[Outcome]) -> None:
        """Who is trained in a group's programme belongs to the group, unless that is known already."""
        wanted: dict[tuple[int, int], Outcome] = {}
        for outcome in people:
            if outcome.programme and outcome.learner_id:
                wanted.setdefault((outcome.learner_id, outcome.programme.group_id), outcome)
        if known := self.was_known(people):
            stored = Standing.objects.filter(learner__any_of=known).order_by()
            for key in stored.values_list("learner_id", "group_id"):
                wanted.pop(key, None)
        if not wanted:
            return
        ids = bulk.reserve(Standing, len(wanted))
        rows = (
            (pk, learner, group, outcome.row.level, outcome.row.start)
            for pk, ((learner, group), outcome) in zip(ids, wanted.items(), strict=True)
        )
        bulk.insert(Standing, ("id", "learner_id", "group_id", "level", "valid_from"), rows)
        for pk, outcome in zip(ids, wanted.values(), strict=True):
            self.note_created(outcome, "standing", pk)

    def write_enrolments(self, people: list[Outcome]) -> None:
        new = [outcome for outcome in people if outcome.enrolment_id is None]
        if new:
            self.add_enrolments(new)
        changed = [outcome for outcome in people if outcome.state == State.CHANGED]
        if changed:
            self.change_enrolments(changed)

    def add_enrolments(self, new: list[Outcome]) -> None:
        ids = bulk.reserve(Enrolment, len(new))
        rows = []
        for pk, outcome in zip(ids, new, strict=True):
            outcome.enrolment_id = pk
            self.note_created(outcome, "enrolment", pk)
            rows.append((pk, self.runs[outcome.run_key].pk, outcome.learner_id, *outcome.values.values()))
        common = {
            "hour_rule_id": self.terms.rule.pk,
            "came_by": Enrolment.CameBy.LEDGER,
            "created_at": self.now,
            "changed_at": self.now,
        }
        names = ("id", "run_id", "learner_id", *new[0].values, *common)
        bulk.insert(Enrolment, names, ((*row, *common.values()) for row in rows))

    def change_enrolments(self, changed: list[Outcome]) -> None:
        """Sets the changed fields; rows that change the same ones are written together."""
        stored = Enrolment.objects.filter(pk__any_of=[outcome.enrolment_id for outcome in changed])
        times = dict(stored.values_list("pk", "changed_at"))
        alike: dict[tuple[str, ...], list[Sequence[Any]]] = defaultdict(list)
        for outcome in changed:
            values = {name: new for name, (_old, new) in outcome.changes.items() if name in OWN_FIELDS}
            if not values:
                continue
            pk = outcome.enrolment_id or 0
            old = {name: outcome.changes[name][0] for name in values}
            old["changed_at"] = times[pk].isoformat()  # to the microsecond, which JSON would cut
            self.note_before(outcome, "enrolment", old, wrote=values)
            alike[tuple(values)].append((pk, *values.values(), self.now))
        for names, rows in alike.items():
            bulk.update(Enrolment, (*names, "changed_at"), rows)

    def write_certificates(self, people: list[Outcome]) -> None:
        new: list[tuple[Outcome, Issuer]] = []
        for outcome in people:
            if outcome.certificate_id is not None:
                self.change_certificate(outcome)
            elif outcome.row.certificate_number:
                new.append((outcome, self.issuer_of(outcome)))
        if new:
            self.add_certificates(new)

    def issuer_of(self, outcome: Outcome) -> Issuer:
        """Who issued the row's certificate; a new issuer is noted as made by the row."""
        known = self.issuers.of(outcome.row)
        issuer = self.issuers.make(outcome.row)
        if known is None:
            self.note_created(outcome, "issuer", issuer.pk)
        return issuer

    def add_certificates(self, new: list[tuple[Outcome, Issuer]]) -> None:
        ids = bulk.reserve(Certificate, len(new))
        rows = []
        keys: dict[Issuer, list[str]] = defaultdict(list)
        for pk, (outcome, issuer) in zip(ids, new, strict=True):
            outcome.certificate_id = pk
            self.note_created(outcome, "certificate", pk)
            row, key = outcome.row, number_key(outcome.row.certificate_number)
            keys[issuer].append(key)
            year = row.certificate_day.year if row.certificate_day else self.terms.year
            facts = (row.certificate_name, row.name, row.certificate_day, year)
            whose = (outcome.learner_id, outcome.enrolment_id)
            rows.append((pk, issuer.pk, row.certificate_number, key, *whose, *facts))
        names = ("id", "issuer_id", "number", "number_key", "learner_id", "enrolment_id")
        bulk.insert(Certificate, (*names, "title", "name", "issued_on", "year"), rows)
        for issuer, own in keys.items():
            numbering.move_on(issuer, own)

    def change_certificate(self, outcome: Outcome) -> None:
        changes = {
            attribute: outcome.changes[name]
            for name, attribute in PREVIEWED_CERTIFICATE.items()
            if name in outcome.changes
        }
        if not changes and "certificate_issuer" not in outcome.changes:
            return
        certificate = Certificate.objects.get(pk=outcome.certificate_id or 0)
        old = {name: old for name, (old, _new) in changes.items()}
        old |= {name: getattr(certificate, name) for name in ("number_key", "year", "issuer_id")}
        for name, (_old, new) in changes.items():
            setattr(certificate, name, new)
        if certificate.issued_on:
            certificate.year = certificate.issued_on.year
        if "certificate_issuer" in outcome.changes:
            certificate.issuer = self.issuer_of(outcome)
        certificate.save()
        wrote = {name: getattr(certificate, name) for name in old}
        self.note_before(outcome, "certificate", old, wrote=wrote)

    def write_sessions(self, lectures: list[Outcome]) -> None:
        new = [outcome for outcome in lectures if outcome.session_id is None]
        for outcome, session in zip(new, Session.objects.bulk_create(map(self.session_of, new)), strict=True):
            outcome.session_id = session.pk
            self.note_created(outcome, "session", session.pk)
        for outcome in lectures:
            if outcome.state == State.CHANGED:
                before = {name: old for name, (old, _new) in outcome.changes.items()}
                values = {name: new for name, (_old, new) in outcome.changes.items()}
                self.note_before(outcome, "session", before, wrote=values)
                Session.objects.filter(pk=outcome.session_id or 0).update(**values)

    def session_of(self, outcome: Outcome) -> Session:
        row = outcome.row
        return Session(
            programme=outcome.programme,
            bureau=self.terms.bureau,
            year=self.terms.year,
            title=row.run,
            held_on=row.start or self.today,
            **fields.of_session(outcome, today=self.today),
        )


def remembered(run: ClassRun) -> dict[str, Any]:
    """What an import may change of a run: undoing puts it back."""
    return {"pk": run.pk, "days": [run.starts_on, run.ends_on], "place": run.place, "state": run.state}


def stretch(run: ClassRun, outcome: Outcome) -> None:
    """A run lasts from the earliest to the latest day that its rows name."""
    row = outcome.row
    if row.start and (run.starts_on is None or row.start < run.starts_on):
        run.starts_on = row.start
    if row.end and (run.ends_on is None or row.end > run.ends_on):
        run.ends_on = row.end
    run.place = run.place or row.place


def learner_of(outcome: Outcome) -> tuple[str, str, str]:
    """Name, gender and birth of a new learner. Beside an ID number only the year is kept in the open."""
    row = outcome.row
    return row.name, row.gender, (row.id_number[6:10] if row.id_number else row.birth) or ""
