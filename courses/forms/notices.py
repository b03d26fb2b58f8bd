"""Filters of the log of notices; one that cannot be read is left out."""

from __future__ import annotations

from django import forms

from courses.models import Notice
from courses.models.notices import NoticeQuerySet


class NoticeFilter(forms.Form):
    state = forms.ChoiceField(choices=Notice.State.choices, required=False)
    kind = forms.ChoiceField(choices=Notice.Kind.choices, required=False)

    def of_kind(self, notices: NoticeQuerySet) -> NoticeQuerySet:
        self.is_valid()
        kind = self.cleaned_data.get("kind")
        return notices.filter(kind=kind) if kind else notices

    def in_state(self, notices: NoticeQuerySet) -> NoticeQuerySet:
        self.is_valid()
        state = self.cleaned_data.get("state")
        return notices.filter(state=state) if state else notices
