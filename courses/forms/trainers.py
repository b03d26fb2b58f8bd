"""Forms of trainers."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bureaus.access import accounts_for, bureaus_for
from bureaus.models import Bureau, User
from courses.models import Trainer

SIGNS_IN_AT = "attendance.register"


class TrainerFilter(forms.Form):
    """Filters of the list; one that cannot be read is left out."""

    bureau: forms.ModelChoiceField[Bureau] = forms.ModelChoiceField(Bureau.objects.none(), required=False)
    active = forms.ChoiceField(choices=[("yes", _("在任")), ("no", _("不再授课"))], required=False)

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        self.fields["bureau"].queryset = bureaus_for(user, "runs.read")  # type: ignore[attr-defined]


class TrainerForm(forms.ModelForm[Trainer]):
    class Meta:
        model = Trainer
        fields = ("name", "bureau", "title", "user", "active")
        help_texts: ClassVar = {
            "user": _("需要自己点名的教师才关联；可选本单位有授课教师、经办等角色的账号"),
        }
        error_messages: ClassVar = {
            NON_FIELD_ERRORS: {
                "unique_together": _("这个单位已有同名的教师。同名的两个人，请在姓名后加注区别。")
            }
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bureaus = bureaus_for(user, "runs.edit")
        self.fields["bureau"].queryset = bureaus  # type: ignore[attr-defined]
        if not self.instance.pk:
            self.initial.setdefault("bureau", bureaus.first())
        account = self.fields["user"]
        known = accounts_for(bureaus, SIGNS_IN_AT)
        account.queryset = User.objects.filter(  # type: ignore[attr-defined]
            Q(pk__in=known.values("pk")) | Q(pk=self.instance.user_id)
        ).order_by("name", "username")
        account.empty_label = _("不关联账号")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """An account sees the people of the classes that its trainer teaches: it must work at the bureau."""
        cleaned = super().clean() or {}
        user, bureau = cleaned.get("user"), cleaned.get("bureau")
        if not user or not bureau or not {"user", "bureau"} & set(self.changed_data):
            return cleaned
        at_bureau = accounts_for(Bureau.objects.filter(pk=bureau.pk), SIGNS_IN_AT)
        if not at_bureau.filter(pk=user.pk).exists():
            self.add_error("user", _("这个账号在该单位没有可以点名的角色，请先由管理员给予角色。"))
        return cleaned

    def changed_labels(self) -> list[str]:
        return [str(self[name].label) for name in self.changed_data]
