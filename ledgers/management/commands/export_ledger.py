"""`manage.py export_ledger --year YYYY -o OUT.xlsx`: the yearly workbook, of the whole city or narrowed."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from bureaus.models import Bureau, District
from courses.models import Programme
from learners.models import TargetGroup
from ledgers.figures import Selection
from ledgers.management.years import year as year_type
from ledgers.yearly import write_workbook


class Command(BaseCommand):
    help = "Write the yearly workbook (年度培训台账) with summaries, quotas and registers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--year", type=year_type, required=True, metavar="YYYY")
        parser.add_argument("--bureau", metavar="NAME", help="a bureau by name or alias, with those below it")
        parser.add_argument("--programme", metavar="NAME", help="a programme, with its parts")
        parser.add_argument("--group", metavar="NAME", help="a target group")
        parser.add_argument("--district", metavar="NAME", help="a district or park by name or alias")
        parser.add_argument("-o", "--output", metavar="OUT.xlsx", type=Path, required=True)

    def handle(self, *, year: int, output: Path, **options: Any) -> None:
        selection = Selection(
            year,
            bureau=bureau_named(options["bureau"]),
            programme=programme_named(options["programme"], year),
            group=group_named(options["group"]),
            district=district_named(options["district"]),
        )
        try:
            with output.open("wb") as file:
                write_workbook(selection, file)
        except OSError as error:
            raise CommandError(f"不能写入 {output}：{error.strerror}。", returncode=2) from error
        self.stdout.write(f"已写入 {output}。")


def bureau_named(name: str | None) -> Bureau | None:
    return None if name is None else Bureau.objects.known_as(name) or refuse("单位", name)


def programme_named(name: str | None, year: int) -> Programme | None:
    return None if name is None else Programme.objects.named(name, year=year) or refuse("项目", name)


def group_named(name: str | None) -> TargetGroup | None:
    return None if name is None else TargetGroup.objects.filter(name=name).first() or refuse("群体", name)


def district_named(name: str | None) -> District | None:
    known = Q(name=name) | Q(short=name) | Q(aliases__name=name)
    return None if name is None else District.objects.filter(known).first() or refuse("县市区", name)


def refuse(kind: str, name: str) -> Any:
    raise CommandError(f"系统里没有名为“{name}”的{kind}，请核对名称。", returncode=2)
