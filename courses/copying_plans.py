"""The next plan, made from the one before in one step (按上一规划新建)."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from bureaus.models import AuditEvent, User
from courses.models import (
    Action,
    ActionBureau,
    Course,
    HourRule,
    Plan,
    Programme,
    ProgrammeBureau,
    Quota,
    RepeatLimit,
)
from courses.teaching import fill_copy


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is to copy of a plan."""

    actions: int
    programmes: int
    yearly_quotas: int
    plan_quotas: int
    hour_rules: int
    courses: int


def extent_of(source: Plan) -> Extent:
    """Six queries."""
    return Extent(
        actions=source.actions.count(),
        programmes=source.programmes.count(),
        yearly_quotas=source.quotas.filter(cycle=Quota.Cycle.YEARLY).count(),
        plan_quotas=source.quotas.filter(cycle=Quota.Cycle.PLAN).count(),
        hour_rules=rules_after(source).count(),
        courses=Course.objects.filter(programme__plan=source).count(),
    )


@transaction.atomic
def copy_plan(
    source: Plan, plan: Plan, *, cycles: Collection[str], with_courses: bool, user: User
) -> dict[str, int]:
    """Saves `plan`, a plan not saved yet, and copies what stands under `source`; gives how much that was.

    `cycles` are the cycles of the quotas to copy. Their words and values are; what was allotted, reached or
    evidenced is not.
    """
    plan.issuer, plan.coordinator, plan.city = source.issuer, source.coordinator, source.city
    plan.save()
    actions = copy_actions(source, plan)
    programmes = copy_programmes(source, plan, actions)
    copy_rules(source, programmes)
    counts = {
        "actions": len(actions),
        "programmes": len(programmes),
        "quotas": copy_quotas(source.quotas.filter(cycle__in=cycles), plan, programmes),
        "courses": copy_courses(programmes) if with_courses else 0,
    }
    after = {"copied_from": source.name, **counts}
    AuditEvent.record(AuditEvent.Deed.PLAN_LOADED, plan, user=user, bureau=plan.coordinator, after=after)
    return counts


def copy_actions(source: Plan, plan: Plan) -> dict[int, Action]:
    """The new actions with their bureaus, by the id of the old one."""
    copies = {}
    for action in source.actions.prefetch_related("bureau_links"):
        copies[action.pk] = copy = Action.objects.create(
            plan=plan, name=action.name, group_id=action.group_id, order=action.order
        )
        ActionBureau.objects.bulk_create(
            ActionBureau(action=copy, bureau_id=link.bureau_id, role=link.role, order=link.order)
            for link in action.bureau_links.all()
        )
    return copies


def copy_programmes(source: Plan, plan: Plan, actions: dict[int, Action]) -> dict[int, Programme]:
    """The new programmes with their bureaus, by the id of the old one; each umbrella ahead of its parts."""
    copies: dict[int, Programme] = {}
    for programme in umbrellas_first(source):
        copies[programme.pk] = copy = Programme.objects.create(
            plan=plan,
            action=actions.get(programme.action_id or 0),
            part_of=copies.get(programme.part_of_id or 0),
            section=programme.section,
            clause=programme.clause,
            name=programme.name,
            group_id=programme.group_id,
            kind=programme.kind,
            counts=programme.counts,
            basis=programme.basis,
            order=programme.order,
        )
        ProgrammeBureau.objects.bulk_create(
            ProgrammeBureau(programme=copy, bureau_id=link.bureau_id, role=link.role, order=link.order)
            for link in programme.bureau_links.all()
        )
    return copies


def umbrellas_first(source: Plan) -> list[Programme]:
    """The plan's programmes, each behind the umbrella that it is part of. Two queries."""
    waiting = list(source.programmes.prefetch_related("bureau_links"))
    inside = {programme.pk for programme in waiting}
    ordered: list[Programme] = []
    while waiting:
        listed = {programme.pk for programme in ordered}
        ready = [one for one in waiting if one.part_of_id in listed or one.part_of_id not in inside]
        ordered += ready
        waiting = [one for one in waiting if one not in ready]
    return ordered


def rules_after(source: Plan) -> QuerySet[HourRule]:
    """The hour rules of the plan's programmes that still hold when the plan is over."""
    after = datetime.date(source.last_year + 1, 1, 1)
    return HourRule.objects.filter(Q(valid_to=None) | Q(valid_to__gte=after), programme__plan=source)


def copy_rules(source: Plan, programmes: dict[int, Programme]) -> None:
    """Hour rules and repeat limits; the general ones hold for every plan as they are."""
    limits = RepeatLimit.objects.filter(programme__plan=source)
    rules: list[HourRule | RepeatLimit] = [*rules_after(source), *limits]
    for rule in rules:
        rule.programme = programmes[rule.programme_id or 0]
        rule.pk = None
        rule._state.adding = True
        rule.save()


def copy_quotas(quotas: QuerySet[Quota], plan: Plan, programmes: dict[int, Programme]) -> int:
    """How many there were. Saving a quota makes its periods in the new plan."""
    found = list(quotas.prefetch_related("programmes"))
    for quota in found:
        copy = Quota.objects.create(
            plan=plan,
            words=quota.words,
            value=quota.value,
            unit=quota.unit,
            cycle=quota.cycle,
            order=quota.order,
        )
        copy.programmes.set([programmes[one.pk] for one in quota.programmes.all() if one.pk in programmes])
    return len(found)


def copy_courses(programmes: dict[int, Programme]) -> int:
    """How many there were. The materials of the new ones are the same files."""
    found = list(Course.objects.filter(programme__in=programmes))
    for course in found:
        copy = Course(name=course.name, programme=programmes[course.programme_id or 0], bureau=course.bureau)
        fill_copy(course, copy, with_materials=True)
    return len(found)
