"""Pictures of a session (佐证): checked, made small, freed of where they were taken, sealed and stored."""

from __future__ import annotations

import hashlib
from io import BytesIO
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from bureaus.models import AuditEvent, User
from courses.models import Evidence, Session
from peixun.lib.encryption import seal, unseal

FORMATS = ("JPEG", "PNG", "WEBP")
LONGEST_SIDE = 1_600
# A bomb is small as a file and fills the memory when it is opened; no phone takes more by default.
MOST_PIXELS = 60_000_000
QUALITY = 82


class NotAPicture(ValidationError):
    """The file cannot be kept as a picture. Its text is for the user."""


def demand_fitting(size: int) -> None:
    if size > settings.PEIXUN_UPLOAD_MAX_MIB * 1024 * 1024:
        limit = {"limit": settings.PEIXUN_UPLOAD_MAX_MIB}
        raise NotAPicture(_("照片超过 %(limit)d MB，请压缩后再上传。"), params=limit)


def opened(data: bytes) -> Image.Image:
    """The picture of an upload, upright and in full size; raises `NotAPicture`. Its pixels are read."""
    demand_fitting(len(data))
    try:
        picture = Image.open(BytesIO(data), formats=FORMATS)
        if picture.width * picture.height > MOST_PIXELS:
            raise NotAPicture(_("照片的像素太多，请用手机相机的普通模式重拍，或缩小后再上传。"))
        return ImageOps.exif_transpose(picture).convert("RGB")
    except UnidentifiedImageError as error:
        raise NotAPicture(_("这个文件不是 JPEG、PNG 或 WebP 照片，请换一张再上传。")) from error
    except Image.DecompressionBombError as error:
        raise NotAPicture(_("照片的像素太多，请用手机相机的普通模式重拍，或缩小后再上传。")) from error
    except NotAPicture:
        raise
    except Exception as error:  # a damaged file makes Pillow raise nearly anything, struct.error too
        raise NotAPicture(_("照片文件不完整或已损坏，请重拍或换一张再上传。")) from error


def small_jpeg(picture: Image.Image) -> bytes:
    """As JPEG of at most 1600 px a side, with nothing beside the pixels: no place, no time, no camera."""
    picture = picture.copy()
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    picture.info.clear()
    out = BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def keep(session: Session, data: bytes, *, kind: str = Evidence.Kind.PHOTO, user: User | None) -> Evidence:
    """Keeps an upload with its session; the same one sent twice is kept once. Raises `NotAPicture`."""
    digest = hashlib.sha256(data).hexdigest()
    picture = small_jpeg(opened(data))
    name = default_storage.save(f"evidence/{uuid4()}.sealed", ContentFile(seal(picture)))
    try:
        with transaction.atomic():
            return keep_once(session, name, digest=digest, kind=kind, user=user)
    finally:
        if not Evidence.objects.filter(file=name).exists():
            default_storage.delete(name)


def keep_once(session: Session, name: str, *, digest: str, kind: str, user: User | None) -> Evidence:
    values = {"kind": kind, "file": name, "added_by": user}
    evidence, is_new = Evidence.objects.get_or_create(session=session, digest=digest, defaults=values)
    if is_new:
        AuditEvent.record(
            AuditEvent.Deed.EVIDENCE_ADDED,
            session,
            user=user,
            bureau=session.bureau,
            after={"evidence": evidence.get_kind_display()},
        )
    return evidence


def content_of(evidence: Evidence) -> bytes:
    """The JPEG."""
    with default_storage.open(str(evidence.file.name)) as file:
        return unseal(file.read())


def remove(evidence: Evidence, *, user: User, reason: str) -> None:
    """Deletes a picture that should not be there; that there was one stays in the audit."""
    session, name = evidence.session, str(evidence.file.name)
    with transaction.atomic():
        AuditEvent.record(
            AuditEvent.Deed.EVIDENCE_REMOVED,
            session,
            user=user,
            bureau=session.bureau,
            before={"evidence": evidence.get_kind_display()},
            reason=reason,
        )
        evidence.delete()
        transaction.on_commit(lambda: default_storage.delete(name))
