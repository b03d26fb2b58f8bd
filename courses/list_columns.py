"""What the lists of courses, trainers, people of a run, appeals, walk-ins and notices have as files."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from courses.models import Appeal, Course, Notice
from courses.workload import Load
from peixun.lib.tables import Column
from peixun.lib.xlsx_styles import Style

COURSES: list[Column[Course]] = [
    Column(_("课程"), lambda course: course.name, 28),
    Column(_("项目"), lambda course: str(course.programme or ""), 24),
    Column(_("维护单位"), lambda course: str(course.bureau or _("全市通用")), 20),
    Column(_("学时"), lambda course: course.hours, 9, Style.HOURS),
    Column(_("资料"), lambda course: course.files, 9, Style.NUMBER),  # type: ignore[attr-defined]
]
# Trainers and officers see in how many sessions a course was taught; learners do not.
COURSES_TAUGHT: list[Column[Course]] = [
    *COURSES,
    Column(_("授课场次"), lambda course: course.taught, 10, Style.NUMBER),  # type: ignore[attr-defined]
]

TRAINERS: list[Column[Any]] = [
    Column(_("姓名"), lambda trainer: trainer.name, 14),
    Column(_("单位"), lambda trainer: str(trainer.bureau), 22),
    Column(_("职称、专长"), lambda trainer: trainer.title, 24),
    Column(_("本年场次"), lambda trainer: trainer.taught, 10, Style.NUMBER),
    Column(_("账号"), lambda trainer: str(_("已关联") if trainer.user else _("未关联")), 10, Style.CODE),
    Column(_("状态"), lambda trainer: str(_("在任") if trainer.active else _("停用")), 10, Style.CODE),
]

WORKLOAD: list[Column[Load]] = [
    Column(_("教师"), lambda load: load.trainer.name, 14),
    Column(_("单位"), lambda load: str(load.trainer.bureau), 22),
    Column(_("场次"), lambda load: load.sums.sessions, 9, Style.NUMBER),
    Column(_("学时"), lambda load: load.sums.hours, 9, Style.HOURS),
    Column(_("人次"), lambda load: load.sums.person_times, 9, Style.NUMBER),
]

PEOPLE: list[Column[Any]] = [
    Column(_("姓名"), lambda one: one.name, 14),
    Column(_("单位"), lambda one: one.employer, 26),
    Column(_("职务"), lambda one: one.position, 14),
    Column(_("级别"), lambda one: one.level, 12),
    Column(_("县市区"), lambda one: str(one.district), 12),
    Column(_("出勤"), lambda one: one.here, 8, Style.NUMBER),
    Column(_("点名场次"), lambda one: one.marked, 9, Style.NUMBER),
    Column(_("学时"), lambda one: one.hours, 9, Style.HOURS),
    Column(_("考核"), lambda one: one.assessment_words or str(one.get_assessment_display()), 10, Style.CODE),
    Column(_("状态"), lambda one: str(one.get_state_display()), 10, Style.CODE),
]

APPEALS: list[Column[Appeal]] = [
    Column(_("学员"), lambda one: one.enrolment.name, 14),
    Column(_("单位"), lambda one: one.enrolment.employer, 24),
    Column(_("课次"), lambda one: one.session.title, 26),
    Column(_("班次"), lambda one: str(one.session.run or ""), 26),
    Column(_("上课日期"), lambda one: one.session.held_on, 12, Style.DATE),
    Column(_("说明"), lambda one: one.words, 36),
    Column(_("提出"), lambda one: timezone.localdate(one.asked_at), 12, Style.DATE),
    Column(_("事由"), lambda one: str(one.get_kind_display()), 10, Style.CODE),
    Column(_("结果"), lambda one: str(one.get_state_display()), 10, Style.CODE),
    Column(_("处理人"), lambda one: str(one.decided_by or ""), 12),
]

WALK_INS: list[Column[Any]] = [
    Column(_("姓名"), lambda one: one.name, 14),
    Column(_("单位"), lambda one: one.employer, 24),
    Column(_("班次"), lambda one: one.run.name, 28),
    Column(_("到课日期"), lambda one: one.came_on, 12, Style.DATE),
]

NOTICES: list[Column[Notice]] = [
    Column(_("种类"), lambda one: str(one.get_kind_display()), 14, Style.CODE),
    Column(_("班次"), lambda one: str(one.run or ""), 28),
    Column(_("课次"), lambda one: str(one.session or ""), 26),
    Column(_("状态"), lambda one: str(one.get_state_display()), 10, Style.CODE),
]
