"""Ticking several of many."""

from __future__ import annotations

from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

M = TypeVar("M", bound=models.Model)
LONGEST = 18  # digits; SQLite cannot even be asked for a number of more than 64 bits


class ManyField(forms.ModelMultipleChoiceField[M]):
    """Refuses, before the database is asked, what can be the key of no row."""

    def clean(self, value: Any) -> models.QuerySet[M]:
        for key in value or []:
            if not (str(key).isascii() and str(key).isdigit() and len(str(key)) <= LONGEST):
                raise ValidationError(
                    self.error_messages["invalid_pk_value"], code="invalid_pk_value", params={"pk": key}
                )
        return super().clean(value)
