"""`manage.py import_ledger FILE --programme NAME --year YYYY --bureau NAME`: a ledger in, from the shell."""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from bureaus.models import Bureau, YearClosed
from courses.models import Programme
from ledgers.columns import BY_KEY, COLUMNS, plain_heading
from ledgers.importing.applying import apply
from ledgers.importing.jobs import order_for, rule_for
from ledgers.importing.mapping import words_by
from ledgers.importing.matching import Comparison
from ledgers.importing.outcomes import Outcome, Tally, Terms
from ledgers.importing.progress import Held, Stage, take
from ledgers.importing.receiving import shown_name
from ledgers.importing.report import FaultyRow, workbook_of
from ledgers.management.years import year as year_type
from ledgers.models import LedgerImport, LedgerLayout
from ledgers.reading import Ledger, UnreadableFile
from ledgers.reading.apart import reading

WRONG_CALL = 2


class FaultyLedger(Exception):
    """A row is faulty, and it was not said that such rows may be skipped."""


@dataclass(slots=True)
class Findings:
    """What there is to say of the rows: the faulty ones, and the doubts about the others."""

    faulty: list[FaultyRow] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    layout: LedgerLayout | None = None

    def take(self, ledger: Ledger) -> None:
        """Refuses a file that does not have the layout that was named for it."""
        if self.layout and self.layout.fingerprint not in ledger.layouts:
            headings = "、".join(self.layout.headings)
            message = f"版式“{self.layout}”与这个文件的表头不一致，没有读取。它的列依次是：{headings}。"
            raise CommandError(message, returncode=WRONG_CALL)
        self.notes = ledger.notes

    def add(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if not outcome.good:
                self.add_fault(outcome)
            self.warnings += [outcome.place() | warned._asdict() for warned in outcome.warnings]

    def add_faultless(self, outcomes: list[Outcome]) -> None:
        """Raises `FaultyLedger` where one is faulty."""
        if not all(outcome.good for outcome in outcomes):
            raise FaultyLedger
        self.add(outcomes)

    def add_fault(self, outcome: Outcome) -> None:
        row = outcome.row
        self.faulty.append(FaultyRow(row.sheet, row.number, outcome.column, outcome.message, row.shown))
        what = {"column": outcome.column, "code": outcome.code, "message": outcome.message}
        self.problems.append(outcome.place() | what)


class Command(BaseCommand):
    help = "Read a bureau's ledger, check every row, and write the good ones."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--programme", required=True, metavar="NAME")
        parser.add_argument("--year", required=True, type=year_type, metavar="YYYY")
        parser.add_argument("--bureau", required=True, metavar="NAME", help="its name or an alias")
        parser.add_argument("--dry-run", action="store_true", help="check and compare, write nothing")
        parser.add_argument("--skip-faulty", action="store_true", help="write the good rows all the same")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="FIELD=VALUE",
            help="a value for every row that the file lacks, e.g. 学时=8; FIELD is a heading or a key",
        )
        parser.add_argument(
            "--layout",
            metavar="NAME",
            help="a layout that was remembered for the bureau says what columns mean",
        )
        parser.add_argument("--report", type=Path, metavar="OUT.xlsx", help="the faulty rows with reasons")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options: Any) -> None:
        self.demand_place_for(options["report"])
        terms = self.terms(options)
        layout = self.layout(options["layout"], terms)
        content = self.content(options["file"])
        found = Findings(layout=layout)
        applied = not options["dry_run"]
        try:
            tally = (self.write if applied else self.read)(content, terms, found, options)
        except FaultyLedger:
            # It cannot be written as a whole, and is only looked at.
            applied, found = False, Findings(layout=layout)
            tally = self.read(content, terms, found, options)
        except UnreadableFile as error:
            raise CommandError(error.message, returncode=WRONG_CALL) from error
        self.report(found, options["report"])
        self.say(tally, found, applied=applied, as_json=options["json"])
        if tally.figures()["faulty"] and not options["skip_faulty"]:
            sys.exit(1)

    def demand_place_for(self, report: Path | None) -> None:
        """Before anything is written: a report that fails afterwards would look like a failed import."""
        if report is None:
            return
        if report.is_dir() or not os.access(report if report.exists() else report.parent, os.W_OK):
            raise CommandError(f"不能写入 {report}，请换一个已有的文件夹。", returncode=WRONG_CALL)

    def terms(self, options: dict[str, Any]) -> Terms:
        programme = Programme.objects.named(options["programme"], year=options["year"])
        if programme is None:
            raise CommandError(f"没有名为“{options['programme']}”的培训项目。", returncode=WRONG_CALL)
        bureau = Bureau.objects.known_as(options["bureau"])
        if bureau is None:
            raise CommandError(f"没有名为“{options['bureau']}”的单位。", returncode=WRONG_CALL)
        constants = dict(self.constant(text) for text in options["set"])
        return Terms(programme, options["year"], bureau, rule_for(programme, options["year"]), constants)

    def layout(self, name: str | None, terms: Terms) -> LedgerLayout | None:
        """The layout of that name; what it knows of the files' lacks stands behind what `--set` says."""
        if name is None:
            return None
        layout = LedgerLayout.objects.filter(bureau=terms.bureau, name=name).first()
        if layout is None:
            known = "、".join(LedgerLayout.objects.filter(bureau=terms.bureau).values_list("name", flat=True))
            has = f"有：{known}" if known else "还没有记住任何版式"
            message = f"“{terms.bureau}”没有名为“{name}”的版式，{has}。"
            raise CommandError(message, returncode=WRONG_CALL)
        for key, value in layout.constants.items():
            terms.constants.setdefault(key, value)
        return layout

    def constant(self, text: str) -> tuple[str, str]:
        name, sign, value = text.partition("=")
        heading = plain_heading(name)
        for column in COLUMNS:
            if sign and heading in (column.key, column.heading, *column.synonyms):
                return column.key, value.strip()
        known = "、".join(column.heading for column in BY_KEY.values())
        raise CommandError(f"--set {text}：写成“列名=值”，列名可以是 {known}。", returncode=WRONG_CALL)

    def content(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise CommandError(f"打不开文件 {path.name}。", returncode=WRONG_CALL) from error

    def read(self, content: bytes, terms: Terms, findings: Findings, _options: dict[str, Any]) -> Tally:
        words = words_by(findings.layout, bureau=terms.bureau)
        with reading(content, order_for(terms, shows_all=True, words=words)) as found:
            findings.take(found.ledger)
            comparison, tally = Comparison(found.ledger.tables, terms, timezone.localdate()), Tally()
            for rows in found.chunks:
                outcomes = comparison.feed(rows)
                tally.add(outcomes)
                findings.add(outcomes)
        return tally

    def write(self, content: bytes, terms: Terms, findings: Findings, options: dict[str, Any]) -> Tally:
        """Raises `FaultyLedger` where a row is faulty and none may be skipped; then nothing is written."""
        add = findings.add if options["skip_faulty"] else findings.add_faultless
        words = words_by(findings.layout, bureau=terms.bureau)
        order = order_for(terms, shows_all=options["report"] is not None, words=words)
        with (
            reading(content, order) as found,
            self.batch(options["file"], content, terms) as batch,
            self.lease(batch) as held,
        ):
            findings.take(found.ledger)
            held.enter(Stage.WRITE)
            return apply(batch, found, terms, user=None, each=add, tell=held.tell)

    @contextmanager
    def batch(self, path: Path, content: bytes, terms: Terms) -> Iterator[LedgerImport]:
        """The import's row, taken away again where nothing was written."""
        batch = LedgerImport(
            bureau=terms.bureau,
            programme=terms.programme,
            year=terms.year,
            constants=terms.constants,
            file_name=shown_name(path.name),
            file_size=len(content),
            file_digest=hashlib.sha256(content).hexdigest(),
            state=LedgerImport.State.APPLYING,
        )
        batch.save(force_insert=True)
        try:
            yield batch
        except YearClosed as error:
            batch.delete()
            raise CommandError(str(error), returncode=WRONG_CALL) from error
        except BaseException:
            batch.delete()
            raise

    def lease(self, batch: LedgerImport) -> Held:
        """Says that the import is in hand; where this process is killed, a worker ends it with a sentence."""
        held = take(batch.pk)
        if held is None:
            raise CommandError("这次导入已由别的进程接手。", returncode=WRONG_CALL)
        return held

    def report(self, findings: Findings, path: Path | None) -> None:
        if path is not None:
            path.write_bytes(workbook_of(findings.faulty, title="有问题的行"))

    def say(self, tally: Tally, findings: Findings, *, applied: bool, as_json: bool) -> None:
        figures = tally.figures()
        if as_json:
            lists = {"problems": findings.problems, "warnings": findings.warnings}
            result = figures | {"applied": applied} | lists | {"notes": list(findings.notes)}
            self.stdout.write(json.dumps(result, ensure_ascii=False))
            return
        words = "读到 {read} 行：新增 {new}，有变化 {changed}，相同 {same}，有问题 {faulty}。"
        self.stdout.write(words.format(**figures))
        for note in findings.notes:
            self.stdout.write(f"  {note}")
        for problem in findings.problems:
            self.stdout.write(
                f"  {problem['sheet']} 第 {problem['row']} 行 {problem['column']}：{problem['message']}"
            )
        self.stdout.write("已写入。" if applied else "没有写入任何数据。")
