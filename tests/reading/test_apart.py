"""The process that reads files: it gives what reading here gives, within its limits, and cannot do harm."""

import pickle
import subprocess
from datetime import date
from io import BytesIO

import pytest

from ledgers.reading import UnreadableFile, apart, check, read_ledger
from ledgers.reading.apart import Order, Rules, reading

pytestmark = pytest.mark.usefixtures("apart")
LIMIT = 20 * 1024 * 1024
RULES = Rules(
    year=2024,
    hours_per_day=8,
    hours_per_half_day=4,
    programmes=frozenset({"培训科技辅导员"}),
    programme="培训科技辅导员",
    today=date(2025, 1, 1),
)


def checked_here(content):
    rows = check(
        read_ledger(content, size_limit=LIMIT),
        year=RULES.year,
        constants={},
        hours_per_day=8,
        hours_per_half_day=4,
        knows_programme=lambda name: name in RULES.programmes,
        programme=RULES.programme,
        today=RULES.today,
    )
    return list(rows)


@pytest.mark.parametrize("name", ["teachers-2024.xlsx", "workers-2024.xls", "seniors-2024.csv"])
def test_it_reads_what_is_read_here(tests_folder, name):
    content = (tests_folder / "ledgers" / name).read_bytes()
    with reading(content, Order(LIMIT, RULES)) as found:
        rows = [row for chunk in found.chunks for row in chunk]
    assert rows == checked_here(content)
    assert found.ledger.row_count == len(rows)


def test_rows_come_by_chunks(tests_folder, monkeypatch):
    content = (tests_folder / "ledgers" / "teachers-2024.xlsx").read_bytes()
    with reading(content, Order(LIMIT, RULES)) as found:
        assert [len(chunk) for chunk in found.chunks] == [240]
    assert apart.CHUNK > 240


def test_good_rows_are_shown_only_where_that_is_wanted(tests_folder):
    content = (tests_folder / "ledgers" / "teachers-2024.xlsx").read_bytes()
    with reading(content, Order(LIMIT, RULES)) as found:
        assert all(row.shown for chunk in found.chunks for row in chunk)
    brief = Rules(**{name: getattr(RULES, name) for name in RULES.__slots__} | {"shows_all": False})
    with reading(content, Order(LIMIT, brief)) as found:
        rows = [row for chunk in found.chunks for row in chunk]
    assert [bool(row.shown) for row in rows if row.good] == [False] * 234
    assert all(row.shown for row in rows if row.code not in ("", "duplicate_row"))


def test_a_refusal_comes_back_as_its_sentence():
    with pytest.raises(UnreadableFile, match="不完整或已损坏"):
        apart.describe(b"PK\x03\x04broken", size_limit=LIMIT)


def test_a_process_that_needs_too_much_memory_is_refused_with_a_sentence(monkeypatch, tests_folder):
    """A forty megabyte text of one letter a cell: over what a process with 60 MiB may take."""
    monkeypatch.setattr(apart, "started", with_memory_of(90))
    content = b"name,date\n" + b"x,y\n" * 10_000_000
    with pytest.raises(UnreadableFile) as refused:
        apart.describe(content, size_limit=10**9)
    assert refused.value.message == apart.TOO_MUCH


def with_memory_of(mib):
    started = apart.started

    def start():
        limits = f"apart.MEMORY = {mib} << 20; apart.MEMORY_A_BYTE = 0"
        script = f"from ledgers.reading import apart; {limits}; apart.serve()"
        real = subprocess.Popen

        def popen(command, **options):
            return real([command[0], "-c", script], **options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(apart.subprocess, "Popen", popen)
            return started()

    return start


def test_a_process_that_dies_is_refused_with_a_sentence(monkeypatch):
    started = apart.started

    def killed():
        process = started()
        process.kill()
        return process

    monkeypatch.setattr(apart, "started", killed)
    with pytest.raises(UnreadableFile) as refused:
        apart.describe(b"x" * 10**6, size_limit=LIMIT)
    assert refused.value.message == apart.TOO_MUCH


def test_it_has_neither_keys_nor_the_database(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://nowhere/x")
    seen = {}
    real = subprocess.Popen

    def popen(command, **options):
        seen.update(options["env"])
        return real(command, **options)

    monkeypatch.setattr(apart.subprocess, "Popen", popen)
    with pytest.raises(UnreadableFile):
        apart.describe(b"", size_limit=LIMIT)
    assert set(seen) == {"PYTHONPATH", "PYTHONUTF8", "PATH"}


def test_nothing_but_plain_values_is_taken_from_it(tmp_path):
    class Deed:
        def __reduce__(self):
            return (open, (str(tmp_path / "written"), "w"))

    data = pickle.dumps(("rows", [Deed()]))
    pipe = tmp_path / "pipe"
    pipe.write_bytes(apart.HEAD.pack(len(data)) + data)
    with pipe.open("rb") as sent, pytest.raises(pickle.UnpicklingError):
        apart.received(sent)
    assert not (tmp_path / "written").exists()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        apart.HEAD.pack(apart.MOST_SENT + 1),
        apart.HEAD.pack(100) + pickle.dumps(("ledger", "cut")),
        apart.HEAD.pack(12) + b"x" * 12,
    ],
)
def test_an_answer_that_is_cut_or_insane_is_refused_with_a_sentence(sent):
    with pytest.raises(UnreadableFile) as refused:
        next(apart.answers_in(BytesIO(sent)))
    assert refused.value.message == apart.TOO_MUCH


def test_no_process_is_left_behind(tests_folder):
    content = (tests_folder / "ledgers" / "teachers-2024.xlsx").read_bytes()
    started = []
    real = apart.started
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(apart, "started", lambda: started.append(real()) or started[-1])
        with reading(content, Order(LIMIT, RULES)):
            pass
    assert started[0].poll() is not None
