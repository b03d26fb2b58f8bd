"""Commitments in words (文字任务): done or not done, with evidence."""

from django.db import transaction

from bureaus.models import AuditEvent, User
from courses.models import QuotaPeriod


@transaction.atomic
def mark_commitment(period: QuotaPeriod, *, user: User) -> None:
    """Saves the day and the evidence of `period`, with the audit line."""
    before = QuotaPeriod.objects.get(pk=period.pk)
    period.marked_by = user
    period.save(update_fields=["done_on", "evidence", "marked_by"])
    AuditEvent.record(
        AuditEvent.Deed.COMMITMENT_MARKED,
        period,
        user=user,
        before={"done_on": before.done_on, "evidence": before.evidence},
        after={"done_on": period.done_on, "evidence": period.evidence},
    )
