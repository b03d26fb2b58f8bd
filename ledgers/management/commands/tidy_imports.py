"""`manage.py tidy_imports`: for a timer. Drops uploads that are over their time, restarts killed imports."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ledgers.importing.jobs import restart_if_stalled
from ledgers.importing.receiving import drop_expired
from ledgers.models import LedgerImport
from ledgers.signing import keeping


class Command(BaseCommand):
    help = "Delete expired uploads and start imports again whose worker was killed."

    def handle(self, **options: Any) -> None:
        dropped = drop_expired(timezone.now()) + keeping.drop_expired(timezone.now())
        at_work = LedgerImport.objects.filter(state__in=LedgerImport.AT_WORK)
        restarted = sum(restart_if_stalled(batch) for batch in at_work)
        self.stdout.write(f"{dropped} uploads dropped, {restarted} imports restarted.")
