"""How soon 500 open boards hear of a mark, against a bare loop of sends; check-ins against a trivial view.

    .venv/bin/python bench/live.py [--sockets 500]

Boards and bare sockets are held by one daphne process and opened by this one, over TCP. `bare` is a consumer
without rights, layer or database, told by a socket to send the same word to all others of its kind. Marks are
written by this process, as a web process beside daphne does: without Redis daphne finds them in the audit.
`at once` is the in-process layer without that wait: daphne is told by a socket that there is news.
"""

import argparse
import asyncio
import base64
import contextlib
import io
import itertools
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
ROUNDS = 7
PEOPLE = 300
ACCOUNTS = 50
TEXT, PING, PONG = 0x81, 0x89, 0x8A
AT_A_TIME = 50  # sockets opened together
DEADLINE = 20  # seconds for one round
KEY = base64.b64encode(bytes(16)).decode()
OWN_FOLDER = "PEIXUN_BENCH_FOLDER"
sys.path.insert(0, str(ROOT))
if OWN_FOLDER not in os.environ:  # the process with the sockets inherits all this
    folder = tempfile.mkdtemp(prefix="bench-live-")
    os.environ |= {
        OWN_FOLDER: folder,
        "DJANGO_SETTINGS_MODULE": "peixun.settings",
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "MEDIA_ROOT": f"{folder}/media",
        "REDIS_URL": "",
        "DEBUG": "true",  # keys of development
        "LOG_LEVEL": "ERROR",
    }

import django  # noqa: E402

django.setup()

from daphne.server import Server  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django.urls import include, path, reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from bureaus.announcing import session_topic, tell  # noqa: E402
from bureaus.models import Bureau, Membership, User  # noqa: E402
from courses.check_in.codes import code_for, pass_for  # noqa: E402
from courses.models import Attendance, ClassRun, Enrolment, Programme, Session  # noqa: E402
from courses.registering import Presence, register  # noqa: E402
from learners.models import AccountLink, Learner  # noqa: E402
from peixun.asgi import application  # noqa: E402

settings.DEBUG = False  # Django would keep each query


def trivial(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("here")


trivial.login_required = False  # type: ignore[attr-defined]
urlpatterns = [path("trivial/", trivial), path("", include("peixun.urls"))]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


# --- The process with the sockets: `bench/live.py --serve PORT`


def serve(port: int) -> None:
    bare: set[Callable[[dict[str, Any]], Awaitable[None]]] = set()

    async def bare_socket(receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        bare.add(send)
        while (event := await receive())["type"] == "websocket.receive":
            if event["text"] == "bare":
                for one in bare - {send}:
                    await one({"type": "websocket.send", "text": "changed"})
            else:
                await tell([event["text"]])
        bare.discard(send)

    async def both(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket" and scope["path"] == "/bare/":
            await bare_socket(receive, send)
        else:
            await application(scope, receive, send)

    Server(application=both, endpoints=[f"tcp:{port}:interface={HOST}"]).run()


# --- Sockets as a browser opens them, without its cost


class Line(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def told(self) -> float:
        """When the next "changed" came. Answers the pings before it."""
        while True:
            kind, length = await self.reader.readexactly(2)
            words = await self.reader.readexactly(length)
            if kind == TEXT and words == b"changed":
                return time.perf_counter()
            if kind != PING:
                raise ConnectionError(f"{kind:x} {words!r}")
            self.writer.write(bytes([PONG, 0x80 | length, 0, 0, 0, 0]) + words)

    def say(self, text: str) -> None:
        """A masked frame, the mask all zeros."""
        self.writer.write(bytes([TEXT, 0x80 | len(text), 0, 0, 0, 0]) + text.encode())


async def opened(port: int, address: str, cookie: str = "") -> Line:
    reader, writer = await asyncio.open_connection(HOST, port)
    lines = (
        f"GET {address} HTTP/1.1",
        f"Host: {HOST}:{port}",
        f"Origin: http://{HOST}:{port}",
        f"Cookie: {cookie}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {KEY}",
        "Sec-WebSocket-Version: 13",
    )
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 101 " not in head.split(b"\r\n")[0]:
        raise ConnectionError(head.split(b"\r\n")[0].decode())
    return Line(reader, writer)


async def many(sockets: int, open_one: Callable[[], Awaitable[Line]]) -> list[Line]:
    lines: list[Line] = []
    while len(lines) < sockets:
        lines += await asyncio.gather(*(open_one() for _ in range(min(AT_A_TIME, sockets - len(lines)))))
    return lines


async def waits(lines: list[Line], deed: Callable[[], Awaitable[None] | None]) -> tuple[float, float]:
    """Seconds from the end of `deed` until the first and until the last of `lines` is told."""
    told = asyncio.gather(*(line.told() for line in lines))
    await asyncio.sleep(0)
    start = time.perf_counter()
    if (going := deed()) is not None:
        await going
        start = time.perf_counter()
    moments = await asyncio.wait_for(told, DEADLINE)
    return max(0.0, min(moments) - start), max(moments) - start


async def against_bare(
    bare: list[Line], boards: list[Line], control: Line, deed: Callable[[], Awaitable[None] | None]
) -> str:
    """Medians of rounds in which both alternate, so that no load on the machine meets only one of them."""
    rounds = []
    for _ in range(ROUNDS):
        plain = await waits(bare, lambda: control.say("bare"))
        rounds.append((plain[1], *await waits(boards, deed)))
    plain, first, last = (statistics.median(times) * 1000 for times in zip(*rounds, strict=True))
    worst = max(row[2] for row in rounds) * 1000
    ratio = statistics.median(row[2] / row[0] for row in rounds)
    return f"{plain:6.0f} | {first:7.0f} | {last:6.0f} | {worst:6.0f} | {ratio:5.1f}"


async def measured(label: str, port: int, stage: "Stage", sockets: int, *, at_once: bool) -> None:
    address = f"/ws/sessions/{stage.session.pk}/"
    control = await opened(port, "/bare/")
    bare = await many(sockets, lambda: opened(port, "/bare/"))
    cookies = itertools.cycle(stage.cookies)
    boards = await many(sockets, lambda: opened(port, address, next(cookies)))
    if at_once:
        numbers = await against_bare(
            bare, boards, control, lambda: control.say(session_topic(stage.session.pk))
        )
        print(f"{label + ', at once':22} | {numbers}", flush=True)
    numbers = await against_bare(bare, boards, control, lambda: asyncio.to_thread(stage.mark))
    print(f"{label + ', from a mark':22} | {numbers}", flush=True)
    for line in (control, *bare, *boards):
        line.writer.close()


@contextlib.contextmanager
def daphne(redis: str) -> Iterator[int]:
    """Its port."""
    port = free_port()
    environment = os.environ | {"REDIS_URL": redis}
    process = subprocess.Popen([sys.executable, __file__, "--serve", str(port)], env=environment)  # noqa: S603
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """The address of a Redis of our own; empty where none is installed."""
    binary = shutil.which("redis-server")
    if not binary:
        yield ""
        return
    port = free_port()
    process = subprocess.Popen(  # noqa: S603
        [binary, "--port", str(port), "--bind", HOST, "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield f"redis://{HOST}:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


def wait_for(port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError(port)


# --- A class of 300 on a database of our own


class Stage:
    """A session today of a class of 300, and who watches it."""

    def __init__(self) -> None:
        programme = Programme.objects.get(name="培训科技辅导员")
        bureau = Bureau.objects.get(name="市科协")
        today = timezone.localdate()
        home: dict[str, Any] = {"programme": programme, "bureau": bureau, "year": today.year}
        home["district"] = programme.plan.city
        run = ClassRun.objects.create(name="三百人班", state=ClassRun.State.RUNNING, **home)
        self.session = Session.objects.create(run=run, title="一课", held_on=today, **home)
        learners = Learner.objects.bulk_create(Learner(name=f"学员{n}") for n in range(PEOPLE))
        self.users = User.objects.bulk_create(User(username=f"xueyuan {n}") for n in range(PEOPLE))
        AccountLink.objects.bulk_create(
            AccountLink(user=user, learner=learner)
            for user, learner in zip(self.users, learners, strict=True)
        )
        self.people = Enrolment.objects.bulk_create(
            Enrolment(
                run=run, learner=one, name=one.name, district=home["district"], state=Enrolment.State.ADMITTED
            )
            for one in learners
        )
        office = User.objects.bulk_create(User(username=f"jingban {n}") for n in range(ACCOUNTS))
        Membership.objects.bulk_create(
            Membership(user=user, bureau=bureau, role=Membership.Role.OFFICER) for user in office
        )
        self.cookies = [cookie_of(user) for user in office]
        self.state = Attendance.State.ABSENT

    def mark(self) -> None:
        """The first of the class: present, absent, present …"""
        states = Attendance.State
        self.state = states.ABSENT if self.state == states.PRESENT else states.PRESENT
        register(
            self.session, [Presence(self.people[0].pk, self.state)], user=None, at=timezone.now(), done=False
        )


def cookie_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}"


# --- Check-ins


def check_ins(stage: Stage) -> None:
    """Each of the class but the first taps once, by account; the trivial view is asked in between."""
    clients = []
    for user in stage.users[1:]:
        client = Client(headers={"host": HOST})
        client.force_login(user)
        clients.append(client)
    code = code_for(stage.session, timezone.now())
    address = reverse("courses:check-in", args=[code])
    entry, ours, plain = pass_for(code), 0.0, 0.0
    for client, person in zip(clients, stage.people[1:], strict=True):
        start = time.perf_counter()
        client.post(address, {"pass": entry, "enrolment": person.pk})
        middle = time.perf_counter()
        client.get("/trivial/")
        ours, plain = ours + middle - start, plain + time.perf_counter() - middle
    noted = stage.session.attendances.filter(way=Attendance.Way.CODE).count()
    if noted != len(clients):
        raise AssertionError(f"{noted} of {len(clients)} were noted")
    print(
        f"check-ins on one process: {noted / ours:.0f}/s, trivial view {noted / plain:.0f}/s, "
        f"ratio {plain / ours:.3f}"
    )


async def boards(stage: Stage, sockets: int) -> None:
    print("medians in ms          |   bare | told 1st |   last |  worst | last to bare")
    with daphne("") as port:
        await measured("in-process", port, stage, sockets, at_once=True)
    with redis_server() as redis:
        if not redis:
            print("redis: no redis-server is installed")
            return
        layer = {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [redis]}}
        with override_settings(REDIS_URL=redis, CHANNEL_LAYERS={"default": layer}), daphne(redis) as port:
            await measured("redis", port, stage, sockets, at_once=False)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--sockets", type=int, default=500)
    asked.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.serve:
        serve(given.serve)
        return
    try:
        call_command("migrate", verbosity=0)
        call_command("load_plan", stdout=io.StringIO())
        stage = Stage()
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {given.sockets} sockets, SQLite")
        with override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=[HOST, "testserver"]):
            check_ins(stage)
        asyncio.run(boards(stage, given.sockets))
    finally:
        shutil.rmtree(os.environ[OWN_FOLDER])


if __name__ == "__main__":
    main()
