"""The process that writes a workbook: without keys or database, with so much memory and time only."""

from __future__ import annotations

import os
import resource
import struct
import sys

from ledgers.reading.results import UnreadableFile
from ledgers.returning.giving import give_back
from ledgers.returning.orders import Order

MEMORY = 1024 * 1024 * 1024
MEMORY_A_BYTE = 60
SECONDS = 60
SECONDS_A_MIB = 6
REFUSED = 3


def main() -> None:
    size = struct.unpack(">Q", sys.stdin.buffer.read(8))[0]
    order = Order.load(sys.stdin.buffer.read(size))
    content = sys.stdin.buffer.read()
    limit(len(content))
    try:
        sys.stdout.buffer.write(give_back(content, order))
    except UnreadableFile as refusal:
        sys.stderr.write(refusal.message)
        sys.stderr.flush()
        os._exit(REFUSED)
    sys.stdout.flush()
    os._exit(0)


def limit(size: int) -> None:
    """Bounds memory (bytes) and processor time (seconds) by the size of the file; it may write no file."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY + MEMORY_A_BYTE * size),
        (resource.RLIMIT_CPU, int(SECONDS + SECONDS_A_MIB * size / 1024 / 1024)),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


main()
