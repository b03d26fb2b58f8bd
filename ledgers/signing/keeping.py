"""Takes a sign-in sheet in, sealed, and reads it again for each look at it."""

from __future__ import annotations

import datetime
from functools import partial

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from bureaus.models import Bureau, User
from courses.models import ClassRun
from ledgers.importing.guessing import likeness
from ledgers.importing.receiving import shown_name, size_limit
from ledgers.models import SheetImport
from ledgers.reading.apart import answer_apart
from ledgers.signing.reading import SignInSheet, plain_title, read_sign_in
from peixun.lib.comparing import comparable
from peixun.lib.encryption import seal, unseal

LIKE_ENOUGH = 0.6
MOST_RUNS = 300


def take_in(content: bytes, *, name: str, bureau: Bureau, run: ClassRun | None, user: User) -> SheetImport:
    """Keeps the file sealed. Raises `UnreadableFile` for one that is no sign-in sheet, and keeps nothing."""
    sheets = read_apart(content)
    drop_expired(timezone.now())
    batch = SheetImport(bureau=bureau, file_name=shown_name(name), uploaded_by=user)
    batch.run = run or guess_run(sheets, batch.file_name, bureau)
    batch.stored_as = default_storage.save(f"sheets/{batch.pk}.sealed", ContentFile(seal(content)))
    batch.save(force_insert=True)
    return batch


def sheets_of(batch: SheetImport) -> list[SignInSheet]:
    """What the kept file says. Raises `UnreadableFile` where memory or time did not do this once."""
    with default_storage.open(batch.stored_as) as file:
        return read_apart(unseal(file.read()))


def read_apart(content: bytes) -> list[SignInSheet]:
    """The sheets of a file, read by another process within limits. Raises `UnreadableFile`."""
    return answer_apart(content, partial(read_sign_in, size_limit=size_limit()))


def runs_for(bureau: Bureau) -> list[ClassRun]:
    """The classes that a sheet of the bureau may be of, the newest first."""
    runs = ClassRun.objects.filter(bureau=bureau).exclude(state=ClassRun.State.CANCELLED)
    return list(runs.select_related("programme").order_by("-year", "-starts_on", "-pk")[:MOST_RUNS])


def guess_run(sheets: list[SignInSheet], file_name: str, bureau: Bureau) -> ClassRun | None:
    """The class whose name is most like the titles and the file's name; a person confirms it."""
    text = comparable(" ".join([*(plain_title(one.title) for one in sheets), file_name]))
    scored = [(likeness(comparable(run.name), text), run.pk, run) for run in runs_for(bureau)]
    best = max(scored, default=None)
    return best[2] if best and best[0] >= LIKE_ENOUGH else None


def drop_expired(now: datetime.datetime) -> int:
    """Deletes the files of sheets that are over their time; gives their number."""
    limit = now - datetime.timedelta(days=settings.PEIXUN_UPLOAD_KEEP_DAYS)
    expired = SheetImport.objects.filter(uploaded_at__lt=limit).exclude(stored_as="")
    for batch in expired:
        batch.drop_file()
        SheetImport.objects.filter(pk=batch.pk, state=SheetImport.State.OPEN).update(
            state=SheetImport.State.DROPPED
        )
    return len(expired)
