"""Writes a compared ledger: everything or nothing, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils import timezone

from bureaus.models import AuditEvent, Bureau, User, YearClose
from certificates import numbering
from certificates.models import Certificate, Issuer, number_key
from courses.models import ClassRun, Enrolment, Plan, Session
from learners.models import Holder, Identity, Learner, Standing
from ledgers.importing import fields
from ledgers.importing.matching import Issuers, chunks, compare
from ledgers.importing.outcomes import Outcome, Outcomes, RunKey, State, Terms
from ledgers.models import LedgerImport, LedgerRow
from ledgers.reading import Ledger

M = TypeVar("M", bound=models.Model)
IdentityKey = tuple[str, str, str]
BATCH = 500
PREVIEWED_CERTIFICATE = {
    "certificate": "number",
    "certificate_title": "title",
    "certificate_day": "issued_on",
}


class PreviewOutdated(Exception):
    """The rows would now do something else than was confirmed."""


def apply(
    batch: LedgerImport,
    ledger: Ledger,
    terms: Terms,
    *,
    user: User | None,
    expected: Sequence[tuple[str, int, str]] | None = None,
) -> Outcomes:
    """Compares again and writes the good rows. `expected` is the fingerprint of the confirmed preview.

    Raises `YearClosed` or `PreviewOutdated`, or `LedgerImport.DoesNotExist` where another worker was first;
    then nothing is written.
    """
    with transaction.atomic():
        # One import at a time writes to a plan: two that bring the same new person would collide.
        Plan.objects.select_for_update().get(pk=terms.programme.plan_id)
        # Nor is a year closed meanwhile.
        Bureau.objects.select_for_update(no_key=True).get(pk=terms.bureau.pk)
        LedgerImport.objects.select_for_update().get(pk=batch.pk, state=LedgerImport.State.APPLYING)
        YearClose.objects.demand_open(terms.bureau, terms.year)
        hold_seats(terms)
        now = timezone.now()
        outcomes = compare(ledger, terms, today=timezone.localdate(now))
        if expected is not None and outcomes.fingerprint() != [tuple(row) for row in expected]:
            raise PreviewOutdated
        for year in certificate_years(outcomes) - {terms.year}:
            YearClose.objects.demand_open(terms.bureau, year)
        Writer(batch, outcomes).write()
        batch.state, batch.applied_at = LedgerImport.State.APPLIED, timezone.now()
        batch.figures = outcomes.figures()
        batch.save()
        AuditEvent.record(
            AuditEvent.Deed.LEDGER_IMPORTED,
            batch,
            user=user,
            bureau=terms.bureau,
            after={"programme": terms.programme.name, "year": terms.year} | batch.figures,
        )
    return outcomes


def hold_seats(terms: Terms) -> None:
    """No seat of the runs that the ledger may fill is given to anybody else meanwhile."""
    limited = ClassRun.objects.held_in(terms.year).filter(seats__isnull=False)
    own = limited.filter(bureau__in=terms.bureau.with_predecessors()).order_by("pk")
    list(own.select_for_update(no_key=True).values_list("pk"))


def certificate_years(outcomes: Outcomes) -> set[int]:
    """The years in which certificates of new and changed rows count."""
    days = {o.row.certificate_day for o in outcomes.participants() if o.state != State.SAME}
    return {day.year for day in days if day}


class Writer:
    """Writes outcomes in bulk; `created` and `before` of each row are what undoing needs."""

    def __init__(self, batch: LedgerImport, outcomes: Outcomes) -> None:
        self.batch = batch
        self.outcomes = outcomes
        self.terms = outcomes.terms
        self.today = timezone.localdate()
        self.runs: dict[RunKey | None, ClassRun] = {}
        self.created: dict[int, dict[str, int]] = {}
        self.before: dict[int, dict[str, Any]] = {}

    def write(self) -> None:
        people = [outcome for outcome in self.outcomes.participants() if outcome.state != State.SAME]
        self.write_runs(people)
        self.write_learners(people)
        self.write_holders(people)
        self.write_standings(people)
        self.write_enrolments(people)
        self.write_certificates(people)
        self.write_sessions([outcome for outcome in self.outcomes.lectures() if outcome.state != State.SAME])
        write_rows(self.batch, self.outcomes, created=self.created, before=self.before)

    def note_created(self, outcome: Outcome, kind: str, pk: int) -> None:
        self.created.setdefault(id(outcome), {})[kind] = pk

    def note_before(self, outcome: Outcome, kind: str, values: Any, *, wrote: Any) -> None:
        """Undoing puts `values` back where still stands what this import `wrote`."""
        noted = self.before.setdefault(id(outcome), {"wrote": {}})
        noted[kind], noted["wrote"][kind] = values, wrote

    def write_runs(self, people: list[Outcome]) -> None:
        """Adds missing runs and stretches the days of all that are named."""
        stretched: list[tuple[Outcome, ClassRun, dict[str, Any]]] = []
        stored = ClassRun.objects.in_bulk({outcome.run_id for outcome in people if outcome.run_id})
        for outcome in people:
            if outcome.run_key in self.runs:
                continue
            run = stored.get(outcome.run_id) if outcome.run_id else None
            if run is None:
                run = self.new_run(outcome)
                run.save(force_insert=True)
                self.note_created(outcome, "run", run.pk)
            else:
                stretched.append((outcome, run, remembered(run)))
            self.runs[outcome.run_key] = run
        for outcome in self.outcomes.participants():
            if outcome.run_key in self.runs:
                self.stretch(self.runs[outcome.run_key], outcome)
        for run in self.runs.values():
            if run.state != ClassRun.State.CANCELLED:
                over = run.ends_on is None or run.ends_on <= self.today
                run.state = ClassRun.State.FINISHED if over else ClassRun.State.RUNNING
            run.save(update_fields=["starts_on", "ends_on", "place", "state"])
        for outcome, run, old in stretched:
            if old != remembered(run):
                self.note_before(outcome, "run", old, wrote=remembered(run))

    def new_run(self, outcome: Outcome) -> ClassRun:
        row = outcome.row
        return ClassRun(
            programme=outcome.programme,
            name=row.run,
            bureau=self.terms.bureau,
            district=outcome.district,
            year=self.terms.year,
            place=row.place,
            state=ClassRun.State.FINISHED,
        )

    @staticmethod
    def stretch(run: ClassRun, outcome: Outcome) -> None:
        row = outcome.row
        if row.start and (run.starts_on is None or row.start < run.starts_on):
            run.starts_on = row.start
        if row.end and (run.ends_on is None or row.end > run.ends_on):
            run.ends_on = row.end
        run.place = run.place or row.place

    def write_learners(self, people: list[Outcome]) -> None:
        """Adds who is not known yet: one learner for each new identity."""
        first: dict[IdentityKey, Outcome] = {}
        for outcome in people:
            if outcome.learner_id is None and outcome.identity:
                first.setdefault(outcome.identity, outcome)
        learners = bulk(Learner, [learner_of(outcome) for outcome in first.values()])
        by_identity = dict(zip(first, learners, strict=True))
        bulk(
            Identity,
            [
                Identity(learner=learner, kind=kind, value=value, digest=digest)
                for (kind, value, digest), learner in by_identity.items()
            ],
        )
        for outcome in people:
            if outcome.learner_id is None and outcome.identity:
                outcome.learner_id = by_identity[outcome.identity].pk
                if first[outcome.identity] is outcome:
                    self.note_created(outcome, "learner", outcome.learner_id)

    def write_holders(self, people: list[Outcome]) -> None:
        """From now on the bureau may see these learners, and has these phones of theirs."""
        bureau = self.terms.bureau
        phones = self.outcomes.phones()
        held: dict[int, Holder] = {}
        for ids in chunks(sorted({outcome.learner_id for outcome in people if outcome.learner_id})):
            held |= {h.learner_id: h for h in Holder.objects.filter(bureau=bureau, learner__in=ids)}
        new: dict[int, tuple[Outcome, Holder]] = {}
        changed: dict[int, Holder] = {}
        for outcome in people:
            learner_id = outcome.learner_id or 0
            phone = phones[outcome.identity][1] if outcome.identity in phones else ""
            if learner_id in new:
                continue
            if learner_id not in held:
                new[learner_id] = (outcome, Holder(learner_id=learner_id, bureau=bureau, phone=phone))
            elif phone and held[learner_id].phone != phone:
                self.note_before(outcome, "phone", held[learner_id].phone, wrote=phone)
                held[learner_id].phone = phone
                changed[learner_id] = held[learner_id]
        bulk(Holder, [holder for _outcome, holder in new.values()])
        for outcome, holder in new.values():
            self.note_created(outcome, "holder", holder.pk)
        Holder.objects.bulk_update(changed.values(), ["phone"], batch_size=BATCH)

    def write_standings(self, people: list[Outcome]) -> None:
        """Who is trained in a group's programme belongs to the group, unless that is known already."""
        wanted: dict[tuple[int, int], Outcome] = {}
        for outcome in people:
            if outcome.programme and outcome.learner_id:
                wanted.setdefault((outcome.learner_id, outcome.programme.group_id), outcome)
        for ids in chunks(sorted({learner for learner, _group in wanted})):
            known = Standing.objects.filter(learner__in=ids).values_list("learner_id", "group_id")
            for key in known:
                wanted.pop(key, None)
        standings = bulk(
            Standing,
            [
                Standing(
                    learner_id=learner, group_id=group, level=outcome.row.level, valid_from=outcome.row.start
                )
                for (learner, group), outcome in wanted.items()
            ],
        )
        for outcome, standing in zip(wanted.values(), standings, strict=True):
            self.note_created(outcome, "standing", standing.pk)

    def write_enrolments(self, people: list[Outcome]) -> None:
        new = [outcome for outcome in people if outcome.enrolment_id is None]
        enrolments = bulk(Enrolment, [self.enrolment_of(outcome) for outcome in new])
        for outcome, enrolment in zip(new, enrolments, strict=True):
            outcome.enrolment_id = enrolment.pk
            self.note_created(outcome, "enrolment", enrolment.pk)
        changed = [outcome for outcome in people if outcome.state == State.CHANGED]
        own = {field.attname for field in Enrolment._meta.concrete_fields}
        touched: list[Enrolment] = []
        names: set[str] = set()
        stored = Enrolment.objects.in_bulk([outcome.enrolment_id for outcome in changed])
        for outcome in changed:
            values = {name: new for name, (_old, new) in outcome.changes.items() if name in own}
            if not values:
                continue
            enrolment = stored[outcome.enrolment_id or 0]
            old = {name: outcome.changes[name][0] for name in values}
            old["changed_at"] = enrolment.changed_at.isoformat()  # to the microsecond, which JSON would cut
            self.note_before(outcome, "enrolment", old, wrote=values)
            for name, value in values.items():
                setattr(enrolment, name, value)
            enrolment.changed_at = timezone.now()
            touched.append(enrolment)
            names |= set(values)
        if touched:
            Enrolment.objects.bulk_update(touched, [*sorted(names), "changed_at"], batch_size=BATCH)

    def enrolment_of(self, outcome: Outcome) -> Enrolment:
        return Enrolment(
            run=self.runs[outcome.run_key],
            learner_id=outcome.learner_id or 0,
            hour_rule=self.terms.rule,
            came_by=Enrolment.CameBy.LEDGER,
            **fields.of_enrolment(outcome, today=self.today),
        )

    def write_certificates(self, people: list[Outcome]) -> None:
        numbered = [outcome for outcome in people if outcome.row.certificate_number]
        issuers = Issuers(self.terms.bureau)
        new: list[tuple[Outcome, Certificate]] = []
        for outcome in numbered:
            if outcome.certificate_id is not None:
                self.change_certificate(outcome, issuers)
            else:
                new.append((outcome, self.certificate_of(outcome, self.issuer_of(outcome, issuers))))
        for (outcome, _unsaved), stored in zip(
            new, bulk(Certificate, [certificate for _outcome, certificate in new]), strict=True
        ):
            outcome.certificate_id = stored.pk
            self.note_created(outcome, "certificate", stored.pk)
        for issuer in {certificate.issuer for _outcome, certificate in new}:
            keys = [certificate.number_key for _outcome, certificate in new if certificate.issuer == issuer]
            numbering.move_on(issuer, keys)

    def issuer_of(self, outcome: Outcome, issuers: Issuers) -> Issuer:
        """Who issued the row's certificate; a new issuer is noted as made by the row."""
        known = issuers.of(outcome.row)
        issuer = issuers.make(outcome.row)
        if known is None:
            self.note_created(outcome, "issuer", issuer.pk)
        return issuer

    def certificate_of(self, outcome: Outcome, issuer: Issuer) -> Certificate:
        row = outcome.row
        return Certificate(
            issuer=issuer,
            number=row.certificate_number,
            number_key=number_key(row.certificate_number),
            title=row.certificate_name,
            learner_id=outcome.learner_id or 0,
            enrolment_id=outcome.enrolment_id,
            name=row.name,
            issued_on=row.certificate_day,
            year=row.certificate_day.year if row.certificate_day else self.terms.year,
        )

    def change_certificate(self, outcome: Outcome, issuers: Issuers) -> None:
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
            certificate.issuer = self.issuer_of(outcome, issuers)
        certificate.save()
        wrote = {name: getattr(certificate, name) for name in old}
        self.note_before(outcome, "certificate", old, wrote=wrote)

    def write_sessions(self, lectures: list[Outcome]) -> None:
        new = [outcome for outcome in lectures if outcome.session_id is None]
        sessions = bulk(Session, [self.session_of(outcome) for outcome in new])
        for outcome, session in zip(new, sessions, strict=True):
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


def learner_of(outcome: Outcome) -> Learner:
    """A new learner. Beside an ID number only the year of birth is kept in the open."""
    row = outcome.row
    birth = (row.id_number[6:10] if row.id_number else row.birth) or ""
    return Learner(name=row.name, gender=row.gender, birth=birth)


def bulk(model: type[M], rows: list[M]) -> list[M]:
    return model._default_manager.bulk_create(rows, batch_size=BATCH)


def write_rows(
    batch: LedgerImport,
    outcomes: Outcomes,
    *,
    created: dict[int, dict[str, int]] | None = None,
    before: dict[int, dict[str, Any]] | None = None,
) -> None:
    """Keeps what became of each row, in place of an earlier preview's rows."""
    batch.rows.all().delete()
    bulk(
        LedgerRow,
        [
            LedgerRow(
                batch=batch,
                sheet=outcome.row.sheet,
                number=outcome.row.number,
                state=outcome.state,
                code=outcome.code,
                column=outcome.column[:255],
                message=outcome.message,
                warnings=[[warned.code, warned.column, warned.message] for warned in outcome.warnings],
                enrolment_id=outcome.enrolment_id,
                session_id=outcome.session_id,
                certificate_id=outcome.certificate_id,
                created=(created or {}).get(id(outcome), {}),
                before=sealed_json((before or {}).get(id(outcome))),
            )
            for outcome in outcomes.rows
        ],
    )


def sealed_json(values: Any) -> str:
    return json.dumps(values, cls=DjangoJSONEncoder) if values else ""
