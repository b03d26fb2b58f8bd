"""Lists of rows: searched, in the order that the address asks for, by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import F, Model, Q, QuerySet
from django.http import HttpRequest

ROWS_A_PAGE = 50
LONGEST_KEY = 18  # digits
M = TypeVar("M", bound=Model)


def page_of(request: HttpRequest, rows: Any, *, size: int = ROWS_A_PAGE) -> Page[Any]:
    """The page of `rows` that the address names; the first or last one where there is no such page."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


def key_in(request: HttpRequest, name: str) -> int | None:
    """The key of a row that the address gives under that name; None where it gives none that could be one."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_KEY else None


def in_order(
    request: HttpRequest, rows: QuerySet[M], sorts: Mapping[str, str], *, default: str
) -> QuerySet[M]:
    """Sorted by a key of the address that `sorts` knows; rows without a value come last."""
    wanted = request.GET.get("sort", "")
    sort = wanted if wanted.removeprefix("-") in sorts else default
    column = F(sorts[sort.removeprefix("-")])
    backwards = sort.startswith("-")
    return rows.order_by(column.desc(nulls_last=True) if backwards else column.asc(nulls_last=True), "pk")


def containing(words: str, *fields: str) -> Q:
    """Rows with `words` in one of the fields."""
    found = Q()
    for field in fields:
        found |= Q(**{f"{field}__icontains": words})
    return found
