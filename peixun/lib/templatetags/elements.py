"""The elements that pages are built from; `docs/elements.md` shows each with an example.

They are built-in: a template needs no `{% load %}`. Their markup is in `peixun/templates/elements/`.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms, template
from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import BLANK_CHOICE_DASH
from django.forms import BaseForm, BoundField
from django.http import HttpRequest, QueryDict
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from peixun.lib.tables import Form

register = template.Library()

Number = int | float | Decimal
Choices = Iterable[Sequence[Any]]

SIGNS = {"done": "✓", "steady": "●", "behind": "▲", "fault": "✕", "muted": ""}
NOTICE_SIGNS = {"info": "ℹ", "done": "✓", "warn": "▲", "fault": "✕"}


# --- Words and figures --------------------------------------------------------------------------


@register.filter
def amount(value: object) -> str:
    """A figure as read by people: 3,589; 1.5; — for none."""
    if value is None or value == "":
        return "—"
    if isinstance(value, Decimal | float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) else str(value)


@register.filter
def percent(share: Number | None) -> str:
    """A share as per cent: 117%; — for none."""
    return "—" if share is None else f"{round(float(share) * 100)}%"


@register.filter
def signed_percent(share: Number | None) -> str:
    """A change as per cent with its sign: +14.9%; — for none."""
    return "—" if share is None else f"{float(share) * 100:+.1f}%"


@register.simple_tag
def site_words() -> dict[str, str]:
    """From the settings, not the context: allauth's views put a `site` of their own there."""
    return {
        "name": settings.PEIXUN_SITE_NAME,
        "sponsor": settings.PEIXUN_SPONSOR,
        "icp_number": settings.PEIXUN_ICP_NUMBER,
    }


@register.simple_block_tag
def keep(content: str) -> SafeString:
    """The text within, for use twice: `{% keep as name %}…{% endkeep %}`; empty when only spaces."""
    return SafeString(content.strip())


@register.inclusion_tag("elements/badge.html")
def badge(kind: str, text: str) -> dict[str, Any]:
    """`kind`: done, steady, behind, fault, muted. The sign goes with the colour."""
    return {"kind": kind, "text": text, "sign": SIGNS[kind]}


@register.inclusion_tag("elements/figure.html")
def figure(label: str, *values: Any, note: str = "", tone: str = "", url: str = "") -> dict[str, Any]:
    """A card with one figure or more: `values` is figure, unit, figure, unit … `tone` as for `badge`."""
    pairs = list(zip(values[::2], values[1::2], strict=True))
    return {"label": label, "pairs": pairs, "note": note, "tone": tone, "url": url}


@register.simple_block_tag
def notice(content: str, kind: str, title: str = "") -> SafeString:
    """`kind`: info, done, warn, fault."""
    words = {"kind": kind, "title": title, "content": content, "sign": NOTICE_SIGNS[kind]}
    return render_to_string("elements/notice.html", words)


@register.inclusion_tag("elements/empty_state.html")
def empty_state(text: str, hint: str = "", url: str = "", action: str = "") -> dict[str, Any]:
    """What stands where nothing is yet, and what to do about it."""
    return {"text": text, "hint": hint, "url": url, "action": action}


@register.inclusion_tag("elements/crumb.html")
def crumb(label: str, url: str = "") -> dict[str, Any]:
    return {"label": label, "url": url}


@register.inclusion_tag("elements/stepper.html")
def stepper(current: int, *labels: str) -> dict[str, Any]:
    """`current` counts from 1; one past the last means all done."""
    return {"current": current, "labels": labels}


@register.simple_block_tag
def facts(content: str) -> SafeString:
    return render_to_string("elements/facts.html", {"content": content})


@register.inclusion_tag("elements/fact.html")
def fact(label: str, value: Any) -> dict[str, Any]:
    return {"label": label, "value": value}


@register.inclusion_tag("elements/print_header.html")
def print_header(title: str, unit: str, date: date) -> dict[str, Any]:
    return {"title": title, "unit": unit, "date": date}


@register.inclusion_tag("elements/signatures.html")
def signatures(*labels: str) -> dict[str, Any]:
    return {"labels": labels}


@register.inclusion_tag("elements/to_rows.html")
def to_rows(value: Number | None, url: str, unit: str = "") -> dict[str, Any]:
    """A figure that leads to the rows behind it; a plain figure where there are none."""
    return {"value": value, "url": url, "unit": unit}


# --- Progress and charts ------------------------------------------------------------------------


def share(part: Number, whole: Number) -> float:
    """`part` of `whole` in per cent, between 0 and 100, one decimal."""
    return round(min(max(float(part) / float(whole), 0), 1) * 100, 1) if whole else 0


@register.inclusion_tag("elements/progress.html")
def progress(
    done: Number, target: Number | None, pace: Number | None = None, *, unit: str = "", state: str = ""
) -> dict[str, Any]:
    """A bar; nothing without a target.

    `pace` is the part of the time gone by, 0 to 1, drawn as an upright line. `state` (done, steady,
    behind) is read off the figures unless given.
    """
    if not target:
        return {"target": None}
    state = state or progress_state(done, target, pace)
    return {
        "target": target,
        "state": state,
        "percent": share(done, target),
        "pace_percent": None if pace is None else min(share(pace, 1), 99.5),
        "text": progress_text(done, target, pace, unit=unit, state=state),
    }


def progress_state(done: Number, target: Number, pace: Number | None) -> str:
    if done >= target:
        return "done"
    return "behind" if pace is not None and float(done) < float(target) * float(pace) else "steady"


def progress_text(done: Number, target: Number, pace: Number | None, *, unit: str, state: str) -> str:
    percent = int(float(done) / float(target) * 100)
    text = gettext("完成 %(done)s%(unit)s，目标 %(target)s%(unit)s，%(percent)d%%") % {
        "done": amount(done),
        "target": amount(target),
        "unit": unit,
        "percent": percent,
    }
    if pace is None:
        return text
    words = {"done": gettext("已完成"), "steady": gettext("按期"), "behind": gettext("落后于时序")}
    return gettext("%(text)s；时序 %(pace)d%%，%(state)s") % {
        "text": text,
        "pace": float(pace) * 100,
        "state": words[state],
    }


@register.inclusion_tag("elements/bar_chart.html")
def bar_chart(title: str, series: Choices, unit: str = "") -> dict[str, Any]:
    """`title` says the finding; `series` holds (label, value) or (label, value, url)."""
    entries = [tuple(entry) for entry in series]
    most = max((entry[1] for entry in entries), default=0)
    rows = [
        {"label": label, "value": value, "percent": share(value, most), "url": "".join(url)}
        for label, value, *url in entries
    ]
    return {"title": title, "rows": rows, "unit": unit}


@register.inclusion_tag("elements/column_chart.html")
def column_chart(title: str, series: Choices, unit: str = "") -> dict[str, Any]:
    """`title` says the finding; `series` holds (label, value), few enough to stand side by side."""
    entries = [(label, value) for label, value in series]
    most = max((value for _, value in entries), default=0)
    rows = [
        {
            "label": label,
            "value": value,
            "percent": share(value, most),
            "rest": round(100 - share(value, most), 1),
            "key": bool(value) and value == most,
        }
        for label, value in entries
    ]
    return {"title": title, "rows": rows, "unit": unit}


@register.inclusion_tag("elements/job.html", takes_context=True)
def job(
    context: Context,
    label: str,
    done: int,
    total: int,
    *,
    unit: str = "",
    estimate: str = "",
    refresh: str = "",
    cancel: str = "",
) -> dict[str, Any]:
    """Work in the background. `refresh` is asked every two seconds for the same element anew."""
    words = {"label": label, "done": done, "total": total, "unit": unit, "estimate": estimate}
    return words | {"refresh": refresh, "cancel": cancel, "csrf_token": context.get("csrf_token")}


# --- Tables -------------------------------------------------------------------------------------


def address(request: HttpRequest, **changes: str) -> str:
    """The query string of this page with `changes`; an empty value drops its name, and so the page number."""
    query: QueryDict = request.GET.copy()
    for name, value in {"page": "", **changes}.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}"


@register.simple_block_tag
def table(content: str, caption: str, *, wide: bool = False) -> SafeString:
    """The frame of a table. `wide` scrolls sideways within the frame."""
    return render_to_string("elements/table.html", {"content": content, "caption": caption, "wide": wide})


@register.inclusion_tag("elements/th.html", takes_context=True)
def th(context: Context, label: str, sort: str = "", *, numeric: bool = False) -> dict[str, Any]:
    """A heading; with `sort` it links to `?sort=…`.

    The order in force is the address's `sort`, else the context's. Figures sort from the largest first.
    """
    if not sort:
        return {"label": label, "numeric": numeric}
    current = str(context.request.GET.get("sort") or context.get("sort", ""))  # type: ignore[attr-defined]
    directions = {sort: "ascending", f"-{sort}": "descending"}
    first, second = (f"-{sort}", sort) if numeric else (sort, f"-{sort}")
    return {
        "label": label,
        "sort": sort,
        "numeric": numeric,
        "next": second if current == first else first,
        "direction": directions.get(current),
        "sign": {sort: "▲", f"-{sort}": "▼"}.get(current, "⇅"),
    }


@register.inclusion_tag("elements/pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any]) -> dict[str, Any]:
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return {"page": page, "numbers": numbers, "gap": Paginator.ELLIPSIS}


@register.inclusion_tag("elements/export_menu.html", takes_context=True)
def export_menu(context: Context) -> dict[str, Any]:
    """A list page as a file (`bureaus.exporting`); the form that one took last time comes first."""
    request = context["request"]
    last = request.COOKIES.get("export", "")
    return {"request": request, "forms": sorted(Form, key=lambda form: form.value != last), "last": last}


# --- Filters ------------------------------------------------------------------------------------


@register.inclusion_tag("elements/pills.html", takes_context=True)
def pills(context: Context, name: str, choices: Choices, *, label: str, all: str = "") -> dict[str, Any]:
    """Links that set `name` in the address. `choices` holds (value, label) or (value, label, count).

    `all` is the word of the first pill, which takes the filter off.
    """
    request: HttpRequest = context.request  # type: ignore[attr-defined]
    chosen = request.GET.get(name) or str(context.get(name) or "")
    entries = ([("", all)] if all else []) + [tuple(choice) for choice in choices]
    rows = [
        {
            "label": words[0],
            "count": words[1] if len(words) > 1 else None,
            "url": address(request, **{name: str(value)}),
            "chosen": str(value) == chosen,
        }
        for value, *words in entries
    ]
    return {"pills": rows, "label": label}


@register.simple_block_tag(takes_context=True)
def filter_form(context: Context, content: str, *, keep: str = "") -> SafeString:
    """A form of filters. `keep` names the parameters, set elsewhere on the page, that it must not lose."""
    request: HttpRequest = context.request  # type: ignore[attr-defined]
    kept = [(name, value) for name in keep.split() if (value := request.GET.get(name))]
    return render_to_string("elements/filter_form.html", {"content": content, "kept": kept})


@register.inclusion_tag("elements/filter_select.html", takes_context=True)
def filter_select(context: Context, name: str, choices: Choices, *, label: str, all: str) -> dict[str, Any]:
    chosen = context.request.GET.get(name, "")  # type: ignore[attr-defined]
    return {"name": name, "choices": choices, "label": label, "all": all, "chosen": chosen}


@register.inclusion_tag("elements/search_box.html", takes_context=True)
def search_box(context: Context, words: str, *, label: str) -> dict[str, Any]:
    """Posts `q`, so that no name stands in an address; for views that are `peixun.lib.search.searchable`."""
    return {"words": words, "label": label, "csrf_token": context.get("csrf_token")}


# --- Forms --------------------------------------------------------------------------------------

NO_CHOICE = BLANK_CHOICE_DASH[0][1]
NATIVE_TYPES = (
    (forms.DateInput, "date", "%Y-%m-%d"),
    (forms.DateTimeInput, "datetime-local", "%Y-%m-%dT%H:%M"),
    (forms.TimeInput, "time", "%H:%M"),
)


@register.inclusion_tag("elements/field.html")
def field(field: BoundField, *, label: str = "", hint: str | None = None) -> dict[str, Any]:
    """Label, hint, widget and error sentence of one form field; `hint=""` hides the field's own."""
    widget = field.field.widget
    widget.attrs.pop("placeholder", None)  # it would vanish while one types; label and hint stay
    for widget_class, input_type, written in NATIVE_TYPES:
        if isinstance(widget, widget_class):
            widget.input_type, widget.format = input_type, written
    field.help_text = field.help_text if hint is None else hint
    return {
        "field": field,
        "kind": field_kind(widget),
        "box": "fieldset" if field.use_fieldset else "div",
        "label": label or field.label,
        "hint": SafeString(field.help_text) if hint is None else hint,
        "widget": widget_in_words(field),
        "described_by": field.aria_describedby,
    }


def widget_in_words(field: BoundField) -> SafeString:
    """The widget; where Django has dashes for no choice, words say what to do."""
    words = gettext("请选择") if field.field.required else gettext("不选")
    return SafeString(field.as_widget().replace(f">{NO_CHOICE}<", f">{words}<"))


def field_kind(widget: forms.Widget) -> str:
    kinds = (
        (forms.RadioSelect, "choices"),
        (forms.CheckboxSelectMultiple, "choices"),
        (forms.CheckboxInput, "checkbox"),
        (forms.FileInput, "file"),
    )
    return next((kind for widget_class, kind in kinds if isinstance(widget, widget_class)), "text")


@register.inclusion_tag("elements/fields.html")
def fields(form: BaseForm) -> dict[str, Any]:
    """All fields of a form, hidden ones included."""
    return {"form": form}


@register.inclusion_tag("elements/error_summary.html")
def error_summary(form: BaseForm) -> dict[str, Any]:
    """What is wrong, with links to the fields; nothing when all is well."""
    faults = [(bound, bound.id_for_label or f"{bound.auto_id}_0") for bound in form if bound.errors]
    count = len(form.non_field_errors()) + sum(len(bound.errors) for bound, _ in faults)
    return {"form": form, "faults": faults, "count": count}
