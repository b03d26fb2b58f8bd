"""Puts back what an import changed, where the stored value is still the one that it wrote.

What somebody changed since stays, and is said. Values that mean something only together (the hours and their
kinds, the state and its assessment) go back together or not at all.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from django.db import models
from django.utils.translation import gettext as _

from certificates.models import Certificate
from courses.models import ClassRun, Enrolment, Session
from courses.models.enrolments import HOUR_KINDS
from learners.models import Holder
from ledgers.importing import fields
from ledgers.importing.matching import chunks
from ledgers.importing.undoing.deeds import Deeds, Event
from ledgers.importing.undoing.holding_on import later_rows
from ledgers.importing.undoing.trail import Line, Reason, Trail, Values, write_fields

TOGETHER = (
    ("hours", *(f"hours_{kind}" for kind in HOUR_KINDS)),
    ("state", "assessment", "assessment_words"),
    ("number", "number_key", "issuer_id"),
    ("issued_on", "year"),
    ("headcount", "women", "elders"),
)


class Change(NamedTuple):
    """What one row changed of one object, and who changed it since, should it have been changed."""

    line: Line
    kind: str
    pk: int
    old: Values
    wrote: Values
    since: Callable[[], str]


def put_back(trail: Trail, deeds: Deeds) -> None:
    """Restores objects of every kind; of what stays the lines say why."""
    restore(Enrolment, list(of_enrolments(trail, deeds)), trail)
    restore(Session, list(of_sessions(trail, deeds)), trail)
    restore(Certificate, list(of_certificates(trail, deeds)), trail)
    restore(ClassRun, list(of_runs(trail, deeds)), trail)
    restore(Holder, list(of_phones(trail, deeds)), trail)


def of_enrolments(trail: Trail, deeds: Deeds) -> Iterable[Change]:
    for line, pk, old, wrote in changed(trail, "enrolment"):
        since = partial(edit_of, deeds, line.run, trail.since.get(pk))
        yield Change(line, "enrolment", pk, old, wrote, since)


def edit_of(deeds: Deeds, run: int | None, at: datetime.datetime | None) -> str:
    return deeds.edit_near(run, at) if at else deeds.by(None)


def of_sessions(trail: Trail, deeds: Deeds) -> Iterable[Change]:
    for line, pk, old, wrote in changed(trail, "session"):
        yield Change(line, "session", pk, old, wrote, partial(newest, deeds, deeds.sessions.get(pk)))


def of_certificates(trail: Trail, deeds: Deeds) -> Iterable[Change]:
    for line, pk, old, wrote in changed(trail, "certificate"):
        yield Change(line, "certificate", pk, old, wrote, partial(newest, deeds, deeds.certificates.get(pk)))


def newest(deeds: Deeds, events: Sequence[Event] | None) -> str:
    return deeds.by(events[-1].at, events[-1].who) if events else deeds.by(None)


def changed(trail: Trail, kind: str) -> Iterable[tuple[Line, int, Values, Values]]:
    """What the free lines changed of a kind. An object that is gone cannot get its old values back."""
    for line in trail.free():
        if kind not in line.old:
            continue
        if pk := line.objects.get(kind):
            yield line, pk, line.old[kind], line.wrote.get(kind, {})
        elif line.made(kind) is None:
            line.failed.append(Reason(_("记录已不在"), _("记录后来已被删除，改前的值不能恢复")))


def of_runs(trail: Trail, deeds: Deeds) -> Iterable[Change]:
    """The days of a run must hold everybody who stays in it, of this import and of later ones."""
    lines = [line for line in trail.free() if "run" in line.old]
    staying = {line.run for line in trail.lines if line.blocked and line.run}
    relying = relied_on(trail, "enrolment__run", {line.old["run"]["pk"] for line in lines})
    for line in lines:
        pk = line.old["run"]["pk"]
        if pk in relying or pk in staying:
            who = _("后来的导入用到了这个班次") if pk in relying else _("班里还有保留的学员")
            leave(line, "run", line.old["run"], Reason(_("班次仍在用"), _("班次的起止日期不变：%s") % who))
            continue
        old, wrote = days(line.old["run"]), days(line.wrote.get("run", {}))
        event = deeds.edit_of_run(pk)
        yield Change(line, "run", pk, old, wrote, partial(newest, deeds, [event] if event else []))


def days(run: Values) -> Values:
    """The fields of a run, as the row remembers them; older rows know only its days."""
    found = dict(zip(("starts_on", "ends_on"), run.get("days", ()), strict=False))
    return found | {name: run[name] for name in ("place", "state") if name in run}


def of_phones(trail: Trail, deeds: Deeds) -> Iterable[Change]:
    """The bureau's phone of a person stays where a later import of the bureau speaks of the person."""
    lines = [line for line in trail.free() if "phone" in line.old]
    learners = {line.learner for line in lines if line.learner}
    later = relied_on(trail, "enrolment__learner", learners, batch__bureau=trail.batch.bureau_id)
    holders = holders_of(trail, learners)
    for line in lines:
        pk = line.old.get("holder") or holders.get(line.learner or 0)
        if line.learner in later:
            words = _("联系电话不变：后来的导入也有这个人")
            leave(line, "phone", line.old["phone"], Reason(_("后来又导入"), words))
        if pk and line.learner not in later:
            wrote = {"phone": line.wrote["phone"]} if "phone" in line.wrote else {}
            yield Change(line, "phone", pk, {"phone": line.old["phone"]}, wrote, partial(deeds.by, None))
        line.old["holder"] = pk


def holders_of(trail: Trail, learners: set[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for some in chunks(sorted(learners)):
        held = Holder.objects.filter(bureau=trail.batch.bureau_id, learner__in=some)
        found |= dict(held.values_list("learner_id", "pk"))
    return found


def relied_on(trail: Trail, path: str, ids: Iterable[int], **more: Any) -> set[int]:
    """Those of `ids` of which rows of later imports speak."""
    found: set[int] = set()
    for some in chunks(sorted(ids)):
        rows = later_rows(trail).filter(**{f"{path}__in": some}, **more).order_by()
        found |= set(rows.values_list(path, flat=True))
    return found


def leave(line: Line, kind: str, old: Any, reason: Reason) -> None:
    """These values stay, and may go back another time."""
    line.left[kind] = old
    line.kept.append(reason)


def restore(model: type[models.Model], changes: list[Change], trail: Trail) -> None:
    """Writes past `save`, so that an enrolment's time of change comes back too.

    The last change goes back first: an earlier row of the import may have changed the same run, or had the
    number that a later one was given.
    """
    check = Check(model)
    for some in chunks(reversed(changes)):
        taken = model._default_manager.select_for_update().order_by("pk")
        stored = {row.pk: row for row in taken.filter(pk__in={change.pk for change in some})}
        check.read(some, stored)
        names: set[str] = set()
        rows: dict[int, models.Model] = {}
        for change in some:
            if (row := stored.get(change.pk)) and (fresh := restored(row, change, check, trail)):
                names |= fresh
                rows[change.pk] = row
        if names:
            write_fields(model, rows.values(), names)
        trail.tell(len(some), len(changes))


def restored(row: models.Model, change: Change, check: Check, trail: Trail) -> set[str]:
    """Sets the values of one object, and gives their names; what stays is said on the line."""
    old, wrote = typed(row, change.old), typed(row, change.wrote)
    at = old.pop("changed_at", None)
    names: set[str] = set()
    for group in groups_of(old):
        was = {name: old[name] for name in group}
        if all(getattr(row, name) == was[name] for name in group):
            continue  # somebody has put it back already
        if edited := [name for name in group if name in wrote and getattr(row, name) != wrote[name]]:
            words = "、".join(labels(edited)) + _("后来改过，保留现在的值") + change.since()
            stay(change, group, Reason(_("后来有人改过"), words))
        elif fault := check.fault(row, was):
            stay(change, group, None)
            change.line.failed.append(fault)
        else:
            check.moves_number(row, was)
            names |= set_values(row, was)
    if at and change.kind not in change.line.left and row.changed_at <= trail.applied_at:  # type: ignore[attr-defined]
        names |= set_values(row, {"changed_at": at})
    return names


def set_values(row: models.Model, values: Values) -> set[str]:
    for name, value in values.items():
        setattr(row, name, value)
    return set(values)


def stay(change: Change, group: Iterable[str], reason: Reason | None) -> None:
    """Remembers what stays in the form in which the row remembers it."""
    left = change.line.left
    if change.kind in ("run", "phone"):
        left[change.kind] = change.line.old[change.kind]
    else:
        kept = {name: change.old[name] for name in group}
        left[change.kind] = left.get(change.kind, {}) | kept
        if "changed_at" in change.old:
            left[change.kind]["changed_at"] = change.old["changed_at"]
    if reason:
        change.line.kept.append(reason)


def typed(row: models.Model, values: Values) -> Values:
    """Values as they came from JSON, as the fields hold them."""
    by_name = {field.attname: field for field in row._meta.concrete_fields}
    return {name: by_name[name].to_python(value) for name, value in values.items()}


def groups_of(values: Values) -> list[list[str]]:
    groups = [[name for name in group if name in values] for group in TOGETHER]
    apart = set(values) - {name for group in groups for name in group}
    return [group for group in groups if group] + [[name] for name in sorted(apart)]


def labels(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(fields.label_of(name) for name in names))


def ends_before_start(row: Any, values: Values) -> bool:
    """Whether a run with one of its old days would end before it starts."""
    if not values.keys() & {"starts_on", "ends_on"}:
        return False
    first, last = (values.get(name, getattr(row, name)) for name in ("starts_on", "ends_on"))
    return bool(first and last and last < first)


class Check:
    """Whether old values may stand again: they lead to something, the number and a seat are free."""

    def __init__(self, model: type[models.Model]) -> None:
        self.model = model
        self.links = {field.attname: field for field in model._meta.concrete_fields if field.is_relation}
        self.known: dict[str, set[Any]] = {}
        self.taken: dict[tuple[int, str], int] = {}
        self.seats: dict[int, int] = {}
        self.counted: set[int] = set()

    def read(self, changes: list[Change], stored: dict[int, Any]) -> None:
        """What the check of these changes needs, in a fixed number of queries."""
        for name in {name for change in changes for name in change.old} & set(self.links):
            if name not in self.known:
                related: Any = self.links[name].related_model
                self.known[name] = set(related._default_manager.values_list("pk", flat=True))
        if self.model is Certificate:
            self.read_numbers({change.old["number_key"] for change in changes if "number_key" in change.old})
        if self.model is Enrolment:
            wanting = {c.pk for c in changes if c.old.get("state") in Enrolment.HOLDS_SEAT}
            self.read_seats({stored[pk].run_id for pk in wanting if pk in stored} - self.counted)

    def read_numbers(self, keys: set[str]) -> None:
        found = Certificate.objects.filter(number_key__in=keys).values_list("issuer_id", "number_key", "pk")
        self.taken |= {(issuer, key): pk for issuer, key, pk in found}

    def read_seats(self, runs: set[int]) -> None:
        """The free seats of those runs that have a limit."""
        self.counted |= runs
        limited = ClassRun.objects.select_for_update(no_key=True).filter(pk__in=runs, seats__isnull=False)
        seats = dict(limited.order_by("pk").values_list("pk", "seats"))
        holding = Enrolment.objects.holding_seats().filter(run__in=seats).order_by()
        taken = Counter(dict(holding.values_list("run").annotate(models.Count("pk"))))
        self.seats |= {pk: (limit or 0) - taken[pk] for pk, limit in seats.items()}

    def fault(self, row: Any, values: Values) -> Reason | None:
        for name, known in self.known.items():
            if values.get(name) is not None and values[name] not in known:
                words = _("原来的%s已被删除，不能恢复") % fields.label_of(name)
                return Reason(_("原值不能恢复"), words)
        if ends_before_start(row, values):
            return Reason(_("原值不能恢复"), _("原来的日期与现在的另一个日期先后颠倒，不能恢复"))
        if "number_key" in values and self.number_is_taken(row, values):
            return Reason(_("原值不能恢复"), _("原来的证书编号后来已登记给别的证书，不能恢复"))
        if "state" in values and self.model is Enrolment and not self.takes_seat(row, values["state"]):
            return Reason(_("原值不能恢复"), _("班次名额已满，不能恢复原来的参训状态"))
        return None

    def number_is_taken(self, row: Certificate, values: Values) -> bool:
        key = (values.get("issuer_id", row.issuer_id), values["number_key"])
        return self.taken.get(key, row.pk) != row.pk

    def moves_number(self, row: Any, values: Values) -> None:
        """Notes that the certificate leaves its number for its old one."""
        if "number_key" in values:
            self.taken.pop((row.issuer_id, row.number_key), None)
            self.taken[values.get("issuer_id", row.issuer_id), values["number_key"]] = row.pk

    def takes_seat(self, row: Enrolment, state: str) -> bool:
        """Whether there is a seat for who shall hold one again; takes it."""
        if state not in Enrolment.HOLDS_SEAT or row.state in Enrolment.HOLDS_SEAT:
            return True
        if row.run_id not in self.seats:
            return True
        self.seats[row.run_id] -= 1
        return self.seats[row.run_id] >= 0
