"""Receives a file and keeps it sealed until it is dropped."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from bureaus.models import Bureau, User
from ledgers.models import LedgerImport
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
            params={"limit": settings.PEIXUN_LEDGER_MAX_MIB},
        )


def size_limit() -> int:
    return settings.PEIXUN_LEDGER_MAX_MIB * 1024 * 1024


def receive(content: bytes, *, name: str, bureau: Bureau, user: User) -> LedgerImport:
    """Stores an upload under a name of our own."""
    shown = shown_name(name)
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
