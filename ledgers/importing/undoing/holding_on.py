"""What keeps a row from being taken back: whatever somebody did with it since.

A fixed number of queries: they join the import's rows, and give only what is built on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import models
from django.utils.translation import gettext as _

from bureaus.models import YearClose
from certificates.models import Certificate
from courses.models import Enrolment, Session
from ledgers.importing.undoing.deeds import NAMELESS, SIGNED, Deeds, moment
from ledgers.importing.undoing.trail import KINDS, Line, Trail
from ledgers.models import LedgerRow

MODELS: dict[str, type[models.Model]] = {
    "enrolment": Enrolment,
    "session": Session,
    "certificate": Certificate,
}


class Use(NamedTuple):
    """Things of one kind that were built on an object; the newest one says who and when."""

    number: int
    who: int | None
    at: Any


def block(trail: Trail, deeds: Deeds) -> None:
    """Marks the lines that stay as they are, with every reason for it."""
    for kind in KINDS:
        block_relied_on(trail, deeds, kind)
    for kind, model in MODELS.items():
        for relation in built_on(model):
            block_used(trail, deeds, kind, relation)
    block_edited(trail, deeds)
    block_in_closed_years(trail)


def block_relied_on(trail: Trail, deeds: Deeds, kind: str) -> None:
    """A later import names the same: what it says must not vanish under it."""
    later = later_rows(trail).filter(**{f"{kind}__in": trail.ids(kind)}).order_by("batch__applied_at")
    fields = (f"{kind}_id", "batch", "batch__file_name", "batch__uploaded_by", "batch__applied_at")
    seen: set[tuple[int, Any]] = set()
    for pk, batch, name, who, at in later.values_list(*fields):
        line = trail.with_object[kind][pk]
        if (line.pk, batch) not in seen:
            seen.add((line.pk, batch))
            line.block(_("后来又导入"), _("后来导入的“%s”也有这一行") % name + deeds.by(at, who))


def later_rows(trail: Trail) -> models.QuerySet[LedgerRow]:
    later = LedgerRow.objects.standing().filter(batch__applied_at__gt=trail.applied_at)
    return later.exclude(batch=trail.batch)


def built_on(model: type[models.Model]) -> Iterator[Any]:
    """Every foreign key that leads to `model`, those of later apps too; the imports' own rows ask apart."""
    for relation in model._meta.related_objects:
        if relation.related_model is not LedgerRow:
            yield relation


def block_used(trail: Trail, deeds: Deeds, kind: str, relation: Any) -> None:
    """What people put on an object would be deleted with it. An object that was only changed may have it."""
    made = trail.made(kind)
    for pk, use in uses(trail, kind, relation).items():
        if line := made.get(pk):
            line.block(*said(relation.related_model, use, deeds))


def uses(trail: Trail, kind: str, relation: Any) -> dict[int, Use]:
    model, name = relation.related_model, relation.field.name
    who, at = SIGNED.get(model, ("", ""))
    fields = ["pk", f"{name}_id", *filter(None, (who, at))]
    own = trail.created("certificate") if model is Certificate and kind == "enrolment" else set()
    found: dict[int, Use] = {}
    for pk, key, *signed in rows_of(model, name, trail.ids(kind)).values_list(*fields).iterator():
        if pk in own:
            continue
        values = dict(zip(filter(None, (who, at)), signed, strict=True))
        count = found[key].number if key in found else 0
        found[key] = Use(count + 1, values.get(who), values.get(at))
    return found


def rows_of(model: type[models.Model], name: str, ids: Any) -> models.QuerySet[Any]:
    """The newest last, so that it is the one that is told."""
    at = SIGNED.get(model, ("", ""))[1]
    order = [models.F(at).asc(nulls_first=True)] if at else ["pk"]
    return model._default_manager.filter(**{f"{name}__in": ids}).order_by(*order)


def said(model: type[models.Model], use: Use, deeds: Deeds) -> tuple[str, str]:
    """The kind of a reason, and its sentence."""
    name = str(model._meta.verbose_name)
    words = _("后来有了%(count)d 条%(name)s") % {"count": use.number, "name": name}
    if model not in NAMELESS:
        return name, words + deeds.by(use.at, use.who)
    return name, words + (f"（{moment(use.at)}）" if use.at else "")


def block_edited(trail: Trail, deeds: Deeds) -> None:
    """An object that the import made and somebody changed is that person's work too."""
    kind = _("后来有人改过")
    for pk, line in trail.made("enrolment").items():
        if at := trail.since.get(pk):
            line.block(kind, _("参训记录后来改过") + deeds.edit_near(line.run, at))
    for pk, line in trail.made("session").items():
        if events := deeds.sessions.get(pk):
            line.block(kind, _("课次后来改过：") + deeds.said(events[-1]))
    for pk, line in trail.made("certificate").items():
        if words := fate_of(trail.certificates[pk], deeds):
            line.block(kind, words)


def fate_of(certificate: Certificate, deeds: Deeds) -> str:
    """What became of a certificate in people's hands; empty where nothing did."""
    if events := deeds.certificates.get(certificate.pk):
        return _("证书后来有变动：") + deeds.said(events[-1])
    if certificate.state != Certificate.State.VALID:
        return _("证书后来改为“%s”") % certificate.get_state_display()
    return _("证书后来已领取（%s）") % certificate.handed_out_on if certificate.handed_out_on else ""


def block_in_closed_years(trail: Trail) -> None:
    """A certificate counts in its own year, now and when its old values are back."""
    bureaus = trail.batch.bureau.with_predecessors()
    closed = set(YearClose.objects.filter(bureau__in=bureaus).values_list("year", flat=True))
    for line in trail.lines if closed else ():
        for year in sorted(years_of(trail, line) & closed):
            line.block(_("年度已封账"), _("证书统计在 %d 年度，该年度已封账") % year)


def years_of(trail: Trail, line: Line) -> set[int]:
    """The years in which certificates count that taking this row back would delete or change."""
    old = line.old.get("certificate", {})
    if not old and line.made("certificate") is None:
        return set()
    stored = trail.certificates.get(line.objects.get("certificate", 0))
    return {year for year in (old.get("year"), stored.year if stored else None) if year}
