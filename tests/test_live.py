"""The socket of figures: closed to others, says only "changed", asks for the rights again each time."""

import asyncio

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser

from bureaus.models import AuditEvent, Bureau, Membership, User
from ledgers.consumers import FiguresConsumer
from ledgers.live import CHANGED, GROUP

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


def open_socket(user):
    socket = WebsocketCommunicator(FiguresConsumer.as_asgi(), "/ws/figures/")
    socket.scope["user"] = user
    return socket


@database_sync_to_async
def account(role):
    bureau = Bureau.objects.create(name="市农业农村局")
    user = User.objects.create(username="经办")
    Membership.objects.create(user=user, bureau=bureau, role=role)
    return user


@database_sync_to_async
def line_of_audit():
    AuditEvent.record(AuditEvent.Deed.PLAN_LOADED, "方案", user=None)


@database_sync_to_async
def disable(user):
    User.objects.filter(pk=user.pk).update(is_active=False)


async def test_a_stranger_gets_no_socket():
    connected, code = await open_socket(AnonymousUser()).connect()
    assert (connected, code) == (False, 4403)


async def test_a_role_without_figures_gets_no_socket():
    connected, _code = await open_socket(await account(Membership.Role.AUDITOR)).connect()
    assert connected is False


async def test_a_message_says_changed_and_nothing_else():
    socket = open_socket(await account(Membership.Role.OFFICER))
    assert (await socket.connect())[0] is True
    await get_channel_layer().group_send(GROUP, CHANGED)
    assert await socket.receive_from(timeout=5) == "changed"
    await socket.disconnect()


async def test_an_import_in_another_process_is_seen_without_redis(settings):
    settings.REDIS_URL = ""
    socket = open_socket(await account(Membership.Role.OFFICER))
    await socket.connect()
    await asyncio.sleep(0.2)
    await line_of_audit()
    assert await socket.receive_from(timeout=5) == "changed"
    await socket.disconnect()


async def test_who_lost_the_right_is_told_nothing_more_and_put_out():
    user = await account(Membership.Role.OFFICER)
    socket = open_socket(user)
    await socket.connect()
    await disable(user)
    await get_channel_layer().group_send(GROUP, CHANGED)
    assert await socket.receive_output(timeout=5) == {"type": "websocket.close", "code": 4403}
