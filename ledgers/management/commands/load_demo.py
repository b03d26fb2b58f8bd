"""`manage.py load_demo`: a made-up year and one account a role. Only where DEBUG is true."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ledgers.demo.loading import ACCOUNTS, LEARNER, PASSWORD, load_demo


class Command(BaseCommand):
    help = "Load demo data and print the demo accounts."

    def handle(self, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Demo accounts have a known password: load_demo needs DEBUG=true.")
        loaded = load_demo(today=timezone.localdate())
        self.stdout.write("Demo data loaded." if loaded else "Demo data is there already.")
        self.stdout.write(f"Demo accounts, all with the password {PASSWORD}:")
        for username, _name, bureau, role, _reach in ACCOUNTS:
            self.stdout.write(f"  {username:<10} {bureau} · {role.label}")
        self.stdout.write(f"  {LEARNER[0]:<10} 学员")
