"""Forms of the bureaus app."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from bureaus.models import AuditEvent, Bureau
from bureaus.models.bureaus import BureauQuerySet
from bureaus.phones import mobile


class MobileField(forms.CharField):
    """A mobile number of the mainland, however it is typed; cleaned to +86 and 11 digits, or empty."""

    default_error_messages: ClassVar = {"no_mobile": _("请填写 11 位手机号。")}

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput({"type": "tel", "inputmode": "tel", "autocomplete": "tel"})
        given: dict[str, Any] = {"label": _("手机号"), "max_length": 24, "widget": widget} | kwargs
        super().__init__(**given)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        digits = mobile(text)
        if text and not digits:
            raise forms.ValidationError(self.error_messages["no_mobile"], code="no_mobile")
        return f"+86{digits}" if digits else ""


class CloseYearForm(forms.Form):
    bureau: forms.ModelChoiceField[Bureau] = forms.ModelChoiceField(
        Bureau.objects.none(), label=_("单位"), empty_label=_("请选择单位")
    )
    year = forms.IntegerField(label=_("年度"), min_value=2000, max_value=2100)

    def __init__(self, *args: Any, bureaus: BureauQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bureau"].queryset = bureaus  # type: ignore[attr-defined]
        if bureaus.count() == 1:
            self.fields["bureau"].initial = bureaus.get()


class ReopenForm(forms.Form):
    reason = forms.CharField(label=_("解除原因"), max_length=200)


class AuditFilter(forms.Form):
    """Filters of the audit; one that cannot be read is left out."""

    deed = forms.ChoiceField(choices=AuditEvent.Deed.choices, required=False)
    bureau: forms.ModelChoiceField[Bureau] = forms.ModelChoiceField(Bureau.objects.none(), required=False)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)

    def __init__(self, *args: Any, bureaus: BureauQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bureau"].queryset = bureaus  # type: ignore[attr-defined]

    def narrow(self, events: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        """The events that pass the filters that could be read."""
        self.is_valid()
        paths = {"deed": "deed", "bureau": "bureau", "since": "at__date__gte", "until": "at__date__lte"}
        given = {path: self.cleaned_data.get(name) for name, path in paths.items()}
        return events.filter(**{path: value for path, value in given.items() if value})
