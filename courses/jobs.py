"""What the worker does for classes."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from courses import sending


@task()
def send_notices() -> None:
    """Sends what waits. Any number may run at once: each notice is taken by one of them."""
    sending.send_due(at=timezone.now())


def send_soon() -> None:
    """Has the worker send, once the transaction is committed.

    Without a worker (`PEIXUN_JOBS=inline`) the notices wait for `manage.py send_notices`: a page must not
    stand still while three hundred messages go out.
    """
    if settings.PEIXUN_JOBS == "worker":
        send_notices.enqueue()
