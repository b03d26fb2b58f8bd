"""The summaries, the quotas and the quality of the data, as tables."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from ledgers.figures import (
    Figures,
    QuotaProgress,
    by_district,
    by_group,
    by_programme,
    quality,
    quota_progress,
)
from ledgers.yearly.report import Report
from ledgers.yearly.tables import Column, Table
from peixun.lib.xlsx import Value
from peixun.lib.xlsx_styles import Style

INDENT = "　"


def summaries(report: Report, whole: Figures) -> list[Table]:
    """The three summaries. Twenty queries."""
    selection = report.selection
    return [
        summary(_("汇总（分群体）"), _("群体"), by_group(selection), whole),
        summary(_("汇总（分县市区）"), _("县市区"), by_district(selection), whole),
        summary(_("汇总（分项目）"), _("项目"), by_programme(selection), whole),
    ]


def summary(name: str, heading: str, lines: list[Figures], whole: Figures) -> Table:
    number = Style.NUMBER
    columns = [
        Column(heading, 30),
        *(Column(text, 9, number) for text in (_("项目数"), _("期数"), _("场次"), _("人数"), _("人次"))),
        Column(_("其中女性"), 9, number),
        Column(_("总学时"), 12, Style.HOURS),
        Column(_("人均学时"), 9, Style.HOURS),
        Column(_("合格人数"), 9, number),
        Column(_("合格率"), 9, Style.RATE),
        Column(_("发证数"), 9, number),
        Column(_("上年人次"), 9, number),
        Column(_("同比"), 9, Style.RATE),
    ]
    note = _("注：合计中的人数、期数和项目数为重新统计，不等于各行之和；综合项目含其下各项目。")
    return Table(name, columns, map(summary_row, lines), summary_row(whole), notes=[note])


def summary_row(line: Figures) -> list[Value]:
    label = "" if line.pk is None else INDENT * line.depth + line.label
    return [
        label,
        line.programmes,
        line.runs,
        line.sessions,
        line.people,
        line.person_times,
        line.women,
        line.hours,
        line.hours_each,
        line.passed,
        line.pass_rate,
        line.certificates,
        line.last_person_times,
        line.year_on_year,
    ]


def progress(report: Report) -> Table:
    columns = [
        Column(_("项目"), 22),
        Column(_("指标原文"), 24),
        Column(_("群体"), 12),
        Column(_("牵头单位"), 18),
        Column(_("周期"), 13, Style.CODE),
        Column(_("目标"), 8, Style.NUMBER),
        Column(_("完成"), 8, Style.NUMBER),
        Column(_("计量单位"), 9, Style.CODE),
        Column(_("完成率"), 9, Style.RATE),
        Column(_("时序进度"), 9, Style.RATE),
        Column(_("人次"), 8, Style.NUMBER),
        Column(_("人数"), 8, Style.NUMBER),
        Column(_("期数"), 6, Style.NUMBER),
        Column(_("场次"), 6, Style.NUMBER),
        Column(_("总学时"), 11, Style.HOURS),
        Column(_("合格人数"), 9, Style.NUMBER),
        Column(_("发证数"), 8, Style.NUMBER),
        Column(_("进度"), 13, Style.CODE),
        Column(_("任务分解"), 18),
        Column(_("佐证"), 14),
    ]
    lines = quota_progress(report.selection, at=timezone.localdate(report.at))
    return Table(_("指标进度"), columns, map(progress_row, lines))


def progress_row(line: QuotaProgress) -> list[Value]:
    return [
        line.programme,
        line.words,
        line.group,
        "、".join(bureau.name for bureau in line.leads),
        line.period,
        line.target,
        line.done,
        line.unit,
        line.completion,
        line.pace,
        line.person_times,
        line.people,
        line.runs,
        line.sessions,
        line.hours if line.people is not None else None,
        line.passed if line.assessed or not line.person_times else None,
        line.certificates,
        str(line.status.label),
        "；".join(str(share) for share in line.allocations),
        line.quota_period.evidence if line.quota_period else "",
    ]


def findings(report: Report) -> Table:
    columns = [
        Column(_("类别"), 16, Style.CODE),
        Column(_("问题"), 44),
        Column(_("数量"), 10, Style.NUMBER),
        Column(_("说明"), 60),
    ]
    found = quality(report.selection)
    return Table(
        _("数据质量"),
        columns,
        ((finding.topic, finding.words, finding.count, finding.remedy) for finding in found),
    )
