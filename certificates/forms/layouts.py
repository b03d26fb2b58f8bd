"""The forms of the template editor: one for each part of a layout, and between them and the layout's JSON.

What is right is said in `drawing/parsing.py` alone; here its sentences are put to the fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from certificates.drawing.layouts import (
    ALIGN_LABELS,
    BORDER_LABELS,
    FONT_LABELS,
    PALETTE_LABELS,
    PAPER_LABELS,
    STAND_LABELS,
    VALUE_LABELS,
    Layout,
    in_words,
)
from certificates.drawing.parsing import MOST_LINES, MOST_TEXTS, Fault, read
from certificates.models import Picture, Template

TINTS = {"": _("白"), "#fdf9ee": _("米黄"), "#f4f8fd": _("淡蓝"), "#f4faf5": _("淡绿")}


class PlainNumber(forms.NumberInput):
    """30 and not 30.0."""

    def format_value(self, value: Any) -> str | None:
        return f"{value:g}" if isinstance(value, float) else super().format_value(value)


def number(label: Any, initial: float | None = None, *, step: str = "0.5") -> forms.FloatField:
    widget = PlainNumber(attrs={"step": step, "inputmode": "decimal"})
    return forms.FloatField(label=label, initial=initial, widget=widget)


def choice(label: Any, labels: Mapping[str, Any], initial: str) -> forms.ChoiceField:
    required = "" not in labels
    return forms.ChoiceField(label=label, choices=[*labels.items()], initial=initial, required=required)


class PartForm(forms.Form):
    """A part of a layout. A colour from outside the palette stays one of the choices."""

    colours: tuple[str, ...] = ("colour",)
    # What is to be said of the part when it is drawn.
    notes: Sequence[Fault] = ()
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.colours:
            field, value = self.fields.get(name), self[name].value() if name in self.fields else None
            if isinstance(field, forms.ChoiceField) and value and value not in dict(field.choices):  # type: ignore[arg-type]
                field.choices = [*field.choices, (value, value)]  # type: ignore[misc]

    def raw(self) -> dict[str, Any]:
        """What was typed, right or wrong."""
        return {name: self[name].data for name in self.fields}

    def as_json(self) -> dict[str, Any] | None:
        return {name: value for name, value in self.cleaned_data.items() if value is not None}

    def tell(self, fault: Fault) -> None:
        """Puts a sentence to its field; the field's own complaint comes first."""
        field = fault.field if fault.field in self.fields else None
        if not field or field not in self.errors:
            self.add_error(field, fault.sentence)


class OptionalPartForm(PartForm):
    """A part that may be missing; while it is, nothing of it is looked at."""

    shown = forms.BooleanField(label=_("放在证书上"), required=False)

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and not self["shown"].data:
            self._errors = ErrorDict()
            self.cleaned_data = {"shown": False}

    def as_json(self) -> dict[str, Any] | None:
        found = super().as_json() or {}
        return found if found.pop("shown", False) else None


class PageForm(PartForm):
    colours = ("tint", "border_colour")

    paper = choice(_("纸张"), PAPER_LABELS, "landscape")
    tint = choice(_("纸色"), TINTS, "")
    border_kind = choice(_("边框"), BORDER_LABELS, "none")
    border_colour = choice(_("边框颜色"), PALETTE_LABELS, "gold")
    border_inset = number(_("边框离纸边（毫米）"), 10)
    background = forms.ChoiceField(label=_("底图"), required=False)

    def as_json(self) -> dict[str, Any]:
        given = super().as_json() or {}
        border = {name: given.pop(f"border_{name}", None) for name in ("kind", "colour", "inset")}
        return given | {"border": {name: value for name, value in border.items() if value is not None}}


class TextForm(PartForm):
    text = forms.CharField(
        label=_("文字"), strip=False, widget=forms.Textarea(attrs={"rows": 2, "data-words": ""})
    )
    x = number(_("左边距"))
    y = number(_("上边距"))
    width = number(_("宽度"))
    size = number(_("字号（磅）"))
    font = choice(_("字体"), FONT_LABELS, "song")
    align = choice(_("对齐"), ALIGN_LABELS, "left")
    colour = choice(_("颜色"), PALETTE_LABELS, "ink")
    bold = forms.BooleanField(label=_("加粗"), required=False)
    lines = forms.IntegerField(label=_("最多行数"), initial=1)
    least = number(_("最小字号"), 8)
    stand = choice(_("上下位置"), STAND_LABELS, "top")
    leading = number(_("行距（倍）"), 1.6, step="0.05")
    tracking = number(_("字距（字）"), 0, step="0.05")
    indent = number(_("首行缩进（字）"), 0)
    values = choice(_("填写内容的样式"), VALUE_LABELS, "plain")

    def title(self) -> str:
        return in_words(str(self["text"].value() or "").strip())


class LineForm(PartForm):
    x = number(_("左边距"))
    y = number(_("上边距"))
    width = number(_("长度"))
    thickness = number(_("粗细（磅）"), 0.6, step="0.1")
    colour = choice(_("颜色"), PALETTE_LABELS, "ink")


class StampForm(OptionalPartForm):
    digest = forms.ChoiceField(label=_("图片"), required=False)
    x = number(_("左边距"), 160)
    y = number(_("上边距"), 140)
    width = number(_("宽度"), 42)
    height = number(_("高度"), 42)


class QrForm(OptionalPartForm):
    x = number(_("左边距"), 30)
    y = number(_("上边距"), 150)
    size = number(_("边长"), 30)


class TableForm(OptionalPartForm):
    colours = ("colour", "line_colour")

    rows = forms.CharField(
        label=_("行"),
        strip=False,
        initial="姓名：{name}\n学时：{hours}",
        widget=forms.Textarea(attrs={"rows": 6, "data-words": ""}),
        help_text=_("一行一项，写成“栏目：内容”；两项并排用竖线隔开，如“姓名：{name} | 学时：{hours}”"),
    )
    x = number(_("左边距"), 25)
    y = number(_("上边距"), 90)
    width = number(_("宽度"), 160)
    label_width = number(_("栏目宽度"), 36)
    row_height = number(_("行高"), 14)
    size = number(_("字号（磅）"), 13)
    least = number(_("最小字号"), 8)
    font = choice(_("字体"), FONT_LABELS, "song")
    colour = choice(_("文字颜色"), PALETTE_LABELS, "ink")
    line_colour = choice(_("线的颜色"), PALETTE_LABELS, "ink")

    def as_json(self) -> dict[str, Any] | None:
        found = super().as_json()
        return found and found | {"rows": rows_from(found.get("rows", ""))}


def rows_from(text: str) -> list[list[list[str]]]:
    """Rows of labels and texts, as they are typed: 姓名：{name} | 学时：{hours}."""
    rows = []
    for line in text.replace("\r", "").split("\n"):
        pairs = [one.replace(":", "：", 1) if "：" not in one else one for one in line.split("|")]
        if line.strip():
            rows.append([[side.strip() for side in one.partition("：")[::2]] for one in pairs])
    return rows


def rows_to_text(rows: list[list[list[str]]]) -> str:
    return "\n".join(" | ".join("：".join(pair) for pair in row) for row in rows)


LISTS: dict[str, type[BaseFormSet[Any]]] = {
    "texts": formset_factory(TextForm, extra=0, max_num=MOST_TEXTS, absolute_max=MOST_TEXTS + 1),
    "lines": formset_factory(LineForm, extra=0, max_num=MOST_LINES, absolute_max=MOST_LINES + 1),
}


def first_values(form: type[PartForm], **values: object) -> dict[str, Any]:
    return {name: field.initial for name, field in form.base_fields.items()} | values


# A text or line that was just added.
NEW = {
    "texts": first_values(TextForm, text="{name}", x=30, y=20, width=60, size=14),
    "lines": first_values(LineForm, x=30, y=30, width=60),
}
LONE: dict[str, type[PartForm]] = {
    "page": PageForm,
    "seal": StampForm,
    "signature": StampForm,
    "qr": QrForm,
    "table": TableForm,
}


class LayoutForms:
    """All forms of one layout: from what was posted, or from `initial` (a dict for each part)."""

    def __init__(
        self, template: Template, *, data: QueryDict | None = None, initial: Mapping[str, Any] | None = None
    ) -> None:
        self.template = template
        first = initial or {}
        self.lone = {name: form(data, prefix=name, initial=first.get(name)) for name, form in LONE.items()}
        self.lists = {name: many(data, prefix=name, initial=first.get(name)) for name, many in LISTS.items()}
        self.offer_pictures()
        self.layout, self.faults = self.judged() if data is not None else (Layout(), [])

    @classmethod
    def of_layout(cls, template: Template, layout: Layout) -> LayoutForms:
        """Filled in with a layout that is right."""
        forms = cls(template, initial=initial_of(layout))
        forms.layout = layout
        return forms

    def offer_pictures(self) -> None:
        """The pictures that may stand on the template, by kind. One query."""
        kinds: dict[str, list[tuple[str, str]]] = {kind: [("", str(_("无")))] for kind in Picture.Kind.values}
        for one in Picture.objects.usable_on(self.template):
            kinds[one.kind].append((one.digest, one.name))
        for kind in ("seal", "signature"):
            self.lone[kind].fields["digest"].choices = kinds[kind]  # type: ignore[attr-defined]
        self.lone["page"].fields["background"].choices = kinds["background"]  # type: ignore[attr-defined]

    def at(self, place: str) -> PartForm:
        """The form of a fault's place."""
        name, _dash, at = place.partition("-")
        if name in self.lists:
            found: PartForm = self.lists[name].forms[int(at)]
            return found
        return self.lone[name]

    def each(self) -> Iterator[PartForm]:
        yield from self.lone.values()
        for many in self.lists.values():
            yield from many.forms

    def judged(self) -> tuple[Layout, list[Fault]]:
        """What can be drawn of what was typed, and all that is wrong with it, also said to the forms."""
        complaints = [
            Fault(f"{form.fields[name].label}：{sentence}", (str(form.prefix),), name)
            for form in self.each()
            for name, sentences in form.errors.items()
            for sentence in sentences
        ]
        complained = {(fault.places[0], fault.field) for fault in complaints}
        layout, faults = read(self.as_json())
        faults = [fault for fault in faults if (fault.places[0], fault.field) not in complained]
        for fault in faults:
            for place in fault.places:
                self.at(place).tell(fault)
        return layout, complaints + faults

    def as_json(self) -> dict[str, Any]:
        page = self.lone["page"].as_json() or {}
        parts = {name: form.as_json() for name, form in self.lone.items() if name != "page"}
        lists = {name: [form.as_json() for form in many.forms] for name, many in self.lists.items()}
        return page | parts | lists

    def after(self, deed: str) -> LayoutForms:
        """The forms with one part more, less, or moved: `add-texts`, `remove-texts-2`, `up-`, `down-`."""
        typed = {name: [form.raw() for form in many.forms] for name, many in self.lists.items()}
        verb, _dash, place = deed.partition("-")
        name, _dash, at = place.partition("-")
        if name in LISTS:
            change(typed[name], verb, int(at) if at.isascii() and at.isdecimal() else -1, new=NEW[name])
        parts = {name: form.raw() for name, form in self.lone.items()}
        parts |= {f"{name}-{at}": row for name, rows in typed.items() for at, row in enumerate(rows)}
        data = QueryDict(mutable=True)
        for place, values in parts.items():
            # By identity: an indent of 0 is one.
            given = {
                name: value for name, value in values.items() if value is not None and value is not False
            }
            data.update({f"{place}-{name}": str(value) for name, value in given.items()})
        for name, rows in typed.items():
            data.update({f"{name}-TOTAL_FORMS": str(len(rows)), f"{name}-INITIAL_FORMS": "0"})
        return LayoutForms(self.template, data=data)


def change(rows: list[dict[str, Any]], verb: str, at: int, *, new: Mapping[str, Any]) -> None:
    """Adds, removes or moves one of `rows`; what cannot be done is left."""
    if verb == "add":
        rows.append(dict(new))
    elif verb == "remove" and 0 <= at < len(rows):
        del rows[at]
    elif verb == "up" and 0 < at < len(rows):
        rows[at - 1], rows[at] = rows[at], rows[at - 1]
    elif verb == "down" and 0 <= at < len(rows) - 1:
        rows[at], rows[at + 1] = rows[at + 1], rows[at]


def initial_of(layout: Layout) -> dict[str, Any]:
    """The forms' first values."""
    data = layout.as_json()
    border = {f"border_{name}": value for name, value in data["border"].items()}
    page = {name: data[name] for name in ("paper", "tint", "background")}
    table = data["table"] and data["table"] | {"rows": rows_to_text(data["table"]["rows"])}
    parts = {name: data[name] for name in ("seal", "signature", "qr")} | {"table": table}
    shown = {name: part | {"shown": True} if part else {} for name, part in parts.items()}
    return {"page": page | border, "texts": data["texts"], "lines": data["lines"]} | shown
