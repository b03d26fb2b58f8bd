"""Receives a file and keeps it sealed until it is dropped, with the preview's values beside it."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import unicodedata
import zlib
from collections.abc import Iterable
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.models import Bureau, User
from ledgers.models import LedgerImport, LedgerRow
from peixun.lib.encryption import seal, unseal

ENDINGS = (".xlsx", ".xls", ".csv", ".tsv", ".txt")
NAME_LENGTH = 100


def shown_name(name: str) -> str:
    """A file's name for showing: no folders, no control or direction characters, at most 100 characters."""
    base = PureWindowsPath(PurePosixPath(name).name).name
    kept = "".join(c for c in base if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    kept = re.sub(r"\s+", " ", kept).strip()
    stem, dot, ending = kept.rpartition(".")
    if len(kept) > NAME_LENGTH:
        kept = f"{stem[: NAME_LENGTH - len(ending) - 2]}…{dot}{ending}"
    return kept or _("未命名文件")


def demand_fitting(name: str, size: int) -> None:
    """Raises `ValidationError` for a wrong ending, or for more bytes than an upload may have."""
    if not shown_name(name).lower().endswith(ENDINGS):
        raise ValidationError(
            _("只能上传 Excel 或文本台账（%(endings)s），请在 Excel 或 WPS 里另存为 .xlsx 后再上传。"),
            params={"endings": "、".join(ENDINGS[:4])},
        )
    if size > size_limit():
        raise ValidationError(
            _("文件超过 %(limit)d MB。请按县市区或班次拆成几个文件，分次上传。"),
            params={"limit": settings.PEIXUN_UPLOAD_MAX_MIB},
        )


def size_limit() -> int:
    return settings.PEIXUN_UPLOAD_MAX_MIB * 1024 * 1024


def receive(content: bytes, *, name: str, bureau: Bureau, user: User) -> LedgerImport:
    """Stores an upload under a name of our own."""
    shown = shown_name(name)
    drop_expired(timezone.now())
    batch = LedgerImport(
        bureau=bureau,
        file_name=shown,
        file_size=len(content),
        file_digest=hashlib.sha256(content).hexdigest(),
        uploaded_by=user,
    )
    batch.stored_as = default_storage.save(f"ledgers/{batch.pk}.sealed", ContentFile(seal(content)))
    batch.save(force_insert=True)
    return batch


def content_of(batch: LedgerImport) -> bytes:
    with default_storage.open(batch.stored_as) as file:
        return unseal(file.read())


def keep_preview(batch: LedgerImport, preview: dict[str, Any]) -> None:
    """Keeps what the preview page shows (masked values only), sealed, beside the file."""
    data = zlib.compress(json.dumps(preview, cls=DjangoJSONEncoder).encode())
    default_storage.delete(batch.preview_name)
    default_storage.save(batch.preview_name, ContentFile(seal(data)))


def preview_of(batch: LedgerImport) -> dict[str, Any]:
    """What `keep_preview` kept; empty where the file was dropped."""
    if not batch.has_file or not default_storage.exists(batch.preview_name):
        return {}
    with default_storage.open(batch.preview_name) as file:
        return dict(json.loads(zlib.decompress(unseal(file.read()))))


def preview_of_rows(batch: LedgerImport, rows: Iterable[LedgerRow]) -> dict[str, Any]:
    """`shown` and `changes` of these rows, by place; nothing of them once the file was dropped."""
    kept = preview_of(batch)
    places = [LedgerRow.key(row.sheet, row.number) for row in rows]
    return {
        name: {place: kept[name][place] for place in places if place in kept.get(name, {})}
        for name in ("shown", "changes")
    }


def places_with(batch: LedgerImport, words: str) -> set[str]:
    """The places of the rows whose shown texts have `words` in them."""
    sought = words.casefold()
    shown = preview_of(batch).get("shown", {})
    return {
        place for place, texts in shown.items() if any(sought in text.casefold() for text in texts.values())
    }


def drop_expired(now: datetime.datetime) -> int:
    """Deletes the files of uploads that are over their time; gives their number."""
    limit = now - datetime.timedelta(days=settings.PEIXUN_UPLOAD_KEEP_DAYS)
    expired = LedgerImport.objects.filter(uploaded_at__lt=limit).exclude(stored_as="")
    count = 0
    for batch in expired:
        batch.drop_file()
        if batch.state in (*LedgerImport.OPEN, LedgerImport.State.READING):
            batch.state = LedgerImport.State.DROPPED
            batch.message = _("上传后一直没有确认，文件已到期删除。需要时请重新上传。")
            batch.save(update_fields=["state", "message"])
        count += 1
    return count
