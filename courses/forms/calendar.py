"""Filters of the calendar."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms

from bureaus.access import bureaus_for
from bureaus.models import Bureau, User
from courses.forms.days import FIRST, LAST
from courses.models import Trainer
from courses.models.runs import SessionQuerySet


class CalendarFilter(forms.Form):
    """What cannot be read is left out: a link with a typing error still shows this week."""

    view = forms.CharField(required=False)
    day = forms.DateField(required=False)
    bureau: forms.ModelChoiceField[Bureau] = forms.ModelChoiceField(Bureau.objects.none(), required=False)
    trainer: forms.ModelChoiceField[Trainer] = forms.ModelChoiceField(Trainer.objects.none(), required=False)
    mine = forms.BooleanField(required=False)

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        self.user = user
        self.fields["bureau"].queryset = bureaus_for(user, "runs.read")  # type: ignore[attr-defined]
        self.fields["trainer"].queryset = Trainer.objects.visible_to(user)  # type: ignore[attr-defined]
        self.is_valid()

    def day_shown(self, today: datetime.date) -> datetime.date:
        day: datetime.date | None = self.cleaned_data.get("day")
        return day if day and FIRST <= day <= LAST else today

    @property
    def by_month(self) -> bool:
        return self.cleaned_data.get("view") == "month"

    def narrow(self, sessions: SessionQuerySet) -> SessionQuerySet:
        given = self.cleaned_data
        if bureau := given.get("bureau"):
            sessions = sessions.filter(bureau=bureau)
        if trainer := given.get("trainer"):
            sessions = sessions.filter(trainers=trainer)
        if given.get("mine"):
            sessions = sessions.filter(pk__in=sessions.taught_by(self.user).values("pk"))
        return sessions
