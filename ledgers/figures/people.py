"""人数: distinct learners, counted afresh for each scope since they do not add up."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Case, F, Q, QuerySet, Value, When

from courses.models import Enrolment, Programme
from ledgers.figures import rows
from ledgers.figures.selection import Selection, Span


class Scope(NamedTuple):
    """A scope by its path on an enrolment and on an attendance; empty for everything together."""

    enrolment: str
    attendance: str


EVERYTHING = Scope("", "")
GROUP = Scope("run__programme__group", "session__programme__group")
DISTRICT = Scope("district", "session__district")
PROGRAMME = Scope("run__programme__covered_by__umbrella", "session__programme__covered_by__umbrella")
PERIOD = Scope(f"{PROGRAMME.enrolment}__quotas__periods", f"{PROGRAMME.attendance}__quotas__periods")
RUN = Scope("run", "session__run")
COUNTED = (
    "SELECT at_scope, COUNT(DISTINCT person), COUNT(DISTINCT CASE WHEN meets = 1 THEN person END) "
    "FROM ({}) AS named GROUP BY at_scope"
)


class People(NamedTuple):
    """Distinct learners by name; `counted` are those that the programmes' basis counts (参训 or 合格)."""

    all: int = 0
    counted: int = 0


def people(
    selection: Selection,
    scope: Scope,
    *,
    spans: rows.Spans | None = None,
    among: list[tuple[Span, set[int]]] | None = None,
) -> dict[int, People]:
    """The people of each scope, by its id (0 for `EVERYTHING`). One query.

    `among` narrows to scopes, each set of ids with the years that count for it.
    """
    passed = Enrolment.Assessment.PASSED
    by_run = named(
        rows.enrolments(selection, spans).filter(rows.by_run()),
        scope.enrolment,
        person="learner",
        meets=Q(run__programme__basis=Programme.Basis.TAKING_PART) | Q(assessment=passed),
    ).filter(of_scopes(among, year="run__year"))
    by_session = named(
        rows.attendances(selection, spans),
        scope.attendance,
        person="enrolment__learner",
        meets=Q(session__programme__basis=Programme.Basis.TAKING_PART) | Q(enrolment__assessment=passed),
    ).filter(of_scopes(among, year="session__year"))
    columns = ("at_scope", "person", "meets")
    return distinct(by_run.values_list(*columns).union(by_session.values_list(*columns)))


def named(queryset: QuerySet[Any], scope: str, *, person: str, meets: Q) -> QuerySet[Any]:
    found: QuerySet[Any] = queryset.order_by().annotate(
        at_scope=F(scope) if scope else Value(0),
        person=F(person),
        meets=Case(When(meets, then=Value(1)), default=Value(0)),
    )
    return found


def of_scopes(among: list[tuple[Span, set[int]]] | None, *, year: str) -> Q:
    found = Q()
    for span, scopes in among or ():
        found |= Q(at_scope__in=scopes) & Q(**{f"{year}__range": (span.first, span.last)})
    return found


def distinct(union: QuerySet[Any, Any]) -> dict[int, People]:
    """Counts the persons of (scope, person, meets). The ORM does not group a union, SQL does."""
    try:
        inner, params = union.query.sql_with_params()
    except EmptyResultSet:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(COUNTED.format(inner), params)
        return {scope: People(*counts) for scope, *counts in cursor.fetchall() if scope is not None}
