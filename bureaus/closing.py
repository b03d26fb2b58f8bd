"""Closing a year (封账), and opening it again with a reason."""

from django.db import transaction
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, Bureau, User, YearClose


@transaction.atomic
def close_year(bureau: Bureau, year: int, *, user: User) -> None:
    """From now on no deed changes a figure of `bureau` in `year`. Closing twice is closing once."""
    Bureau.objects.select_for_update(no_key=True).get(pk=bureau.pk)  # an import under way ends first
    _closed, made = YearClose.objects.get_or_create(bureau=bureau, year=year, defaults={"closed_by": user})
    if made:
        label = _("%(bureau)s %(year)d 年度") % {"bureau": bureau, "year": year}
        AuditEvent.record(AuditEvent.Deed.YEAR_CLOSED, label, user=user, bureau=bureau, after={"year": year})


@transaction.atomic
def reopen_year(closed: YearClose, *, user: User, reason: str) -> None:
    label = _("%(bureau)s %(year)d 年度") % {"bureau": closed.bureau, "year": closed.year}
    AuditEvent.record(
        AuditEvent.Deed.YEAR_REOPENED,
        label,
        user=user,
        bureau=closed.bureau,
        before={"year": closed.year},
        reason=reason,
    )
    closed.delete()
