"""`manage.py import_ledger FILE --programme NAME --year YYYY --bureau NAME`: a ledger in, from the shell."""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from bureaus.models import Bureau, YearClosed
from courses.models import Programme
from ledgers.columns import BY_KEY, COLUMNS, plain_heading
from ledgers.importing.applying import apply
from ledgers.importing.jobs import rule_for
from ledgers.importing.matching import compare
from ledgers.importing.outcomes import Outcomes, Terms
from ledgers.importing.progress import Held, Stage, take
from ledgers.importing.receiving import shown_name, size_limit
from ledgers.importing.report import FaultyRow, workbook_of
from ledgers.management.years import year as year_type
from ledgers.models import LedgerImport
from ledgers.reading import Ledger, UnreadableFile, read_ledger

WRONG_CALL = 2


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
        parser.add_argument("--report", type=Path, metavar="OUT.xlsx", help="the faulty rows with reasons")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options: Any) -> None:
        self.demand_place_for(options["report"])
        terms = self.terms(options)
        ledger, content = self.ledger(options["file"])
        outcomes = compare(ledger, terms, today=timezone.localdate())
        faulty = outcomes.figures()["faulty"]
        applied = not options["dry_run"] and (not faulty or options["skip_faulty"])
        if applied:
            outcomes = self.write(options["file"], content, ledger, terms)
        self.report(outcomes, options["report"])
        self.say(outcomes, applied=applied, as_json=options["json"])
        if faulty and not options["skip_faulty"]:
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

    def constant(self, text: str) -> tuple[str, str]:
        name, sign, value = text.partition("=")
        heading = plain_heading(name)
        for column in COLUMNS:
            if sign and heading in (column.key, column.heading, *column.synonyms):
                return column.key, value.strip()
        known = "、".join(column.heading for column in BY_KEY.values())
        raise CommandError(f"--set {text}：写成“列名=值”，列名可以是 {known}。", returncode=WRONG_CALL)

    def ledger(self, path: Path) -> tuple[Ledger, bytes]:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CommandError(f"打不开文件 {path.name}。", returncode=WRONG_CALL) from error
        try:
            return read_ledger(content, size_limit=size_limit()), content
        except UnreadableFile as error:
            raise CommandError(error.message, returncode=WRONG_CALL) from error

    def write(self, path: Path, content: bytes, ledger: Ledger, terms: Terms) -> Outcomes:
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
            with self.lease(batch) as held:
                held.enter(Stage.WRITE)
                return apply(batch, ledger, terms, user=None, tell=held.tell)
        except YearClosed as error:
            batch.delete()
            raise CommandError(str(error), returncode=WRONG_CALL) from error

    def lease(self, batch: LedgerImport) -> Held:
        """Says that the import is in hand; where this process is killed, a worker ends it with a sentence."""
        held = take(batch.pk)
        if held is None:
            raise CommandError("这次导入已由别的进程接手。", returncode=WRONG_CALL)
        return held

    def report(self, outcomes: Outcomes, path: Path | None) -> None:
        if path is None:
            return
        rows = (
            FaultyRow(
                outcome.row.sheet, outcome.row.number, outcome.column, outcome.message, outcome.row.shown
            )
            for outcome in outcomes.rows
            if not outcome.good
        )
        path.write_bytes(workbook_of(rows, title="有问题的行"))

    def say(self, outcomes: Outcomes, *, applied: bool, as_json: bool) -> None:
        figures = outcomes.figures()
        if as_json:
            lists = {"problems": outcomes.problems(), "warnings": outcomes.warned()}
            result = figures | {"applied": applied} | lists | {"notes": list(outcomes.ledger.notes)}
            self.stdout.write(json.dumps(result, ensure_ascii=False))
            return
        words = "读到 {read} 行：新增 {new}，有变化 {changed}，相同 {same}，有问题 {faulty}。"
        self.stdout.write(words.format(**figures))
        for note in outcomes.ledger.notes:
            self.stdout.write(f"  {note}")
        for problem in outcomes.problems():
            self.stdout.write(
                f"  {problem['sheet']} 第 {problem['row']} 行 {problem['column']}：{problem['message']}"
            )
        self.stdout.write("已写入。" if applied else "没有写入任何数据。")
