"""Takes a merge back: each row ends where it was, or it is told why it stays."""

from __future__ import annotations

from collections import Counter

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User
from learners.caring import label_of
from ledgers.models import Merge
from ledgers.people.closed_years import closed_apart
from ledgers.people.merging import CannotMerge, locked
from ledgers.people.steps import BACK, go_back


@transaction.atomic
def unmerge(pk: int, *, by: User, reason: str) -> Merge:
    """Makes two records of one again. Raises `CannotMerge` or `YearClosed`; then nothing changes.

    Later merges go first: what was moved twice could else not be told apart.
    """
    merge = Merge.objects.get(pk=pk)
    kept = locked(merge.kept_number)[0] if merge.kept_id == merge.kept_number else None
    merge = Merge.objects.select_for_update().get(pk=pk)
    if merge.undone_at:
        raise CannotMerge(_("这次合并已经撤销了。"))
    if kept is None or merge.kept_id != merge.kept_number:
        raise CannotMerge(_("保留的档案后来又并入了另一份。请先撤销后来那次合并。"))
    demand_last(merge)
    closed_apart(merge, kept).demand_open()
    taken = go_back(merge.steps)
    outcome = Counter((one.model, one.outcome, one.why) for one in taken)
    merge.outcome = [
        {"model": model, "outcome": end, "why": why, "count": count}
        for (model, end, why), count in sorted(outcome.items())
    ]
    merge.undone_by, merge.undone_at, merge.undone_reason = by, timezone.now(), reason
    merge.save(update_fields=["outcome", "undone_by", "undone_at", "undone_reason"])
    back = sum(one.outcome == BACK for one in taken)
    AuditEvent.record(
        AuditEvent.Deed.MERGE_UNDONE,
        kept,
        user=by,
        bureau=merge.bureau,
        after={
            "kept": merge.kept_number,
            "merged": merge.gone_number,
            "back": back,
            "stays": len(taken) - back,
        },
        reason=reason,
        label=label_of(kept),
    )
    return merge


def demand_last(merge: Merge) -> None:
    later = Merge.objects.filter(kept_number=merge.kept_number, undone_at=None, pk__gt=merge.pk)
    if later.exists():
        raise CannotMerge(_("这份档案后来还并入过别的档案。请先撤销后来那次合并。"))
