"""学员台账: everybody who took part, with masked numbers. Rows are streamed in chunks."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from ledgers.figures import Figures, Selection, enrolments
from ledgers.records import Chunk, Records, Values
from ledgers.yearly.report import Report
from ledgers.yearly.tables import Column, Table
from peixun.lib.xlsx import Value
from peixun.lib.xlsx_styles import Style

KEYS = (
    *("group", "programme", "run", "name", "gender", "id_number", "employer", "position", "level"),
    *("district", "phone", "start", "end", "hours"),
    *("hours_theory", "hours_practice", "hours_online", "hours_offline"),
    *("assessment", "certificate_number", "bureau", "status"),
)
MAY_BE_EMPTY = frozenset({"employer", "position", "level"})


def learner_register(report: Report, whole: Figures) -> Table:
    """At most four queries for each 2,000 rows."""
    hours = (_("学时"), _("理论"), _("实操"), _("线上"), _("线下"))
    columns = [
        Column(_("群体"), 12),
        Column(_("项目"), 22),
        Column(_("班次"), 26),
        Column(_("姓名"), 12),
        Column(_("性别"), 6, Style.CODE),
        Column(_("身份证号"), 21, Style.CODE),
        Column(_("单位"), 24),
        Column(_("职务"), 12),
        Column(_("级别"), 10),
        Column(_("县市区"), 11),
        Column(_("联系电话"), 14, Style.CODE),
        Column(_("开班日期"), 12, Style.DATE),
        Column(_("结业日期"), 12, Style.DATE),
        *(Column(kind, 8, Style.HOURS) for kind in hours),
        Column(_("考核"), 9, Style.CODE),
        Column(_("证书编号"), 22, Style.CODE),
        Column(_("主办单位"), 18),
        Column(_("状态"), 9, Style.CODE),
    ]
    blank = [""] * 13
    total: list[Value] = [*blank, whole.hours, *[""] * 8]
    return Table(_("学员台账"), columns, learner_rows(report.selection), total)


def learner_rows(selection: Selection) -> Iterator[Values]:
    for chunk in Records(enrolments(selection)).chunks():
        yield from zip(*(column(chunk, key) for key in KEYS), strict=True)


def column(chunk: Chunk, key: str) -> Values:
    """What is not known of somebody is not applicable; a total stands in each row, and all certificates."""
    if key == "hours":
        return chunk.stored["hours"]
    if key == "certificate_number":
        return ["、".join(issued.number for issued in held) or None for held in chunk.issued]
    values = chunk.column(key)
    return values if key in MAY_BE_EMPTY else [None if value == "" else value for value in values]
