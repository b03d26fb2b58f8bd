"""What must stand before a bureau can issue: its issuer with a pattern for numbers, and the rules."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, Bureau, User
from certificates.models import Counter, Issuer, IssueRule, number_key
from certificates.models.issuers import SEQUENCE
from certificates.numbering import catch_up

REGISTER_CHANGED = AuditEvent.Deed.REGISTER_CHANGED


def issuer_of(bureau: Bureau) -> Issuer:
    """The bureau's issuer; else the one that ledgers brought in under its name; else a new one, unsaved."""
    found = Issuer.objects.filter(bureau=bureau).first()
    found = found or Issuer.objects.filter(bureau=None, name=bureau.name).first()
    if found is None:
        return Issuer(name=bureau.name, bureau=bureau)
    found.bureau = bureau
    return found


@transaction.atomic
def save_issuer(issuer: Issuer, *, user: User, changed: Sequence[str]) -> Issuer:
    """Saves it, and moves its counters past the numbers that its pattern has had already.

    Raises `ValidationError` where another issuer draws numbers that look the same. The counter goes on when
    the pattern changes, so no number of this issuer can come twice.
    """
    # All patterns are looked at: two bureaus must not set the same one at once.
    others = [
        one for one in Issuer.objects.select_for_update(no_key=True).order_by("pk") if one.pk != issuer.pk
    ]
    key = pattern_key(issuer.pattern)
    if key and any(pattern_key(one.pattern) == key for one in others):
        raise ValidationError({"pattern": _("已有别的单位用这个编号格式，两家的编号会重复，请换一个字头。")})
    issuer.save()
    catch_up(issuer)
    AuditEvent.record(
        REGISTER_CHANGED, issuer, user=user, bureau=issuer.bureau, after={"fields": list(changed)}
    )
    return issuer


def pattern_key(pattern: str) -> str:
    """Equal for two patterns whose numbers can be equal, however the sequence is padded."""
    return number_key(SEQUENCE.sub("\x01", pattern.strip()))


def next_number(issuer: Issuer, year: int, *, ahead: int = 0) -> str:
    """The number that would be drawn now, or the one `ahead` places later. Nothing is taken."""
    if not SEQUENCE.search(issuer.pattern):
        return ""
    last = 0
    if issuer.pk:
        counted = Counter.objects.filter(issuer=issuer, year=year).values_list("last", flat=True)
        last = max(counted.first() or 0, highest_of(issuer, year))
    return issuer.number_of(year, last + 1 + ahead)


def highest_of(issuer: Issuer, year: int) -> int:
    """The highest sequence of `year` among the issuer's numbers that its pattern would make. One query."""
    start = number_key(re.split(r"\{", issuer.pattern)[0])
    keys = issuer.certificates.filter(number_key__startswith=start, number_key__contains=str(year))
    found = (issuer.sequence_in(key) for key in keys.values_list("number_key", flat=True))
    return max((one[1] for one in found if one and one[0] == year), default=0)


@transaction.atomic
def save_rule(rule: IssueRule, *, user: User, changed: Sequence[str]) -> IssueRule:
    """Adds or changes it. Raises `ValidationError` where certificates were issued by it: end that one."""
    if rule.pk and rule.batches.exists():
        raise ValidationError(_("这个发证条件已经用过，不能再改。请先让它到期，再新建一个。"))
    is_new = rule.pk is None
    rule.save()
    record_rule(rule, user=user, after={"added": True} if is_new else {"fields": list(changed)})
    return rule


@transaction.atomic
def end_rule(rule: IssueRule, *, last_day: datetime.date, user: User) -> IssueRule:
    """Its last day. Raises `ValidationError` for a day before its first."""
    rule.valid_to = last_day
    rule.validate_constraints()
    rule.save(update_fields=["valid_to"])
    record_rule(rule, user=user, after={"fields": [_("止")]})
    return rule


def record_rule(rule: IssueRule, *, user: User, after: dict[str, object]) -> None:
    bureau = next(iter(rule.programme.leads()), None)
    AuditEvent.record(REGISTER_CHANGED, rule, user=user, bureau=bureau, after=after)
