"""Pictures for certificates: checked, drawn anew, sealed, stored; deleted only where nothing draws them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _
from PIL import Image, ImageChops, ImageMath, ImageOps

from bureaus.models import AuditEvent, User
from certificates.models import Picture
from peixun.lib.encryption import seal, unseal

Kind = Picture.Kind
FORMATS = ("JPEG", "PNG")
# A bomb is small as a file and fills the memory when it is opened.
MOST_PIXELS = 60_000_000
QUALITY = 88
# What is nearly white in a scan is paper.
PAPER = 16


@dataclass(frozen=True, slots=True)
class Sides:
    """Of the longer side, in pixels: under `least` print looks blurred, over `most` files only grow."""

    least: int
    most: int


# A background is 297 mm wide, a seal and a signature about 45.
SIDES = {
    Kind.BACKGROUND.value: Sides(1_400, 2_400),
    Kind.SEAL.value: Sides(280, 900),
    Kind.SIGNATURE.value: Sides(240, 900),
}


def drawn_anew(data: bytes, kind: str) -> bytes:
    """An upload as what is kept, with nothing beside its pixels: a background as JPEG, a stamp as PNG.

    Raises `ValidationError` with a sentence for the user.
    """
    picture = opened(data)
    sides = SIDES[kind]
    if max(picture.size) < sides.least:
        words = {"least": sides.least, "width": picture.width, "height": picture.height}
        raise ValidationError(
            _("图片太小（%(width)d × %(height)d），长边须在 %(least)d 像素以上，不然印出来发虚。") % words
        )
    picture.thumbnail((sides.most, sides.most))
    out = BytesIO()
    if kind == Kind.BACKGROUND:
        on_white(picture).save(out, "JPEG", quality=QUALITY, optimize=True)
    else:
        without_paper(picture).save(out, "PNG", optimize=True)
    return out.getvalue()


def demand_fitting(size: int) -> None:
    """Before it is read: of a file that is larger nothing was kept."""
    if size > settings.PEIXUN_UPLOAD_MAX_MIB * 1024 * 1024:
        limit = {"limit": settings.PEIXUN_UPLOAD_MAX_MIB}
        raise ValidationError(_("图片超过 %(limit)d MB，请压缩后再上传。") % limit)


def opened(data: bytes) -> Image.Image:
    """The picture of an upload, upright, with its transparency. Its pixels are read."""
    try:
        picture = Image.open(BytesIO(data), formats=FORMATS)
        small_enough = picture.width * picture.height <= MOST_PIXELS
        upright = ImageOps.exif_transpose(picture).convert("RGBA") if small_enough else None
    except Exception as error:  # a damaged file makes Pillow raise nearly anything, struct.error too
        raise ValidationError(_("这个文件不是完整的 PNG 或 JPEG 图片，请换一张再上传。")) from error
    if upright is None:
        raise ValidationError(_("图片的像素太多，请缩小后再上传。"))
    upright.info.clear()
    return upright


def on_white(picture: Image.Image) -> Image.Image:
    paper = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(paper, picture).convert("RGB")


def without_paper(picture: Image.Image) -> Image.Image:
    """A stamp without the white around it, so that the text under it can be read.

    What has transparency already stays as it is. On white paper the result looks as before: each pixel
    becomes the strongest colour of which white paper makes it.
    """
    if picture.getchannel("A").histogram()[255] < picture.width * picture.height:
        return picture
    red, green, blue, _full = picture.split()
    ink = ImageChops.invert(ImageChops.darker(ImageChops.darker(red, green), blue))
    bands = [
        ImageMath.lambda_eval(
            lambda given: given["convert"](
                255 - (255 - given["band"]) * 255 / given["max"](given["ink"], 1), "L"
            ),
            band=band,
            ink=ink,
        )
        for band in (red, green, blue)
    ]
    return Image.merge("RGBA", [*bands, ink.point(lambda value: value if value >= PAPER else 0)])


def add_picture(picture: Picture, data: bytes, *, user: User | None) -> Picture:
    """Keeps an upload for `picture.bureau`. Raises `ValidationError`, also where it is there already."""
    content = drawn_anew(data, picture.kind)
    picture.digest, picture.added_by = hashlib.sha256(content).hexdigest(), user
    picture.validate_constraints()
    name = default_storage.save(f"certificate-pictures/{uuid4()}.sealed", ContentFile(seal(content)))
    picture.file.name = name
    try:
        with transaction.atomic():
            picture.save()
            record(picture, user=user, after={"added": str(picture)})
    finally:
        if not Picture.objects.filter(file=name).exists():
            default_storage.delete(name)
    return picture


@transaction.atomic
def remove_picture(picture: Picture, *, user: User) -> None:
    """Deletes one that no version draws, for good. Raises `ValidationError` for one that is in use."""
    label, name = str(picture), picture.file.name
    record(picture, user=user, before={"deleted": label})
    try:
        picture.delete()
    except ProtectedError as error:
        raise ValidationError(
            _("这张图片有模板版本在用，不能删除：已发的证书要照它重印。不想再用，在模板里换掉即可。")
        ) from error
    transaction.on_commit(lambda: default_storage.delete(str(name)))


def record(
    picture: Picture,
    *,
    user: User | None,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> None:
    deed, bureau = AuditEvent.Deed.TEMPLATE_CHANGED, picture.bureau
    AuditEvent.record(deed, picture, user=user, bureau=bureau, before=before, after=after)


def content_of(picture: Picture) -> bytes:
    """The PNG or JPEG. Raises `FileNotFoundError`."""
    with default_storage.open(str(picture.file.name)) as file:
        return unseal(file.read())


def thumbnail(picture: Picture, *, side: int = 240) -> bytes:
    """A small PNG to know it by: too coarse to be printed from."""
    shown = Image.open(BytesIO(content_of(picture)), formats=FORMATS).convert("RGBA")
    shown.thumbnail((side, side))
    out = BytesIO()
    on_white(shown).save(out, "PNG")
    return out.getvalue()
