"""Draws the numbers of certificates: no gap, no double, none used again.

The counter's row is taken in the transaction of the issue itself. Who issues next waits for it; where the
issue is rolled back, so is the counter, and the number goes to the next one. A revoked certificate keeps
its number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from certificates.models import Certificate, Counter, Issuer


def draw(issuer: Issuer, year: int, *, count: int) -> list[str]:
    """The next `count` numbers of `issuer` in `year`. Call it inside the transaction that uses them."""
    if not issuer.pattern:
        raise ValidationError(
            _("“%(issuer)s”还没有设置编号格式，请先在“发证单位”里填写。") % {"issuer": issuer}
        )
    counter = held_counter(issuer, year)
    first = counter.last + 1
    counter.last += count
    counter.save(update_fields=["last"])
    return [issuer.number_of(year, sequence) for sequence in range(first, first + count)]


def held_counter(issuer: Issuer, year: int) -> Counter:
    """The counter's row, held until the transaction ends. Refuses to be called outside of one."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("Numbers are drawn in the transaction of the issue.")
    Counter.objects.bulk_create([Counter(issuer=issuer, year=year)], ignore_conflicts=True)
    return Counter.objects.select_for_update().get(issuer=issuer, year=year)


@transaction.atomic
def move_on(issuer: Issuer, keys: Iterable[str]) -> None:
    """Moves the counters past those of `keys` (see `number_key`) that are of the issuer's own pattern."""
    highest: dict[int, int] = defaultdict(int)
    for key in keys:
        if found := issuer.sequence_in(key):
            year, sequence = found
            highest[year] = max(highest[year], sequence)
    for year, sequence in sorted(highest.items()):
        counter = held_counter(issuer, year)
        if counter.last < sequence:
            counter.last = sequence
            counter.save(update_fields=["last"])


def catch_up(issuer: Issuer) -> None:
    """Moves the counters past every number that `issuer` has, e.g. after its pattern was set."""
    keys = Certificate.objects.filter(issuer=issuer).values_list("number_key", flat=True)
    move_on(issuer, keys.iterator())
