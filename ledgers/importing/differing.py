"""Which rows of a new preview do something else than the one that was confirmed."""

from __future__ import annotations

import json
from hashlib import sha256

from django.utils.translation import gettext as _

from ledgers.importing.matching import chunks
from ledgers.importing.rows import shown_of
from ledgers.models import LedgerImport, LedgerRow

FIELDS = ("pk", "sheet", "number", "state", "code", "column", "enrolment_id", "session_id", "certificate_id")
Fates = dict[tuple[str, int], bytes]


def fates_of(batch: LedgerImport) -> Fates:
    """A digest of what each row of the preview does, by its place."""
    found: Fates = {}
    for some in chunks(batch.rows.order_by("pk").only(*FIELDS).iterator(chunk_size=2000)):
        shown = shown_of(batch, some)
        for row in some:
            told = (
                [getattr(row, name) for name in FIELDS[3:]],
                (shown[row.pk].changes if row.pk in shown else []),
            )
            digest = sha256(json.dumps(told, ensure_ascii=False).encode()).digest()[:12]
            found[row.sheet, row.number] = digest
    return found


def mark(batch: LedgerImport, shown: Fates) -> None:
    """Marks the rows that differ from what was `shown`, and says on the import how many they are."""
    now = fates_of(batch)
    count = 0
    for some in chunks(batch.rows.order_by("pk").values_list("pk", "sheet", "number")):
        places = [(pk, (sheet, number)) for pk, sheet, number in some]
        differ = [pk for pk, place in places if shown.get(place) != now[place]]
        count += LedgerRow.objects.filter(pk__in=differ).update(differs=True) if differ else 0
    batch.message += _("%(count)d 行的结果和上次预览不同。") % {"count": count}
    batch.figures |= {"differs": count}
    batch.save(update_fields=["message", "figures"])
