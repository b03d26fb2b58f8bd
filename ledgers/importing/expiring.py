"""Uploads that are over their time: their files go, and who never confirmed has to upload again."""

from __future__ import annotations

import datetime
import logging
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from ledgers.models import LedgerImport

log = logging.getLogger(__name__)

FOLDER = "ledgers"
HALF_WRITTEN = datetime.timedelta(days=1)  # from the file to its row; it takes a moment


def drop_expired(now: datetime.datetime) -> int:
    """Deletes the files of uploads that are over their time; gives their number.

    What a worker has in hand just then is left until it is done.
    """
    limit = now - datetime.timedelta(days=settings.PEIXUN_UPLOAD_KEEP_DAYS)
    expired = LedgerImport.objects.filter(uploaded_at__lt=limit).exclude(stored_as="")
    idle = list(expired.exclude(state__in=LedgerImport.AT_WORK))
    for batch in idle:
        ended = {
            "state": LedgerImport.State.DROPPED,
            "message": _("上传后一直没有确认，文件已到期删除。需要时请重新上传。"),
        }
        open_one = LedgerImport.objects.filter(pk=batch.pk, state__in=LedgerImport.OPEN)
        if open_one.update(**ended) or batch.state not in LedgerImport.OPEN:
            batch.drop_file()
    return len(idle)


def drop_orphans(now: datetime.datetime) -> int:
    """Deletes stored files without an import: their upload was killed before its row was written."""
    if not default_storage.exists(FOLDER):
        return 0
    known = {str(pk) for pk in LedgerImport.objects.values_list("pk", flat=True)}
    names = [name for name in default_storage.listdir(FOLDER)[1] if is_upload(name.partition(".")[0])]
    orphans = [name for name in names if name.partition(".")[0] not in known]
    old = [
        name for name in orphans if now - default_storage.get_modified_time(f"{FOLDER}/{name}") > HALF_WRITTEN
    ]
    for name in old:
        default_storage.delete(f"{FOLDER}/{name}")
    return len(old)


def is_upload(stem: str) -> bool:
    try:
        UUID(stem)
    except ValueError:
        return False
    return True
