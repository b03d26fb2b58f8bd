"""The days that classes may be on: a slip of the pen is no year 1, and the calendar itself ends somewhere."""

from __future__ import annotations

import datetime

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

FIRST, LAST = datetime.date(2000, 1, 1), datetime.date(2100, 12, 31)
WORDS = _("请核对日期：只能是 2000 年至 2100 年。")
POSSIBLE = (MinValueValidator(FIRST, WORDS), MaxValueValidator(LAST, WORDS))


def demand_possible_days(form: forms.BaseForm, *names: str) -> None:
    """These fields of `form`, where it has them, take possible days only."""
    for name in names:
        if name in form.fields:
            form.fields[name].validators += POSSIBLE
