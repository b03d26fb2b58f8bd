"""Makes a new key for the statements in the codes of certificates and for badges."""

from typing import Any

from django.core.management.base import BaseCommand

from certificates.signing import rotate


class Command(BaseCommand):
    help = (
        "A new key signs from now on; the ones before sign no more and still verify. "
        "Certificates that were issued keep their statements."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Key {rotate().kid} signs from now on.")
