"""What the registers and the list of imports have as files: the columns of their pages, and a little more."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from certificates.models import Certificate
from courses.models import ClassRun, Enrolment, Session
from ledgers.models import LedgerImport
from peixun.lib.tables import Column
from peixun.lib.xlsx import Value
from peixun.lib.xlsx_styles import Style


def figure(run: Any, name: str) -> Value:
    """A figure of a run as the page shows it; empty where the run has none."""
    return getattr(run.figures, name) if run.figures else None


RUNS: list[Column[ClassRun]] = [
    Column(_("班次"), lambda run: run.name, 30),
    Column(_("期号"), lambda run: run.number, 10, Style.CODE),
    Column(_("项目"), lambda run: str(run.programme), 24),
    Column(_("主办单位"), lambda run: str(run.bureau), 20),
    Column(_("县市区"), lambda run: str(run.district), 12),
    Column(_("开班日期"), lambda run: run.starts_on, 12, Style.DATE),
    Column(_("结业日期"), lambda run: run.ends_on, 12, Style.DATE),
    Column(_("地点"), lambda run: run.place, 20),
    Column(_("人次"), lambda run: figure(run, "person_times"), 9, Style.NUMBER),
    Column(_("人数"), lambda run: figure(run, "people"), 9, Style.NUMBER),
    Column(_("总学时"), lambda run: figure(run, "hours"), 11, Style.HOURS),
    Column(_("合格"), lambda run: figure(run, "passed"), 9, Style.NUMBER),
    Column(_("状态"), lambda run: str(run.get_state_display()), 10, Style.CODE),
]

SESSIONS: list[Column[Session]] = [
    Column(_("名称"), lambda session: session.title, 30),
    Column(_("班次"), lambda session: str(session.run or ""), 26),
    Column(_("项目"), lambda session: str(session.programme), 24),
    Column(_("主办单位"), lambda session: str(session.bureau), 20),
    Column(_("日期"), lambda session: session.held_on, 12, Style.DATE),
    Column(_("地点"), lambda session: session.place, 20),
    Column(_("县市区"), lambda session: str(session.district), 12),
    Column(_("人次"), lambda session: session.person_times, 9, Style.NUMBER),  # type: ignore[attr-defined]
    Column(_("人数"), lambda session: session.here, 9, Style.NUMBER),  # type: ignore[attr-defined]
    Column(_("其中女性"), lambda session: session.women, 9, Style.NUMBER),
    Column(_("其中老年人"), lambda session: session.elders, 9, Style.NUMBER),
    Column(_("状态"), lambda session: str(session.get_state_display()), 10, Style.CODE),
]

ENROLMENTS: list[Column[Enrolment]] = [
    Column(_("姓名"), lambda one: one.name, 14),
    Column(_("单位"), lambda one: one.employer, 26),
    Column(_("职务"), lambda one: one.position, 14),
    Column(_("级别"), lambda one: one.level, 12),
    Column(_("班次"), lambda one: one.run.name, 28),
    Column(_("项目"), lambda one: str(one.run.programme), 24),
    Column(_("县市区"), lambda one: str(one.district), 12),
    Column(_("学时"), lambda one: one.hours, 9, Style.HOURS),
    Column(_("考核"), lambda one: one.assessment_words or str(one.get_assessment_display()), 10, Style.CODE),
    Column(_("状态"), lambda one: str(one.get_state_display()), 10, Style.CODE),
]


def last(learner: Any, name: str) -> str:
    """Of the newest enrolment that `listing.with_last_enrolment` found."""
    return str(getattr(learner.last, name) or "") if learner.last else ""


LEARNERS: list[Column[Any]] = [
    Column(_("姓名"), lambda learner: learner.name, 14),
    Column(_("性别"), lambda learner: str(learner.get_gender_display()), 8, Style.CODE),
    Column(_("单位"), lambda learner: last(learner, "employer"), 26),
    Column(_("职务"), lambda learner: last(learner, "position"), 14),
    Column(_("县市区"), lambda learner: last(learner, "district"), 12),
    Column(_("参训次数"), lambda learner: learner.times, 10, Style.NUMBER),
    Column(_("学时"), lambda learner: learner.hours, 10, Style.HOURS),
]

CERTIFICATES: list[Column[Certificate]] = [
    Column(_("证书编号"), lambda one: one.number, 26, Style.CODE),
    Column(_("持证人"), lambda one: one.name, 14),
    Column(_("证书名称"), lambda one: one.title, 22),
    Column(_("班次"), lambda one: one.enrolment.run.name if one.enrolment else "", 28),
    Column(_("项目"), lambda one: str(one.enrolment.run.programme) if one.enrolment else "", 24),
    Column(_("发证单位"), lambda one: str(one.issuer), 22),
    Column(_("发证日期"), lambda one: one.issued_on, 12, Style.DATE),
    Column(_("有效期至"), lambda one: one.expires_on, 12, Style.DATE),
    Column(_("状态"), lambda one: str(one.get_state_display()), 10, Style.CODE),
]


def minute_of(at: datetime.datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


IMPORTS: list[Column[LedgerImport]] = [
    Column(_("文件"), lambda one: one.file_name, 34),
    Column(_("填报单位"), lambda one: str(one.bureau), 20),
    Column(_("项目"), lambda one: str(one.programme or ""), 24),
    Column(_("年度"), lambda one: str(one.year or ""), 8, Style.CODE),
    Column(_("读到"), lambda one: one.figures.get("read"), 9, Style.NUMBER),
    Column(_("写入"), lambda one: one.writes if one.applied_at else None, 9, Style.NUMBER),
    Column(_("有问题"), lambda one: one.figures.get("faulty"), 9, Style.NUMBER),
    Column(_("状态"), lambda one: str(one.get_state_display()), 10, Style.CODE),
    Column(_("上传人"), lambda one: str(one.uploaded_by or _("命令行")), 12),
    Column(_("上传时间"), lambda one: minute_of(one.uploaded_at), 17, Style.CODE),
]
