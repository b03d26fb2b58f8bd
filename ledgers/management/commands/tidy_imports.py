"""`manage.py tidy_imports`: what every worker does by itself, by hand; or for a timer where there is none."""

from typing import Any

from django.core.management.base import BaseCommand

from ledgers.sweeping import sweep, tidy


class Command(BaseCommand):
    help = "Delete expired uploads, and take up work whose worker was killed."

    def handle(self, **options: Any) -> None:
        done = sweep()
        self.stdout.write(
            f"{done.dropped} uploads dropped, {done.imports} imports and {done.batches} batches taken up, "
            f"{tidy()} stray files deleted."
        )
