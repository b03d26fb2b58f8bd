"""`manage.py load_templates`: adds the certificate templates that peixun ships."""

from typing import Any

from django.core.management.base import BaseCommand

from certificates.defaults import load_default_templates


class Command(BaseCommand):
    help = "Load the certificate templates that are shipped, for the whole city."

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"{load_default_templates()} certificate templates added.")
