"""`manage.py load_plan [FILE]`: loads the plan's catalogue; without FILE the one that peixun ships."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from courses.catalogue import CatalogueError, read_catalogue
from courses.loading import load_catalogue

SHIPPED = Path(__file__).resolve().parents[2] / "catalogues" / "xiangtan.yaml"


class Command(BaseCommand):
    help = "Load a plan's catalogue: actions, programmes, bureaus, districts, groups and quotas."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", nargs="?", type=Path, default=SHIPPED, help="a YAML file; see docs/plan.md"
        )

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            counts = load_catalogue(read_catalogue(file), user=None)
        except CatalogueError as error:
            raise CommandError(f"{file.name} {error}") from error
        self.stdout.write(f"{file.name}: {counts['added']} added, {counts['changed']} changed.")
