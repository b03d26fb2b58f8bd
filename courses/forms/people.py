"""Filters of the people of a class run."""

from django import forms

from courses.models import Enrolment


class PeopleFilter(forms.Form):
    """One that cannot be read is left out."""

    state = forms.ChoiceField(choices=Enrolment.State.choices, required=False)
