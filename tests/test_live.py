"""The sockets: closed to others, say only "changed", and close by themselves when the rights end."""

import asyncio

import pytest
import pytest_asyncio
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings as project
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bureaus import live
from bureaus.announcing import FIGURES, tell
from bureaus.live import LiveSocket, allowed_among, watch
from bureaus.models import AuditEvent, Bureau, District, Membership, User
from courses.consumers import SessionSocket
from courses.models import ClassRun, Plan, Programme, Session, Trainer
from learners.models import TargetGroup
from ledgers.consumers import FiguresSocket
from ledgers.importing.boards import Progress, board
from ledgers.importing.progress import take
from ledgers.models import LedgerImport
from peixun.asgi import application

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
CLOSED = {"type": "websocket.close", "code": 4403}
Role, Deed = Membership.Role, AuditEvent.Deed


@pytest.fixture(autouse=True)
def only_when_told(monkeypatch, settings, tmp_path):
    """The loop of this process does not turn by itself: a test calls `watch.look` or `watch.check`."""
    settings.REDIS_URL = ""
    settings.MEDIA_ROOT = tmp_path

    async def stand_still(_watch):
        await asyncio.Event().wait()

    monkeypatch.setattr(type(watch), "run", stand_still)


@pytest_asyncio.fixture(autouse=True)
async def connections_closed():
    """The thread that asks the database for sockets keeps its connection, and with it the test database."""
    yield
    await database_sync_to_async(connections.close_all)()


def open_socket(client, path="/ws/figures/"):
    """A socket as a browser opens it, with the cookie of `client`'s sign-in."""
    cookie = client.cookies.get(project.SESSION_COOKIE_NAME)
    headers = [(b"origin", b"http://localhost")]
    if cookie:
        headers.append((b"cookie", f"{project.SESSION_COOKIE_NAME}={cookie.value}".encode()))
    return WebsocketCommunicator(application, path, headers=headers)


async def connected(client, path="/ws/figures/"):
    socket = open_socket(client, path)
    assert (await socket.connect(5))[0] is True
    return socket


@database_sync_to_async
def signed_in_as(role, bureau="市农业农村局", name="经办"):
    """(user, client) of a new account."""
    user = User.objects.create(username=name, name=name)
    place, _made = Bureau.objects.get_or_create(name=bureau)
    Membership.objects.create(user=user, bureau=place, role=role)
    client = Client()
    client.force_login(user)
    return user, client


def make_session(user):
    """A session of 市农业农村局 that `user` teaches."""
    city = District.objects.create(name="市本级", code="city")
    bureau = Bureau.objects.get(name="市农业农村局")
    plan = Plan.objects.create(name="方案", first_year=2021, last_year=2025, city=city)
    programme = Programme.objects.create(
        plan=plan, name="项目", group=TargetGroup.objects.create(code="farmers", name="农民")
    )
    home = {"bureau": bureau, "district": city, "year": 2026, "programme": programme}
    run = ClassRun.objects.create(name="一班", **home)
    session = Session.objects.create(title="一课", run=run, held_on=timezone.localdate(), **home)
    session.trainers.add(Trainer.objects.create(name="罗老师", bureau=bureau, user=user))
    return session


session_of = database_sync_to_async(make_session)


@database_sync_to_async
def import_of(user):
    bureau = Bureau.objects.get(name="市农业农村局")
    return LedgerImport.objects.create(bureau=bureau, file_name="台账.xlsx", uploaded_by=user)


@database_sync_to_async
def get_on(batch, done):
    """As the worker that has it in hand tells it."""
    held = take(batch.pk)
    board().write(batch.pk, held.holder, Progress("write", done, 100, 5.0))


@database_sync_to_async
def line(deed, target):
    AuditEvent.record(deed, target, user=None)


@database_sync_to_async
def change(rows, **values):
    rows.update(**values)


@database_sync_to_async
def delete(rows):
    rows.delete()


async def begin_to_look():
    """From here on lines of the audit are news."""
    await watch.look()


# --- Who gets a socket


async def test_a_stranger_gets_no_socket():
    assert await open_socket(Client()).connect(5) == (False, 4403)


async def test_a_role_without_figures_gets_no_socket():
    _user, client = await signed_in_as(Role.AUDITOR)
    assert (await open_socket(client).connect(5))[0] is False


async def test_another_site_gets_no_socket():
    _user, client = await signed_in_as(Role.OFFICER)
    socket = open_socket(client)
    socket.scope["headers"][0] = (b"origin", b"https://elsewhere.example")
    assert (await socket.connect(5))[0] is False


async def test_the_board_of_a_session_is_for_who_registers_it():
    trainer, client = await signed_in_as(Role.TRAINER)
    session = await session_of(trainer)
    path = f"/ws/sessions/{session.pk}/"
    mine = await connected(client, path)
    _user, officer = await signed_in_as(Role.OFFICER, name="李经办")
    theirs = await connected(officer, path)
    for role, bureau in (
        (Role.OFFICER, "市人社局"),
        (Role.TRAINER, "市农业农村局"),
        (Role.REVIEWER, "市农业农村局"),
    ):
        _user, other = await signed_in_as(role, bureau, name=f"{role}{bureau}")
        assert await open_socket(other, path).connect(5) == (False, 4403)
    await mine.disconnect()
    await theirs.disconnect()


async def test_a_session_that_is_not_there_has_no_board():
    _user, client = await signed_in_as(Role.COORDINATOR)
    assert await open_socket(client, "/ws/sessions/4711/").connect(5) == (False, 4403)


async def test_the_progress_of_an_import_is_for_who_may_see_it():
    user, client = await signed_in_as(Role.OFFICER)
    batch = await import_of(user)
    path = f"/ws/imports/{batch.pk}/"
    socket = await connected(client, path)
    for role, bureau in ((Role.OFFICER, "市人社局"), (Role.TRAINER, "市农业农村局")):
        _user, other = await signed_in_as(role, bureau, name=f"{role}{bureau}")
        assert await open_socket(other, path).connect(5) == (False, 4403)
    assert await open_socket(client, "/ws/imports/0c2f1a52-3a57-4f0e-8e5e-5d1f3a0f7c11/").connect(5) == (
        False,
        4403,
    )
    await socket.disconnect()


# --- What is said


async def test_a_page_that_waits_hears_that_its_own_import_got_on():
    user, client = await signed_in_as(Role.OFFICER)
    batch, other = await import_of(user), await import_of(user)
    socket = await connected(client, f"/ws/imports/{batch.pk}/")
    await begin_to_look()
    await watch.look()
    assert await socket.receive_from(5) == "changed"  # since its page was made it may have got on
    await watch.look()
    assert await socket.receive_nothing()
    await get_on(other, 10)
    await watch.look()
    assert await socket.receive_nothing()
    await get_on(batch, 10)
    await watch.look()
    assert await socket.receive_from(5) == "changed"
    await change(LedgerImport.objects.filter(pk=batch.pk), state=LedgerImport.State.PREVIEW)
    await watch.look()
    assert await socket.receive_from(5) == "changed"
    await socket.disconnect()


async def test_an_import_that_got_on_before_the_first_look_is_told_of_though_others_were_looked_for():
    user, client = await signed_in_as(Role.OFFICER)
    others = await connected(client)
    await begin_to_look()
    await watch.look()
    batch = await import_of(user)
    socket = await connected(client, f"/ws/imports/{batch.pk}/")
    await change(LedgerImport.objects.filter(pk=batch.pk), state=LedgerImport.State.PREVIEW)
    await watch.look()
    assert await socket.receive_from(5) == "changed"
    await socket.disconnect()
    await others.disconnect()


async def test_a_message_says_changed_and_nothing_else():
    _user, client = await signed_in_as(Role.OFFICER)
    socket = await connected(client)
    await tell([FIGURES])
    assert await socket.receive_output(5) == {"type": "websocket.send", "text": "changed"}
    await socket.disconnect()


async def test_a_deed_of_another_process_is_seen_without_redis():
    _user, client = await signed_in_as(Role.OFFICER)
    socket = await connected(client)
    await begin_to_look()
    await line(Deed.PLAN_LOADED, "方案")
    await watch.look()
    assert await socket.receive_from(5) == "changed"
    await watch.look()
    assert await socket.receive_nothing()
    await socket.disconnect()


async def test_a_line_that_commits_late_is_seen_though_a_later_one_came_first():
    _user, client = await signed_in_as(Role.OFFICER)
    socket = await connected(client)
    await begin_to_look()
    early, late = (AuditEvent(pk=pk, deed=Deed.PLAN_LOADED) for pk in (900, 901))
    for event in (late, early):
        await database_sync_to_async(AuditEvent.objects.bulk_create)([event])
        await watch.look()
        assert await socket.receive_from(5) == "changed"
    await socket.disconnect()


async def test_a_board_hears_of_its_own_session_and_run_only():
    trainer, client = await signed_in_as(Role.TRAINER)
    session = await session_of(trainer)
    socket = await connected(client, f"/ws/sessions/{session.pk}/")
    await begin_to_look()
    other = Session(pk=session.pk + 1, title="二课", held_on=session.held_on)
    await line(Deed.ATTENDANCE_REGISTERED, other)
    await watch.look()
    assert await socket.receive_nothing()
    for deed, target in ((Deed.ATTENDANCE_REGISTERED, session), (Deed.ENROLMENT_CHANGED, session.run)):
        await line(deed, target)
        await watch.look()
        assert await socket.receive_from(5) == "changed"
    await socket.disconnect()


async def test_the_list_of_sessions_hears_of_classes_and_of_nothing_else():
    trainer, client = await signed_in_as(Role.TRAINER)
    session = await session_of(trainer)
    socket = await connected(client, "/ws/classes/")
    await begin_to_look()
    await line(Deed.YEAR_CLOSED, "2024")
    await watch.look()
    assert await socket.receive_nothing()
    await line(Deed.SESSION_CHANGED, session)
    await watch.look()
    assert await socket.receive_from(5) == "changed"
    await socket.disconnect()


async def test_a_socket_that_comes_again_hears_what_comes_then():
    _user, client = await signed_in_as(Role.OFFICER)
    first = await connected(client)
    await first.disconnect()
    again = await connected(client)
    await tell([FIGURES])
    assert await again.receive_from(5) == "changed"
    await again.disconnect()
    assert (watch.sockets, watch.task) == (set(), None)


# --- When the rights end


async def test_who_lost_the_right_is_told_nothing_more_and_put_out():
    user, client = await signed_in_as(Role.OFFICER)
    socket = await connected(client)
    await change(User.objects.filter(pk=user.pk), is_active=False)
    await tell([FIGURES])
    assert await socket.receive_output(5) == CLOSED
    await socket.disconnect()


@pytest.mark.parametrize("end", ["disabled", "no role", "other role", "signed out", "new password"])
async def test_without_any_message_a_socket_is_closed_when_the_rights_end(end):
    user, client = await signed_in_as(Role.OFFICER)
    socket = await connected(client)
    await watch.check()
    assert await socket.receive_nothing()
    if end == "disabled":
        await change(User.objects.filter(pk=user.pk), is_active=False)
    elif end == "no role":
        await delete(Membership.objects.filter(user=user))
    elif end == "other role":
        await change(Membership.objects.filter(user=user), role=Role.TRAINER)
    elif end == "signed out":
        await database_sync_to_async(client.logout)()
    else:
        await change(User.objects.filter(pk=user.pk), password="another")  # noqa: S106
    await watch.check()
    assert await socket.receive_output(5) == CLOSED
    await socket.disconnect()


async def test_a_board_is_closed_when_the_session_is_no_longer_the_trainers():
    trainer, client = await signed_in_as(Role.TRAINER)
    session = await session_of(trainer)
    socket = await connected(client, f"/ws/sessions/{session.pk}/")
    await database_sync_to_async(session.trainers.clear)()
    await watch.check()
    assert await socket.receive_output(5) == CLOSED
    await socket.disconnect()


async def test_the_rights_are_asked_for_every_few_seconds():
    """What the loop does by itself: within five seconds, with a second to spare for the database."""
    assert live.LOOK_EVERY * live.CHECK_EVERY <= 4
    assert live.LOOK_EVERY <= 1


async def test_one_check_serves_all_who_ask_meanwhile(monkeypatch):
    checks = []

    def count(sockets):
        checks.append(len(sockets))
        return set(sockets)

    _user, client = await signed_in_as(Role.OFFICER)
    sockets = [await connected(client) for _ in range(20)]
    monkeypatch.setattr("bureaus.live.allowed_among", count)
    await tell([FIGURES])
    for socket in sockets:
        assert await socket.receive_from(5) == "changed"
    assert len(checks) <= 2
    for socket in sockets:
        await socket.disconnect()


def lone(kind: type[LiveSocket], client, pk=None):
    socket = kind()
    socket.scope = {"session": client.session, "url_route": {"kwargs": {"pk": pk} if pk else {}}}
    return socket


@database_sync_to_async
def queries_for(count):
    """How many queries it takes to ask for the rights of so many sockets, each of an officer of its own."""
    session = Session.objects.first() or make_session(User.objects.create(username="罗老师"))
    sockets = []
    for number in range(count):
        user = User.objects.create(username=f"{count} {number}")
        Membership.objects.create(user=user, bureau=session.bureau, role=Role.OFFICER)
        client = Client()
        client.force_login(user)
        sockets += [lone(FiguresSocket, client), lone(SessionSocket, client, session.pk)]
    with CaptureQueriesContext(connection) as captured:
        assert allowed_among(sockets) == set(sockets)
    return len(captured)


async def test_the_number_of_queries_does_not_grow_with_the_sockets():
    await signed_in_as(Role.OFFICER)
    assert await queries_for(2) == await queries_for(40) <= 5
