"""What the lists of issuing, of rules, of duties and of requests have as files."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from certificates.duty_sheet import DutyRow, state_words
from certificates.models import IssueRule
from learners.models import DataRequest
from peixun.lib.tables import Column
from peixun.lib.xlsx_styles import Style

ISSUE_RUNS: list[Column[Any]] = [
    Column(_("班次"), lambda run: run.name, 30),
    Column(_("项目"), lambda run: str(run.programme), 24),
    Column(_("主办单位"), lambda run: str(run.bureau), 20),
    Column(_("结业日期"), lambda run: run.ends_on, 12, Style.DATE),
    Column(_("参训"), lambda run: run.took_part, 9, Style.NUMBER),
    Column(_("结业"), lambda run: run.completed, 9, Style.NUMBER),
    Column(_("已发证"), lambda run: run.issued, 9, Style.NUMBER),
]

RULES: list[Column[IssueRule]] = [
    Column(_("项目"), lambda rule: str(rule.programme), 24),
    Column(_("证书模板"), lambda rule: str(rule.template), 22),
    Column(_("条件"), lambda rule: "、".join(map(str, rule.conditions())), 40),
    Column(_("有效月数"), lambda rule: rule.valid_months, 10, Style.NUMBER),
    Column(_("适用起"), lambda rule: rule.valid_from, 12, Style.DATE),
    Column(_("适用止"), lambda rule: rule.valid_to, 12, Style.DATE),
]

DUTIES: list[Column[DutyRow]] = [
    Column(_("姓名"), lambda row: row.name, 14),
    Column(_("单位"), lambda row: row.employer, 26),
    Column(_("级别"), lambda row: row.level, 12),
    Column(_("任务"), lambda row: row.duty.requirement.name, 26),
    Column(_("应完成"), lambda row: row.duty.needed, 9, Style.HOURS),
    Column(_("已完成"), lambda row: row.duty.done, 9, Style.HOURS),
    Column(_("结转"), lambda row: row.duty.carried, 9, Style.HOURS),
    Column(_("还差"), lambda row: row.duty.remaining, 9, Style.HOURS),
    Column(_("情况"), lambda row: state_words()[row.duty.state], 10, Style.CODE),
]

DATA_REQUESTS: list[Column[DataRequest]] = [
    Column(_("学员"), lambda one: one.learner.name, 14),
    Column(_("说明"), lambda one: one.words, 50),
    Column(_("提出"), lambda one: timezone.localdate(one.asked_at), 12, Style.DATE),
    Column(_("状态"), lambda one: str(one.get_state_display()), 10, Style.CODE),
    Column(_("答复人"), lambda one: str(one.decided_by or ""), 12),
]
