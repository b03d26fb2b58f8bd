"""How the cells of a register are read and written."""

import datetime
import re
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from import_export import widgets

SHOWN = 40  # characters of a cell that a sentence quotes
SEPARATOR = "、"
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


class Refused(ValueError):
    """A cell that cannot be taken; the text is a sentence for the user."""


def text_of(value: Any) -> str:
    return "" if value is None else str(value).strip()


def quoted(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


class LineWidget(widgets.Widget):
    """A text of one line."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return " ".join(text_of(value).splitlines())


class TextWidget(widgets.Widget):
    """A text of any number of lines."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return "\n".join(text_of(value).splitlines())


class NamedWidget(widgets.ForeignKeyWidget):
    """A row of another register by its name."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        name = text_of(value)
        return self.named(name, row) if name else None

    def named(self, name: str, row: Any) -> Any:
        try:
            return self.get_queryset(name, row).get(**{self.field: name})
        except self.model.DoesNotExist:
            raise unknown(self.model, name) from None


def unknown(model: type[models.Model], name: str) -> Refused:
    words = {"name": quoted(name), "kind": model._meta.verbose_name}
    return Refused(_("没有名为“%(name)s”的%(kind)s，请先登记或改正名称。") % words)


class NamesWidget(widgets.ManyToManyWidget):
    """Some rows of another register by their names."""

    def __init__(self, one: NamedWidget) -> None:
        super().__init__(one.model, separator=SEPARATOR, field=one.field)
        self.one = one

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> list[Any]:
        names = filter(None, map(str.strip, text_of(value).split(SEPARATOR)))
        return [self.one.named(name, row) for name in dict.fromkeys(names)]


class ChoiceWidget(widgets.Widget):
    """A choice by the words that the pages show."""

    def __init__(self, choices: type[models.TextChoices]) -> None:
        super().__init__()
        self.choices = choices

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        words = text_of(value)
        for choice in self.choices:
            if words in (choice.label, choice.value):
                return str(choice.value)
        known = "、".join(str(choice.label) for choice in self.choices)
        raise Refused(_("“%(words)s”不对，只能填写：%(known)s。") % {"words": quoted(words), "known": known})

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return str(self.choices(value).label) if value else ""


class YesNoWidget(widgets.Widget):
    """是 or 否; None for an empty cell."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool | None:
        words = text_of(value)
        if words in ("否", "0", "False", "FALSE"):
            return False
        if words in ("是", "1", "True", "TRUE"):
            return True
        if not words:
            return None
        raise Refused(_("“%(words)s”不对，只能填写：是、否。") % {"words": quoted(words)})

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "是" if value else "否"


class NumberWidget(widgets.Widget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Decimal | None:
        words = text_of(value)
        try:
            number = Decimal(words) if words else None
        except ArithmeticError:
            number = Decimal("NaN")
        if number is not None and not number.is_finite():
            raise Refused(_("“%(words)s”不对，要写成数字，如 8 或 4.5。") % {"words": quoted(words)})
        return number

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        return "" if value is None else Decimal(f"{value.normalize():f}")


class DayWidget(widgets.Widget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> datetime.date | None:
        words = text_of(value)
        if not words:
            return None
        try:
            return datetime.date(*map(int, _DAY.fullmatch(words).groups()))  # type: ignore[union-attr]
        except (AttributeError, ValueError):
            sentence = _("“%(words)s”不对，日期要写成 2024-03-05。") % {"words": quoted(words)}
            raise Refused(sentence) from None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        return "" if value is None else value
