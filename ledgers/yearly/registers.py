"""The registers of the workbook: class runs with lectures, and certificates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from bureaus.models import District
from certificates.models import Certificate
from courses.models import ClassRun
from ledgers.figures import Figures, Selection, by_run, certificates, lectures
from ledgers.yearly.report import Report
from ledgers.yearly.tables import Column, Table
from peixun.lib.xlsx import Value
from peixun.lib.xlsx_styles import Style

CHUNK = 2_000
CERTIFICATE_FIELDS = (
    "number",
    "title",
    "name",
    "enrolment__run__programme__name",
    "enrolment__run__name",
    "enrolment__district",
    "issuer__name",
    "issued_on",
    "expires_on",
    "origin",
    "state",
)


def class_runs(report: Report, whole: Figures) -> Table:
    """A line for each run with any figure, then one for each lecture that stands alone. Seven queries."""
    columns = [
        Column(_("类别"), 8, Style.CODE),
        Column(_("群体"), 12),
        Column(_("项目"), 24),
        Column(_("班次或讲座"), 30),
        Column(_("期号"), 10, Style.CODE),
        Column(_("主办单位"), 18),
        Column(_("县市区"), 12),
        Column(_("开始日期"), 12, Style.DATE),
        Column(_("结束日期"), 12, Style.DATE),
        Column(_("地点"), 20),
        *(Column(text, 8, Style.NUMBER) for text in (_("场次"), _("人数"), _("人次"), _("其中女性"))),
        Column(_("总学时"), 11, Style.HOURS),
        Column(_("合格人数"), 8, Style.NUMBER),
        Column(_("发证数"), 8, Style.NUMBER),
        Column(_("结转"), 6, Style.CODE),
        Column(_("状态"), 9, Style.CODE),
    ]
    count = _("%(runs)d 期，%(sessions)d 场") % {"runs": whole.runs, "sessions": whole.sessions}
    named: list[Value] = ["", "", "", count, *[""] * 6]
    figures: list[Value] = [whole.sessions, whole.people, whole.person_times, whole.women, whole.hours]
    return Table(
        _("班次台账"),
        columns,
        run_rows(report.selection),
        [*named, *figures, whole.passed, whole.certificates, "", ""],
        notes=[_("注：班次的县市区是默认值，学员写明县市区的按学员统计。")],
    )


def run_rows(selection: Selection) -> Iterator[list[Value]]:
    figures = by_run(selection)
    found = ClassRun.objects.filter(pk__in=figures).select_related("programme__group", "bureau", "district")
    for run in found.order_by("programme__order", "starts_on", "name"):
        yield run_row(run, figures[run.pk])
    standing_alone = lectures(selection).select_related("programme__group", "bureau", "district")
    for session in standing_alone.order_by("programme__order", "held_on", "starts_at", "pk").iterator(CHUNK):
        yield lecture_row(session)


def run_row(run: ClassRun, figures: Figures) -> list[Value]:
    return [
        _("班次"),
        run.programme.group.name,
        run.programme.name,
        run.name,
        run.number,
        run.bureau.name,
        str(run.district),
        run.starts_on,
        run.ends_on,
        run.place,
        figures.sessions,
        figures.people,
        figures.person_times,
        figures.women,
        figures.hours,
        figures.passed,
        figures.certificates,
        _("结转") if run.is_carried_over else "",
        run.get_state_display(),
    ]


def lecture_row(session: Any) -> list[Value]:
    """`session` comes with the counts of `lectures`. Hours, assessment and certificates do not apply."""
    counted = session.headcount is not None
    return [
        _("讲座"),
        session.programme.group.name,
        session.programme.name,
        session.title,
        None,
        session.bureau.name,
        str(session.district),
        session.held_on,
        session.held_on,
        session.place,
        1,
        session.here or (None if session.person_times else 0),
        session.person_times,
        session.women if counted else session.here_women,
        None,
        None,
        None,
        "",
        session.get_state_display(),
    ]


def certificate_register(report: Report, whole: Figures) -> Table:
    """Two queries, streamed."""
    columns = [
        Column(_("证书编号"), 26, Style.CODE),
        Column(_("证书名称"), 24),
        Column(_("持证人"), 14),
        Column(_("项目"), 24),
        Column(_("班次"), 28),
        Column(_("县市区"), 12),
        Column(_("发证单位"), 22),
        Column(_("发证日期"), 12, Style.DATE),
        Column(_("有效期至"), 12, Style.DATE),
        Column(_("来源"), 12, Style.CODE),
        Column(_("状态"), 10, Style.CODE),
    ]
    count = _("注：共 %(count)d 本；作废的不列，补发、换发的不重复列。") % {"count": whole.certificates}
    return Table(_("证书登记"), columns, certificate_rows(report.selection), notes=[count])


def certificate_rows(selection: Selection) -> Iterator[list[Value]]:
    origins = {str(value): str(label) for value, label in Certificate.Origin.choices}
    states = {str(value): str(label) for value, label in Certificate.State.choices}
    found = certificates(selection).order_by("issuer__name", "number").values_list(*CERTIFICATE_FIELDS)
    districts = {district.pk: str(district) for district in District.objects.all()}
    for *named, district, issuer, issued_on, expires_on, origin, state in found.iterator(CHUNK):
        place = districts.get(district)
        yield [*named, place, issuer, issued_on, expires_on, origins[origin], states[state]]
