"""`manage.py send_notices`: for a timer, each minute. Reminds of tomorrow's sessions, sends what waits."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from courses.noticing import queue_reminders
from courses.sending import send_due


class Command(BaseCommand):
    help = "Queue the reminders that are due and send the notices that wait; any number may run at once."

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        reminded = queue_reminders(now)
        result = send_due(at=timezone.now())
        self.stdout.write(
            f"{reminded} reminders queued; {result.sent} sent, {result.dropped} outdated, "
            f"{result.put_off} put off, {result.failed} failed."
        )
