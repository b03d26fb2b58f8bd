"""Ledgers in and out, as ratios to the bare work and to the usual ways, all in one run.

    .venv/bin/python bench/ledgers.py [--rows 10000 100000] [--peer-rows 2000]

On SQLite in a temporary file, or beside the database that `DATABASE_URL` names, in one of its own. Each size
runs in a process of its own, so that its peak of memory is its own. *Bare* is reading the file with the
same reader and loading its rows into two tables (people, and their rows of 20 columns) by COPY and upsert, or
`executemany` and upsert: no check, no sealing, no comparing, no history. *Floor* is the same reader and
writing, ready made, what our import leaves in its eight tables. *Usual* is django-import-export with
a Resource as its manual shows them, on fewer rows, by the row. openpyxl writes the very table that we export,
from rows that were made before.
"""

import argparse
import contextlib
import gc
import io
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "peixun.settings")
FOLDER = Path(tempfile.gettempdir()) / "peixun-bench"
os.environ.setdefault("DATABASE_URL", f"sqlite:///{FOLDER}/bench.sqlite3")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402

settings.DEBUG = False  # or each query of an import would be kept, with all its values

import ledger_file  # noqa: E402
import tablib  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402
from import_export import fields, resources, widgets  # noqa: E402
from openpyxl import Workbook, load_workbook  # noqa: E402
from openpyxl.cell import WriteOnlyCell  # noqa: E402
from openpyxl.styles import Alignment, Border, Font, Side  # noqa: E402
from openpyxl.utils import get_column_letter  # noqa: E402
from python_calamine import CalamineWorkbook  # noqa: E402
from rustpy_xlsxwriter import write_worksheet  # noqa: E402

from bureaus.models import Bureau, District, User  # noqa: E402
from certificates.models import Certificate  # noqa: E402
from courses.models import ClassRun, Enrolment, Programme  # noqa: E402
from learners.models import Holder, Identity, Learner, Standing  # noqa: E402
from ledgers.figures import Selection, enrolments  # noqa: E402
from ledgers.importing.applying import apply  # noqa: E402
from ledgers.importing.jobs import order_for, rule_for  # noqa: E402
from ledgers.importing.outcomes import Tally, Terms  # noqa: E402
from ledgers.models import LedgerImport, LedgerRow  # noqa: E402
from ledgers.outgoing.exporting import ALWAYS, LedgerSheet, Outgoing, write_ledger  # noqa: E402
from ledgers.reading.apart import reading  # noqa: E402
from ledgers.records import Records  # noqa: E402
from ledgers.yearly.exporting import write_workbook  # noqa: E402
from peixun.lib.tables import Form  # noqa: E402
from peixun.lib.xlsx import Sheet  # noqa: E402
from peixun.lib.xlsx_styles import Style  # noqa: E402

YEAR = 2024
PERSON = ("number", "name", "gender", "phone")
PERSON_AT = (4, 2, 3, 5)
OTHERS_AT = [at for at in range(20) if at not in PERSON_AT]
TEXT = "VARCHAR(200)"


def timed(deed: Callable[[], object]) -> float:
    start = time.perf_counter()
    deed()
    return time.perf_counter() - start


def peak() -> int:
    """MiB of this process and of the largest that it started, together at the most."""
    own, others = (
        resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return (own + others) // 1024


def terms() -> Terms:
    programme = Programme.objects.select_related("plan").get(name="乡村致富带头人培训计划")
    bureau = Bureau.objects.get(name="市乡村振兴局")
    return Terms(programme, YEAR, bureau, rule_for(programme, YEAR))


def ours(content: bytes) -> Tally:
    """Read, check, compare and write, as `import_ledger --skip-faulty` does."""
    asked = terms()
    batch = LedgerImport.objects.create(
        bureau=asked.bureau,
        programme=asked.programme,
        year=YEAR,
        file_name="台账.xlsx",
        state=LedgerImport.State.APPLYING,
    )
    with reading(content, order_for(asked, shows_all=False)) as found:
        return apply(batch, found, asked, user=None)


def bare_tables() -> None:
    others = ", ".join(f"c{at} {TEXT}" for at in OTHERS_AT)
    key = (
        "BIGSERIAL PRIMARY KEY" if connection.vendor == "postgresql" else "INTEGER PRIMARY KEY AUTOINCREMENT"
    )
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare_row")
        cursor.execute("DROP TABLE IF EXISTS bare_person")
        columns = ", ".join(f"{name} {TEXT}" for name in PERSON[1:])
        cursor.execute(f"CREATE TABLE bare_person (id {key}, number {TEXT} UNIQUE, {columns})")
        cursor.execute(
            f"CREATE TABLE bare_row (id {key}, person_id BIGINT REFERENCES bare_person (id), {others}, "
            "UNIQUE (person_id, c11))"
        )


def bare(content: bytes) -> None:
    """The limit: the same reader, the rows as they are, loaded and upserted into two tables."""
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    lines = sheet.iter_rows()
    next(lines)
    rows = ([str(cell) for cell in line] for line in lines)
    names = [f"c{at}" for at in range(20)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE staged ({', '.join(f'{name} {TEXT}' for name in names)})")
        if connection.vendor == "postgresql":
            with cursor.copy("COPY staged FROM STDIN") as copy:
                for line in rows:
                    copy.write_row(line)
        else:
            cursor.executemany(f"INSERT INTO staged VALUES ({', '.join(['%s'] * 20)})", rows)  # noqa: S608
        person = ", ".join(f"c{at}" for at in PERSON_AT)
        renewed = ", ".join(f"{name} = excluded.{name}" for name in PERSON[1:])
        cursor.execute(
            f"INSERT INTO bare_person ({', '.join(PERSON)}) SELECT {person} FROM staged WHERE true "  # noqa: S608
            f"ON CONFLICT (number) DO UPDATE SET {renewed}"
        )
        others = [f"c{at}" for at in OTHERS_AT]
        renewed = ", ".join(f"{name} = excluded.{name}" for name in others)
        cursor.execute(
            f"INSERT INTO bare_row (person_id, {', '.join(others)}) "  # noqa: S608
            f"SELECT bare_person.id, {', '.join(others)} "
            "FROM staged JOIN bare_person ON number = c4 WHERE true "
            f"ON CONFLICT (person_id, c11) DO UPDATE SET {renewed}"
        )
        cursor.execute("DROP TABLE staged")


TABLES = (LedgerImport, ClassRun, Learner, Identity, Holder, Standing, Enrolment, Certificate, LedgerRow)


class Floor:
    """What an import left in the database, to be written once more without having to make it."""

    def __init__(self) -> None:
        self.tables = {model._meta.db_table: self.taken(model._meta.db_table) for model in TABLES}

    def taken(self, table: str) -> list[Any]:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                    return list(copy)
            return list(cursor.execute(f"SELECT * FROM {table}"))  # noqa: S608

    def written(self, content: bytes) -> None:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        for _line in sheet.iter_rows():
            pass
        with transaction.atomic(), connection.cursor() as cursor:
            for table, rows in self.tables.items():
                if connection.vendor == "postgresql":
                    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                        for row in rows:
                            copy.write(row)
                else:
                    places = ", ".join(["%s"] * len(rows[0]))
                    cursor.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608


def floor(content: bytes) -> float:
    stored = Floor()
    empty()
    return timed(lambda: stored.written(content))


class Register(resources.ModelResource):
    """A Resource as the library's manual shows them; person and class of a row are looked up first."""

    name = fields.Field("name", "姓名")
    employer = fields.Field("employer", "工作单位")
    position = fields.Field("position", "职务")
    hours = fields.Field("hours", "理论学时")
    assessment_words = fields.Field("assessment_words", "考核结果")
    district = fields.Field("district", "县市区", widgets.ForeignKeyWidget(District, "name"))
    learner = fields.Field("learner", "learner", widgets.ForeignKeyWidget(Learner))
    run = fields.Field("run", "run", widgets.ForeignKeyWidget(ClassRun))

    class Meta:
        model = Enrolment
        import_id_fields = ("learner", "run")
        fields = ("name", "employer", "position", "hours", "assessment_words", "district", "learner", "run")

    def before_import_row(self, row: dict, **kwargs: object) -> None:
        asked = self.asked
        kind, value, digest = Identity.by_id_number(row["身份证号"])
        identity = Identity.objects.filter(kind=kind, digest=digest).first()
        if identity is None:
            learner = Learner.objects.create(name=row["姓名"])
            identity = Identity.objects.create(learner=learner, kind=kind, value=value, digest=digest)
        run, _new = ClassRun.objects.get_or_create(
            programme=asked.programme,
            bureau=asked.bureau,
            year=YEAR,
            name=row["培训班次"],
            defaults={"district": District.objects.get(name=row["县市区"])},
        )
        row["learner"], row["run"] = identity.learner_id, run.pk


class BulkRegister(Register):
    class Meta(Register.Meta):
        use_bulk = True
        batch_size = 1000
        skip_diff = True


def usual(content: bytes, resource_class: type[Register]) -> None:
    lines = load_workbook(io.BytesIO(content), read_only=True).active.iter_rows(values_only=True)
    data = tablib.Dataset(headers=[*next(lines), "learner", "run"])
    for line in lines:
        data.append([*line, None, None])
    register = resource_class()
    register.asked = terms()
    result = register.import_data(data, raise_errors=True)
    assert result.total_rows == len(data)  # noqa: S101


def ready_sheet() -> Sheet:
    """The learners' ledger with its rows made, so that only the writing is left."""
    selection = Selection(YEAR)
    records = Records(enrolments(selection))
    sheet = LedgerSheet("学员台账", "", "", records, ALWAYS | records.particulars()).as_sheet()
    return replace(sheet, lines=list(sheet.lines))


def openpyxl_loop(sheet: Sheet, *, styled: bool) -> None:
    """The same cells by openpyxl's own writer; with a style each as fast as it lets one."""
    book = Workbook(write_only=True)
    out = book.create_sheet()
    looks = {style: look_of(out, style) for style in Style}
    for at, width in enumerate(sheet.widths, start=1):
        out.column_dimensions[get_column_letter(at)].width = width
    for line in sheet.lines:
        if not styled:
            out.append(line.values)
            continue
        cells = []
        for value, style in zip(line.values, line.styles, strict=True):
            cell = WriteOnlyCell(out, value)
            cell._style = looks[style]
            cells.append(cell)
        out.append(cells)
    book.save(io.BytesIO())


def look_of(sheet: Any, style: Style) -> Any:
    """Font, border, place and number format of a cell."""
    cell = WriteOnlyCell(sheet)
    cell.font = Font(name="宋体", size=10, bold=style == Style.HEADING)
    side = Side(style="thin")
    cell.border = Border(left=side, right=side, top=side, bottom=side)
    cell.alignment = Alignment(vertical="center", wrap_text=True)
    cell.number_format = {Style.DATE: "yyyy-mm-dd", Style.HOURS: "#,##0.0"}.get(style, "@")
    return cell._style


def fastest_writer(rows: int) -> None:
    records = (dict(zip(ledger_file.HEADINGS, line, strict=True)) for line in ledger_file.rows(rows))
    write_worksheet(records, str(FOLDER / "out.xlsx"), "台账")


def ledger_out() -> None:
    """The learners' ledger (学员台账): a row of 27 columns for each enrolment, masked and styled."""
    user = User(username="bench")
    outgoing = Outgoing(Selection(YEAR), user, Form.XLSX, timezone.now())
    with (FOLDER / "ledger-out.xlsx").open("wb") as file:
        write_ledger(outgoing, file, title="学员台账")


def yearly() -> None:
    """The yearly workbook: nine sheets, two of them with a row for each enrolment."""
    with (FOLDER / "yearly.xlsx").open("wb") as file:
        write_workbook(Selection(YEAR), file, at=timezone.now())


def empty() -> None:
    with transaction.atomic():
        for model in (LedgerRow, LedgerImport, Certificate, Enrolment, ClassRun):
            model.objects.all()._raw_delete("default")
        for model in (Holder, Standing, Identity, Learner):
            model.objects.all()._raw_delete("default")


@contextlib.contextmanager
def database() -> Iterator[None]:
    """A database of our own, with the plan."""
    named = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        call_command("load_plan", stdout=io.StringIO())
        yield
    finally:
        connection.creation.destroy_test_db(named, verbosity=0)


def measure(rows: int, peer_rows: int) -> None:
    content = file_of(rows)
    gc.freeze()  # as the worker does
    first = timed(lambda: ours(content))
    memory = peak()  # before anything else of this process takes more
    again = timed(lambda: ours(content))
    bare_tables()
    limit = timed(lambda: bare(content))
    limit_again = timed(lambda: bare(content))
    print(f"{rows:,} rows, {len(content) / 2**20:.1f} MiB, load {os.getloadavg()[0]:.1f}")
    print(f"  bare {limit:.1f} s, again {limit_again:.1f} s")
    print(f"  import {first:.1f} s: {first / limit:.2f} x bare; peak {memory} MiB")
    print(f"  the same again {again:.1f} s: {again / first:.2f} x the first time")
    before = peak()
    export = timed(ledger_out)
    print(f"  learners' ledger out {export:.1f} s; peak {peak()} MiB, {peak() - before} more than before")
    print(f"  yearly workbook {timed(yearly):.1f} s; peak {peak()} MiB")
    if rows <= 200_000:
        against_openpyxl(rows, export)
        least = floor(content)
        print(f"  floor {least:.1f} s: import is {first / least:.2f} x it")
    if peer_rows:
        against_import_export(first / rows, peer_rows)


def against_openpyxl(rows: int, export: float) -> None:
    sheet = ready_sheet()
    loop = timed(lambda: openpyxl_loop(sheet, styled=False))
    styled = timed(lambda: openpyxl_loop(sheet, styled=True))
    print(f"  openpyxl, the same cells {loop:.1f} s: {loop / export:.1f} x ours")
    print(f"  openpyxl, with their styles {styled:.1f} s: {styled / export:.1f} x ours")
    print(f"  rustpy, 20 columns {timed(lambda: fastest_writer(rows)):.1f} s")


def against_import_export(each: float, rows: int) -> None:
    content = file_of(rows)
    for label, kind in (("as usual", Register), ("use_bulk", BulkRegister)):
        empty()
        took = timed(lambda kind=kind: usual(content, kind))
        ratio = took / rows / each
        print(f"  import-export, {label}: {rows:,} rows {took:.1f} s, {ratio:.0f} x ours by the row")


def file_of(rows: int) -> bytes:
    path = FOLDER / f"ledger-{rows}.xlsx"
    if not path.exists():
        ledger_file.write(path, rows)
    return path.read_bytes()


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    asked.add_argument("--peer-rows", type=int, default=2000, help="0 leaves import-export out")
    asked.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = asked.parse_args()
    FOLDER.mkdir(exist_ok=True)
    if given.one:
        with database():
            measure(given.rows[0], given.peer_rows)
        return
    print(f"{os.cpu_count()} cores, {connection.vendor}")
    for at, rows in enumerate(given.rows):
        peers = given.peer_rows if at == 0 else 0
        command = [sys.executable, __file__, "--one", "--rows", str(rows), "--peer-rows", str(peers)]
        sys.stdout.flush()
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
