"""What a deed refuses, shown on the form that asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from bureaus.models import YearClosed


@contextmanager
def refusals_on(form: forms.BaseForm) -> Iterator[None]:
    """A refusal within becomes an error of `form`, at its field where the form has that field."""
    try:
        yield
    except YearClosed as closed:
        form.add_error(None, str(closed))
    except ValidationError as refusal:
        found = (
            refusal.message_dict if hasattr(refusal, "error_dict") else {NON_FIELD_ERRORS: refusal.messages}
        )
        for name, sentences in found.items():
            form.add_error(name if name in form.fields else None, ValidationError(sentences))
