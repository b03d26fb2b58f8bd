"""With Redis a deed of one process reaches the sockets of another. Skipped where there is no Redis."""

import asyncio

import pytest
from django.conf import settings
from django.db import connections

from bureaus.models import AuditEvent, Membership
from tests.test_live import connected, signed_in_as

pytestmark = [
    pytest.mark.skipif(
        not settings.REDIS_URL, reason="REDIS_URL is not set: there is no Redis to go through."
    ),
    pytest.mark.django_db(transaction=True),
    pytest.mark.asyncio,
]


def as_another_process():
    """In a thread without an event loop: the announcement has a connection of its own and goes over Redis."""
    try:
        AuditEvent.record(AuditEvent.Deed.PLAN_LOADED, "方案", user=None)
    finally:
        connections.close_all()


async def test_a_deed_of_another_process_is_told_at_once():
    _user, client = await signed_in_as(Membership.Role.OFFICER)
    socket = await connected(client)
    await asyncio.to_thread(as_another_process)
    assert await socket.receive_from(5) == "changed"
    await socket.disconnect()
