"""The filters that figures, registers and exports share: from the address to a `Selection`."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for
from bureaus.models import Bureau, District, User
from courses.models import Plan, Programme
from courses.models.plans import LeadRole
from learners.models import TargetGroup
from ledgers.figures import Selection

Choice = tuple[Any, str]


class SelectionForm(forms.Form):
    """Filters that cannot be read are left out: a link with a typing error still shows the year.

    `bureau` offers what the user may see; the other choices are the plan's.
    """

    year = forms.IntegerField(required=False, min_value=2000, max_value=2100)
    programme: forms.ModelChoiceField[Programme] = forms.ModelChoiceField(
        Programme.objects.select_related("group"), required=False
    )
    group: forms.ModelChoiceField[TargetGroup] = forms.ModelChoiceField(
        TargetGroup.objects.all(), required=False, to_field_name="code"
    )
    lead: forms.ModelChoiceField[Bureau] = forms.ModelChoiceField(Bureau.objects.all(), required=False)
    bureau: forms.ModelChoiceField[Bureau] = forms.ModelChoiceField(Bureau.objects.none(), required=False)
    district: forms.ModelChoiceField[District] = forms.ModelChoiceField(
        District.objects.all(), required=False
    )

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        self.user = user
        self.bureaus = bureaus_for(user, "figures.read")
        self.fields["bureau"].queryset = self.bureaus  # type: ignore[attr-defined]
        self.this_year = Plan.objects.year_to_show(timezone.localdate())

    def selection(self) -> Selection:
        return self._selection

    @cached_property
    def _selection(self) -> Selection:
        self.is_valid()
        given = self.cleaned_data
        return Selection(
            year=given.get("year") or self.this_year,
            user=self.user,
            bureau=given.get("bureau"),
            programme=given.get("programme"),
            group=given.get("group"),
            lead=given.get("lead"),
            district=given.get("district"),
        )

    @property
    def chosen_programme(self) -> Programme | None:
        return self.selection().programme

    def years(self) -> list[Choice]:
        """The plans' years, and those since."""
        plans = Plan.objects.values_list("first_year", "last_year")
        first = min((plan[0] for plan in plans), default=self.this_year)
        last = max([plan[1] for plan in plans] + [timezone.localdate().year])
        return [(year, str(_("%(year)d 年")) % {"year": year}) for year in range(last, first - 1, -1)]

    def groups(self) -> list[Choice]:
        return [(group.code, group.name) for group in TargetGroup.objects.all()]

    def districts(self) -> list[Choice]:
        return [(district.pk, str(district)) for district in District.objects.all()]

    def leads(self) -> list[Choice]:
        led = Bureau.objects.filter(action_links__role=LeadRole.LEAD) | Bureau.objects.filter(
            programme_links__role=LeadRole.LEAD
        )
        return [(bureau.pk, bureau.name) for bureau in led.distinct()]

    def bureau_choices(self) -> list[Choice]:
        """None where there is nothing to choose between."""
        found = [(bureau.pk, bureau.name) for bureau in self.bureaus]
        return found if len(found) > 1 else []
