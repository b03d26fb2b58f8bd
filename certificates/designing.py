"""What officers do with templates: begin one, change its layout, take it out of use.

A layout never changes: each change is another version, and certificates keep the one they were drawn by.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User
from certificates.drawing.layouts import Layout
from certificates.drawing.parsing import parse
from certificates.models import IssueRule, Picture, PictureUse, Template, TemplateVersion

DEED = AuditEvent.Deed.TEMPLATE_CHANGED


@transaction.atomic
def begin_template(template: Template, layout: Layout, *, user: User | None) -> Template:
    """Saves a new one with `layout` as its first version."""
    template.save()
    keep_version(template, layout, number=1, user=user)
    AuditEvent.record(DEED, template, user=user, bureau=template.bureau, after={"added": template.name})
    return template


@transaction.atomic
def change_layout(
    template: Template, layout: Layout, *, based_on: int, user: User | None, note: str = ""
) -> TemplateVersion:
    """Another version. Raises `ValidationError` where nothing changed, or somebody else was quicker."""
    newest = Template.objects.select_for_update(no_key=True).get(pk=template.pk).newest()
    if newest and newest.number != based_on:
        raise ValidationError(
            _("您编辑时%(who)s保存了第 %(number)d 版。请先看那一版；仍要以这里的为准，再保存一次。")
            % {"who": newest.made_by or _("别人"), "number": newest.number}
        )
    if newest and parse(newest.layout) == layout:
        raise ValidationError(_("版面没有变化，不用保存新版本。"))
    number = newest.number + 1 if newest else 1
    version = keep_version(template, layout, number=number, user=user, note=note)
    after = {"version": number}
    AuditEvent.record(DEED, template, user=user, bureau=template.bureau, after=after, reason=note)
    return version


def keep_version(
    template: Template, layout: Layout, *, number: int, user: User | None, note: str = ""
) -> TemplateVersion:
    """The version with its pictures tied to it. Raises `ValidationError` for one that may not stand here."""
    wanted = layout.digests()
    usable = Picture.objects.usable_on(template).filter(digest__in=wanted)
    # The city's and the bureau's own may be the same picture: the own one, coming last, is tied.
    ordered = sorted(usable, key=lambda picture: picture.bureau_id is not None)
    found = {picture.digest: picture for picture in ordered}
    if wanted - set(found):
        raise ValidationError(_("有一张图片不能用在这个模板上，请重新选择图片。"))
    version = TemplateVersion.objects.create(
        template=template, number=number, layout=layout.as_json(), note=note, made_by=user
    )
    PictureUse.objects.bulk_create(PictureUse(version=version, picture=one) for one in found.values())
    return version


def restore_version(version: TemplateVersion, *, user: User) -> TemplateVersion:
    """An older layout anew, as the newest version. Raises `ValidationError`."""
    newest = version.template.newest()
    return change_layout(
        version.template,
        parse(version.layout),
        based_on=newest.number if newest else 0,
        user=user,
        note=_("恢复第 %(number)d 版") % {"number": version.number},
    )


@transaction.atomic
def rename_template(template: Template, *, user: User) -> None:
    """Its name, and the title of certificates to come. Raises `ValidationError` for a name that is taken."""
    template.validate_constraints()
    template.save(update_fields=["name", "title"])
    after = {"name": template.name, "title": template.title}
    AuditEvent.record(DEED, template, user=user, bureau=template.bureau, after=after)


@transaction.atomic
def set_active(template: Template, *, active: bool, user: User) -> None:
    """Whether one may issue by it. Raises `ValidationError` while a rule in force asks for it."""
    template = Template.objects.select_for_update(no_key=True).get(pk=template.pk)
    asked = IssueRule.objects.filter(template=template).exclude(valid_to__lt=timezone.localdate()).count()
    if asked and not active:
        raise ValidationError(
            _("还有 %(count)d 条现行的发证条件用这个模板，请先让它们到期，再停用模板。") % {"count": asked}
        )
    template.active = active
    template.save(update_fields=["active"])
    after = {"state": _("启用") if active else _("停用")}
    AuditEvent.record(DEED, template, user=user, bureau=template.bureau, after=after)


def without_foreign_pictures(layout_data: dict[str, object], template: Template) -> dict[str, object]:
    """A layout's JSON for `template`: pictures that may not stand on it are left out, their places stay."""
    usable = set(Picture.objects.usable_on(template).values_list("digest", flat=True))
    copied = dict(layout_data)
    if copied.get("background") not in usable:
        copied["background"] = ""
    for name in ("seal", "signature"):
        place = copied.get(name)
        if isinstance(place, dict) and place.get("digest") not in usable:
            copied[name] = place | {"digest": ""}
    return copied
