"""The server and PostgreSQL are killed while ledgers come in: each is written once, by itself.

PostgreSQL is one of the drill's own, in a temporary folder. Full size only (`make drills`), since it makes a
database from nothing.
"""

import http.client
import http.cookiejar
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tests.drills.crash import ROOT, WORKER, big_ledger, wait_for

FULL = os.environ.get("PEIXUN_DRILLS") == "full"
ROWS, OUTAGES, SERVER_KILLS = 50_000, 6, 6
PATIENCE = 1_800
MAKE_OFFICER = """
from bureaus.models import Bureau, Membership, User
user = User.objects.create_user("drill", password="drill-2025", name="李经办")
Membership.objects.create(user=user, bureau=Bureau.objects.get(name="市农业农村局"), role="officer")
"""
COUNTS = {
    "learners": "select count(*) from learners_learner",
    "identities": "select count(distinct digest) from learners_identity",
    "enrolments": "select count(*) from courses_enrolment",
    "certificates": "select count(*) from certificates_certificate",
    "rows": "select count(*) from ledgers_ledgerrow r join ledgers_ledgerimport i on i.id = r.batch_id"
    " where i.state = 'applied'",
    "audit": "select count(*) from bureaus_auditevent where deed = 'ledger.imported'",
}
pytestmark = pytest.mark.skipif(not FULL, reason="full size only: make drills")


def binary(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def unprivileged() -> dict[str, object]:
    """PostgreSQL refuses to run as root: then it runs as another user."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        if any(entry.pw_name == name for entry in pwd.getpwall()):
            return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}
    pytest.skip("There is no unprivileged user to run PostgreSQL as.")


class OwnPostgres:
    """A cluster of the drill's own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.who = folder, free_port(), unprivileged()
        self.run("initdb", "-D", str(folder / "data"), "-U", "drill", "-A", "trust", "--no-sync")
        self.start()
        self.run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "drill", "drill")

    @property
    def url(self) -> str:
        return f"postgres://drill@127.0.0.1:{self.port}/drill"

    def run(self, name: str, *arguments: str) -> None:
        subprocess.run(  # noqa: S603
            [binary(name), *arguments],
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self.who,
        )

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -h 127.0.0.1"
        log = str(self.folder / "log")
        # What it had not finished when it was killed, it must first go through again.
        patience = ("-w", "-t", str(PATIENCE))
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-l", log, *patience, "-o", options, "start")

    def kill(self) -> None:
        """As if its power went: nothing is finished, nobody is told."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")


@pytest.fixture
def postgres():
    if not binary("initdb"):
        pytest.skip("initdb is missing: PostgreSQL's server is not installed here.")
    folder = Path(f"/tmp/peixun-drill-{uuid.uuid4().hex[:8]}")  # noqa: S108 (a socket's path must be short)
    folder.mkdir()
    who = unprivileged()
    if who:
        shutil.chown(folder, who["user"])
    own = OwnPostgres(folder)
    yield own
    own.kill()
    shutil.rmtree(folder)


class Site:
    """Server and worker on that database, each a process that can be killed and started again."""

    def __init__(self, postgres: OwnPostgres, folder: Path) -> None:
        self.postgres, self.folder, self.port = postgres, folder, free_port()
        self.environment = os.environ | {
            "DATABASE_URL": postgres.url,
            "MEDIA_ROOT": str(folder / "media"),
            "REDIS_URL": "",
            "PEIXUN_JOBS": "worker",
            "DEBUG": "true",
        }
        for command in (["migrate", "-v0"], ["load_plan"], ["shell", "-v0", "-c", MAKE_OFFICER]):
            assert self.manage(*command).wait() == 0, (folder / "log").read_text()[-2000:]
        self.worker = self.start(str(WORKER))
        self.server = self.start_server()

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("a") as log:
            return subprocess.Popen(  # noqa: S603
                [sys.executable, *arguments], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )

    def manage(self, *arguments: str) -> subprocess.Popen[bytes]:
        return self.start("manage.py", *arguments)

    def start_server(self) -> subprocess.Popen[bytes]:
        server = self.manage("runserver", "--noreload", f"127.0.0.1:{self.port}")
        wait_for(self.answers, seconds=120)
        return server

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/accounts/login/", timeout=20):
                return True
        except OSError:
            return False

    def kill_server(self) -> None:
        self.server.send_signal(signal.SIGKILL)
        self.server.wait()

    def ask(self, query: str, *values: object) -> list[tuple]:
        with psycopg.connect(self.postgres.url) as connection:
            return connection.execute(query, values).fetchall()

    def counts(self) -> dict[str, int]:
        return {name: self.ask(query)[0][0] for name, query in COUNTS.items()}

    def state(self, pk: str) -> str:
        """Empty while the database does not answer."""
        try:
            return self.ask("select state from ledgers_ledgerimport where id = %s", pk)[0][0]
        except psycopg.OperationalError:
            return ""

    def reaches(self, pk: str, state: str) -> None:
        wait_for(lambda: self.state(pk) == state, seconds=PATIENCE, every=0.2)


@pytest.fixture
def site(postgres, tmp_path):
    made = Site(postgres, tmp_path)
    yield made
    for process in (made.worker, made.server):
        process.kill()
        process.wait()


class Browser:
    """An officer who is signed in, with nothing but HTTP."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.post("/accounts/login/", login="drill", password="drill-2025")
        self.bureau = re.search(r'name="bureau"[^>]*value="(\d+)"', self.get("/imports/new/"))
        self.bureau = self.bureau or re.search(r'<option value="(\d+)"', self.get("/imports/new/"))

    def get(self, path: str) -> str:
        with self.opener.open(self.address(path), timeout=60) as response:
            return response.read().decode()

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.site.port}{path}"

    def post(self, path: str, *, at: str = "", file: bytes = b"", **fields: object) -> str:
        """The address that it leads to. `at` is the page that holds the form."""
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', self.get(at or path))
        fields["csrfmiddlewaretoken"] = token[1] if token else ""
        border = uuid.uuid4().hex
        parts = [
            f'--{border}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        if file:
            head = f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="t.csv"\r\n\r\n'
            parts.append(head.encode() + file + b"\r\n")
        body = b"".join(parts) + f"--{border}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={border}"}
        request = urllib.request.Request(self.address(path), body, kind)  # noqa: S310
        with self.opener.open(request, timeout=120) as response:
            return str(response.url)

    def upload(self, content: bytes) -> str:
        """The key of the import."""
        bureau = {"bureau": self.bureau[1]} if self.bureau else {}
        return self.post("/imports/new/", file=content, **bureau).rstrip("/").split("/")[-1]

    def go(self, pk: str, step: str, **fields: object) -> None:
        self.post(f"/imports/{pk}/{step}/", at=f"/imports/{pk}/", **fields)


def bring_in(site: Site, browser: Browser, content: bytes, *, disturb) -> None:
    """Uploads, has checked and confirms; `disturb` is called within each of the three steps."""
    programme = site.ask("select id from courses_programme where name = '乡村致富带头人培训计划'")[0][0]
    pk = browser.upload(content)
    disturb()
    site.reaches(pk, "asking")
    browser.go(pk, "terms", programme=programme, year=2024)
    disturb()
    site.reaches(pk, "preview")
    browser.go(pk, "confirm")
    disturb()
    site.reaches(pk, "applied")


def try_to_upload(browser: Browser, content: bytes) -> None:
    with suppress(OSError, http.client.HTTPException):
        browser.upload(content)


def expected(imports: int) -> dict[str, int]:
    return dict.fromkeys(COUNTS, imports * ROWS) | {"audit": imports}


def test_postgresql_killed_while_a_ledger_comes_in(site, postgres):
    """The worker and the server live through it; nobody helps."""
    browser, moments = Browser(site), random.Random(7)
    began = time.monotonic()
    bring_in(site, browser, big_ledger(ROWS), disturb=lambda: None)
    assert site.counts() == expected(1)
    a_step = (time.monotonic() - began) / 3

    def outage() -> None:
        time.sleep(moments.random() * a_step)
        postgres.kill()
        time.sleep(1 + moments.random() * 6)
        postgres.start()

    for number in range(1, 1 + OUTAGES // 3):
        bring_in(site, browser, big_ledger(ROWS, first=number * ROWS), disturb=outage)
    assert site.counts() == expected(1 + OUTAGES // 3)
    assert site.worker.poll() is None


def test_the_server_killed_while_somebody_uploads_and_confirms(site):
    """What the page had promised goes on without it; what it had not, is not there by half."""
    browser, moments = Browser(site), random.Random(11)
    content = big_ledger(ROWS)
    bring_in(site, browser, content, disturb=lambda: None)
    for _kill in range(SERVER_KILLS):
        sending = threading.Thread(target=try_to_upload, args=(browser, content))
        sending.start()
        time.sleep(moments.random() * 2)
        site.kill_server()
        sending.join()
        site.server = site.start_server()
    wait_for(
        lambda: not site.ask("select 1 from ledgers_ledgerimport where state = 'reading'"), seconds=PATIENCE
    )
    assert {state for (state,) in site.ask("select state from ledgers_ledgerimport")} <= {"asking", "applied"}
    assert site.counts() == expected(1)
