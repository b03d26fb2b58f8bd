"""Reads a ledger in a process of its own.

A file that somebody sends may be made to exhaust memory or time, or to break a parser. The process that
opens it may take only so much of both, writes no file, opens no connection, and has neither a key nor the
database. What it sends back are plain values, and nothing else is taken from it.
"""

from __future__ import annotations

import gc
import io
import os
import pickle
import resource
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeVar

from ledgers.reading.checking import check
from ledgers.reading.headings import Headings
from ledgers.reading.opening import propose_for, read_ledger
from ledgers.reading.proposing import Place
from ledgers.reading.results import CheckedRow, HeaderUnknown, Ledger, UnreadableFile
from peixun.lib.comparing import plain_quotes

T = TypeVar("T")
CHUNK = 2000  # rows
SAMPLE = 3
MEMORY = 640 * 1024 * 1024
MEMORY_A_BYTE = 30
SECONDS = 20
SECONDS_A_MIB = 4
MOST_SENT = 64 * 1024 * 1024  # bytes of one answer
Question = Callable[[bytes], T]
ROOT = Path(__file__).resolve().parent.parent.parent
HEAD = struct.Struct(">Q")
PLAIN = {
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("datetime", "date"),
    ("datetime", "datetime"),
    ("datetime", "time"),
    ("datetime", "timedelta"),
    ("decimal", "Decimal"),
    *(("ledgers.reading.results", name) for name in ("CheckedRow", "Ledger", "Row", "Table")),
    *(("ledgers.reading.results", name) for name in ("Understood", "Warned")),
    *(("ledgers.reading.proposing", name) for name in ("Candidate", "Place", "Proposed")),
    *(("ledgers.signing.reading", name) for name in ("Column", "Line", "SignInSheet")),
    ("ledgers.signing.days", "Day"),
    ("peixun.lib.table_reading", "Table"),
    ("ledgers.signing.marks", "Mark"),
}

TOO_MUCH = (
    "读取这个文件要占用太多内存或时间，不像正常的台账。"
    "请把台账内容复制到新建的 .xlsx 文件里，或拆成几个文件后再上传。"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """By what rows are judged: see `checking.check`. `programmes` are the names that are known."""

    year: int | None
    hours_per_day: float
    hours_per_half_day: float
    programmes: frozenset[str]
    programme: str
    today: date
    constants: Mapping[str, str] = field(default_factory=dict)
    shows_all: bool = True


@dataclass(frozen=True, slots=True)
class Words:
    """What headings were said to mean: see `opening.read_ledger`."""

    headings: Headings = field(default_factory=dict)
    layouts: Mapping[str, Headings] = field(default_factory=dict)


NO_WORDS = Words()


@dataclass(frozen=True, slots=True)
class Order:
    """What the process is asked for: the tables, or with `rules` also the judged rows."""

    size_limit: int
    rules: Rules | None = None
    words: Words = NO_WORDS


@dataclass(frozen=True, slots=True)
class Reading:
    """A ledger that is being read: its tables with their first rows, and the judged rows by chunks."""

    ledger: Ledger
    chunks: Iterator[list[CheckedRow]]


def describe(content: bytes, *, size_limit: int, words: Words = NO_WORDS) -> Ledger:
    """The tables of a file, each with its first rows only. Raises `UnreadableFile`."""
    with reading(content, Order(size_limit, words=words)) as found:
        return found.ledger


def survey(content: bytes, *, size_limit: int, headings: Headings) -> list[Place]:
    """Where the headers of a file may be, and what its columns may mean. Raises `UnreadableFile`."""
    return answer_apart(content, partial(propose_for, size_limit=size_limit, headings=headings))


def answer_apart(content: bytes, question: Question[T]) -> T:
    """What another process answers to `question`, a function of a module or a `partial` of one.

    The answer is made of plain values. Raises `UnreadableFile`.
    """
    with answers_to(content, question) as answers:
        answer: T = next(answers)
        return answer


@contextmanager
def reading(content: bytes, order: Order) -> Iterator[Reading]:
    """The file, read and judged by another process while the block runs. Raises `UnreadableFile`."""
    with answers_to(content, order) as answers:
        yield Reading(next(answers), answers)


@contextmanager
def answers_to(content: bytes, order: Order | Question[Any]) -> Iterator[Iterator[Any]]:
    """What another process says of the file while the block runs."""
    process = started()
    try:
        hand_over(process, content, order)
        assert process.stdout  # noqa: S101
        yield answers_in(process.stdout)
    finally:
        process.kill()
        for pipe in filter(None, (process.stdin, process.stdout)):
            with suppress(BrokenPipeError):
                pipe.close()
        process.wait()


def started() -> subprocess.Popen[bytes]:
    surroundings = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PATH": os.defpath}
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "ledgers.reading.apart"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=surroundings,
        cwd=ROOT,
    )


def hand_over(process: subprocess.Popen[bytes], content: bytes, order: Order | Question[Any]) -> None:
    assert process.stdin  # noqa: S101
    try:
        pickle.dump((order, len(content)), process.stdin)
        process.stdin.write(content)
        process.stdin.close()
    except BrokenPipeError:
        raise UnreadableFile(TOO_MUCH) from None


def answers_in(pipe: IO[bytes]) -> Iterator[Any]:
    """What the process says until it says that it is done; one that fell silent was stopped by its limits."""
    while True:
        try:
            kind, value = received(pipe)
        except (EOFError, pickle.UnpicklingError):
            raise UnreadableFile(TOO_MUCH) from None
        if kind == "refused":
            raise UnreadableFile(value)
        if kind == "unknown":
            raise HeaderUnknown(value)
        if kind == "done":
            return
        yield value


def send(pipe: IO[bytes], value: object) -> None:
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    pipe.write(HEAD.pack(len(data)))
    pipe.write(data)


def received(pipe: IO[bytes]) -> Any:
    """The next value that the process sent. Raises EOFError where there is none, or none of a sane size."""
    head = pipe.read(HEAD.size)
    if len(head) < HEAD.size or (size := HEAD.unpack(head)[0]) > MOST_SENT:
        raise EOFError
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return PlainUnpickler(io.BytesIO(data)).load()


class PlainUnpickler(pickle.Unpickler):
    """Takes the plain values of a reading; whoever took the process over can send nothing that acts."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in PLAIN:
            raise pickle.UnpicklingError(f"{module}.{name} is no plain value")
        return super().find_class(module, name)


def serve() -> None:
    """The process itself: reads one file from its input and answers on its output."""
    order, size = pickle.load(sys.stdin.buffer)  # noqa: S301  sent by the parent, see `hand_over`
    limit(size)
    respond(sys.stdout.buffer, order, sys.stdin.buffer.read())
    os._exit(0)  # nothing of a million cells needs to be taken apart


def respond(out: IO[bytes], order: Order | Question[Any], content: bytes) -> None:
    """Writes all answers, or the sentence why there is none."""
    try:
        answer(out, order, content)
    except UnreadableFile as refusal:
        kind = "unknown" if isinstance(refusal, HeaderUnknown) else "refused"
        send(out, (kind, refusal.message))
    except (MemoryError, RecursionError):
        gc.collect()
        send(out, ("refused", TOO_MUCH))
    out.flush()


def limit(size: int) -> None:
    """Bounds memory (bytes), processor time (seconds), files and processes, by the size of the file."""
    mib = size / 1024 / 1024
    for what, most in (
        (resource.RLIMIT_AS, MEMORY + MEMORY_A_BYTE * size),
        (resource.RLIMIT_CPU, int(SECONDS + SECONDS_A_MIB * mib)),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    gc.disable()  # millions of cells, none of them in a circle


def answer(out: IO[bytes], order: Order | Question[Any], content: bytes) -> None:
    if not isinstance(order, Order):
        send(out, ("answer", order(content)))
        return
    headings, layouts = order.words.headings, order.words.layouts
    ledger = read_ledger(content, size_limit=order.size_limit, headings=headings, layouts=layouts)
    tables = tuple(replace(table, rows=list(table.rows[:SAMPLE])) for table in ledger.tables)
    send(out, ("ledger", replace(ledger, tables=tables)))
    out.flush()
    if order.rules:
        rows = judged(ledger, order.rules)
        while chunk := list(islice(rows, CHUNK)):
            send(out, ("rows", chunk))
            out.flush()
    send(out, ("done", None))


def judged(ledger: Ledger, rules: Rules) -> Iterator[CheckedRow]:
    return check(
        ledger,
        year=rules.year,
        constants=rules.constants,
        hours_per_day=rules.hours_per_day,
        hours_per_half_day=rules.hours_per_half_day,
        knows_programme=lambda name: plain_quotes(name) in rules.programmes,
        programme=rules.programme,
        today=rules.today,
        shows_all=rules.shows_all,
    )


if __name__ == "__main__":
    # The classes must be those that the parent names.
    from ledgers.reading import apart

    apart.serve()
