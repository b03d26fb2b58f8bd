"""How the cells of a register are read and written."""

from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from import_export import widgets


class NamedWidget(widgets.ForeignKeyWidget):
    """A row of another register by its name; an unknown name is told in Chinese."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        name = str(value or "").strip()
        if not name:
            return None
        try:
            return self.get_queryset(name, row, **kwargs).get(**{self.field: name})
        except self.model.DoesNotExist as error:
            kind = self.model._meta.verbose_name
            message = _("没有名为“%(name)s”的%(kind)s，请先登记或改正名称。") % {"name": name, "kind": kind}
            raise ValueError(message) from error


class ChoiceWidget(widgets.Widget):
    """A choice by the words that the pages show."""

    def __init__(self, choices: type[models.TextChoices]) -> None:
        super().__init__()
        self.choices = choices

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        words = str(value or "").strip()
        for choice in self.choices:
            if words in (choice.label, choice.value):
                return str(choice.value)
        known = "、".join(str(choice.label) for choice in self.choices)
        raise ValueError(_("“%(words)s”不对，只能填写：%(known)s。") % {"words": words, "known": known})

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return str(self.choices(value).label) if value else ""


class YesNoWidget(widgets.Widget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool:
        words = str(value or "").strip()
        if words in ("", "否", "0", "False"):
            return False
        if words in ("是", "1", "True"):
            return True
        raise ValueError(_("“%(words)s”不对，只能填写：是、否。") % {"words": words})

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "是" if value else "否"
