"""Forms of templates and of the pictures on them; the layout itself is in `layouts.py`."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for, for_whole_city
from bureaus.models import User
from certificates.designing import without_foreign_pictures
from certificates.drawing.defaults import default_layouts
from certificates.drawing.layouts import Layout
from certificates.drawing.parsing import parse
from certificates.models import Picture, Template, TemplateVersion
from certificates.pictures import SIDES, demand_fitting


def offer_bureaus(form: forms.BaseForm, user: User) -> None:
    """The bureaus for which the user issues; the whole city only for who issues for all of it."""
    field = form.fields["bureau"]
    bureaus = bureaus_for(user, "certificates.issue").filter(valid_to=None)
    whole_city = for_whole_city(user, "certificates.issue")
    field.queryset = bureaus  # type: ignore[attr-defined]
    field.required = not whole_city
    field.empty_label = _("全市通用") if whole_city else None  # type: ignore[attr-defined]
    field.help_text = ""
    if not whole_city:
        field.initial = bureaus.first()


class NewTemplateForm(forms.ModelForm[Template]):
    """A template that begins as a shipped design, or as a copy of another one's newest version."""

    start = forms.ChoiceField(label=_("从哪个版面开始"))

    class Meta:
        model = Template
        fields = ("start", "name", "title", "bureau")
        help_texts: ClassVar = {
            "name": _("办证的人按这个名称选模板，证书上不印"),
            "title": _("印在证书上，如：结业证书、合格证书、学时证明"),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_bureaus(self, user)
        shipped = [(f"default-{name}", name) for name in default_layouts()]
        known = Template.objects.visible_to(user).filter(versions__isnull=False).distinct()
        copies = [(f"template-{one.pk}", str(one)) for one in known.order_by("name", "pk")]
        groups = [(_("系统自带的版面"), shipped), (_("复制现有的模板"), copies)]
        self.fields["start"].choices = [group for group in groups if group[1]]  # type: ignore[attr-defined]

    def layout(self) -> Layout:
        """Of a valid form."""
        kind, _dash, key = self.cleaned_data["start"].partition("-")
        if kind == "default":
            return parse(default_layouts()[key])
        newest = TemplateVersion.objects.filter(template=key).order_by("-number")[0]
        return parse(without_foreign_pictures(newest.layout, self.instance))


class TemplateNameForm(forms.ModelForm[Template]):
    class Meta:
        model = Template
        fields = ("name", "title")
        help_texts: ClassVar = {
            "name": _("办证的人按这个名称选模板，证书上不印"),
            "title": _("印在以后的证书上；已发的证书不变"),
        }


class SaveForm(forms.Form):
    """What goes with a new version: why, and which one was edited."""

    note = forms.CharField(
        label=_("改了什么"), max_length=200, required=False, help_text=_("写给以后看版本的人")
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput)


class PictureForm(forms.ModelForm[Picture]):
    file = forms.FileField(label=_("图片文件"), help_text=_("PNG 或 JPEG"))
    field_order = ("kind", "file", "name", "bureau")

    class Meta:
        model = Picture
        fields = ("kind", "name", "bureau")
        help_texts: ClassVar = {"name": _("在模板里按这个名称选，如：公章、局长签名")}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_bureaus(self, user)
        sides = {kind.value: SIDES[kind.value].least for kind in Picture.Kind}
        self.fields["kind"].help_text = (
            _(
                "底图铺满整张纸，长边至少 %(background)d 像素；印章至少 %(seal)d，签名至少 %(signature)d。"
                "印章、签名的白底会自动去掉。"
            )
            % sides
        )
        self.fields["file"].widget = forms.FileInput(
            attrs={"accept": ".png,.jpg,.jpeg", "data-max-mib": settings.PEIXUN_UPLOAD_MAX_MIB}
        )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        demand_fitting(file.size or 0)
        return file
