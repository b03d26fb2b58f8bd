"""数据质量: what the stored data itself can tell of what is missing in it or doubtful."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.models import Attendance, ClassRun
from learners.models import Identity
from ledgers.figures import rows
from ledgers.figures.selection import Selection, narrowed
from ledgers.figures.sums import ASSESSED
from ledgers.models import LedgerImport, LedgerRow

FAULTS = {
    "formula_error": gettext_lazy("单元格是公式错误值"),
    "name_missing": gettext_lazy("缺姓名"),
    "id_number_missing": gettext_lazy("缺身份证号"),
    "id_number_numeric": gettext_lazy("身份证号存成了数字，末几位已丢失"),
    "id_number_format": gettext_lazy("身份证号格式不对"),
    "id_number_checksum": gettext_lazy("身份证号校验位不符"),
    "employer_missing": gettext_lazy("缺单位"),
    "programme_unknown": gettext_lazy("项目名称不在方案里"),
    "run_missing": gettext_lazy("缺班次名称"),
    "date_invalid": gettext_lazy("日期无法识别"),
    "date_order": gettext_lazy("结束日期早于开始日期"),
    "hours_invalid": gettext_lazy("学时无法识别"),
    "headcount_invalid": gettext_lazy("参加人数无法识别"),
    "duplicate_row": gettext_lazy("同一班次里同一人重复"),
    "phone_invalid": gettext_lazy("联系电话不是有效号码"),
    "gender_conflict": gettext_lazy("性别与身份证号不符"),
    "hidden_row": gettext_lazy("隐藏的行"),
    "date_missing": gettext_lazy("缺日期"),
    "headcount_excess": gettext_lazy("其中的人数多于参加人数"),
    "text_too_long": gettext_lazy("内容太长"),
    "birth_unclear": gettext_lazy("出生年月无法识别"),
    "hours_conflict": gettext_lazy("各项学时之和与总学时不一致"),
    "other_name": gettext_lazy("身份证号已登记在另一个姓名下"),
    "number_of_another": gettext_lazy("身份证号是另一个人的"),
    "known_elsewhere": gettext_lazy("可能是已有学员，没有核对"),
    "repeated": gettext_lazy("重复参训"),
    "repeat_limit": gettext_lazy("重复参训规则不允许"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`count` rows have this flaw; `remedy` says what follows, or what to do."""

    topic: str
    words: str
    count: int
    remedy: str


def quality(selection: Selection) -> list[Finding]:
    """All findings, those of 0 too where they are no fault's code. Six queries."""
    return [*of_imports(selection), *of_enrolments(selection), *of_runs(selection), *of_sessions(selection)]


def of_imports(selection: Selection) -> list[Finding]:
    """Faulty rows and warnings of the applied imports of the year, by code. Two queries."""
    written = imported_rows(selection)
    faulty = written.filter(state=LedgerRow.State.FAULTY).values_list("code").annotate(Count("pk"))
    warned: Counter[str] = Counter()
    for warnings in written.exclude(warnings=[]).values_list("warnings", flat=True).iterator():
        warned.update(code for code, _column, _message in warnings)
    remedy = _("没有导入，不在任何数字里；请改好后再导入")
    noted = _("已计入；请核对")
    return [
        *(Finding(_("导入问题行"), words_of(code), count, remedy) for code, count in faulty.order_by("code")),
        *(Finding(_("导入提醒"), words_of(code), count, noted) for code, count in sorted(warned.items())),
    ]


def imported_rows(selection: Selection) -> QuerySet[LedgerRow]:
    """The rows of applied imports; a district's share of a faulty row is not known, so it does not narrow."""
    user = selection.user
    imports = LedgerImport.objects.visible_to(user) if user else LedgerImport.objects.all()
    imports = imports.filter(state__in=LedgerImport.WRITTEN, year=selection.year)
    imports = imports.filter(
        narrowed(replace(selection, district=None), programme="programme", bureau="bureau", district="")
    )
    return LedgerRow.objects.filter(batch__in=imports.order_by().values("pk")).order_by()


def words_of(code: str) -> str:
    return str(FAULTS.get(code, code or _("未分类")))


def of_enrolments(selection: Selection) -> list[Finding]:
    """One query."""
    number = Identity.objects.filter(learner=OuterRef("learner")).exclude(kind=Identity.Kind.EMPLOYER_NAME)
    found = rows.enrolments(selection).aggregate(
        hours=Count("pk", filter=Q(hours=0)),
        assessment=Count("pk", filter=~ASSESSED),
        number=Count("pk", filter=~Q(Exists(number))),
        gender=Count("pk", filter=Q(learner__gender="")),
        city=Count("pk", filter=Q(district__is_city=True)),
    )
    topic = _("参训记录")
    return [
        Finding(topic, _("没有学时"), found["hours"], _("总学时、人均学时偏低")),
        Finding(topic, _("没有考核结果"), found["assessment"], _("不计入合格人数和合格率")),
        Finding(topic, _("学员没有证件号"), found["number"], _("按单位加姓名认定，人数可能有出入")),
        Finding(topic, _("学员没有性别"), found["gender"], _("不计入其中女性")),
        Finding(topic, _("统计在市本级"), found["city"], _("没有写明县市区，或确属市本级")),
    ]


def of_runs(selection: Selection) -> list[Finding]:
    """One query."""
    found = rows.runs(selection).aggregate(
        dates=Count("pk", filter=Q(starts_on=None) | Q(ends_on=None)),
        open=Count("pk", filter=~Q(state=ClassRun.State.FINISHED)),
    )
    topic = _("班次")
    return [
        Finding(topic, _("缺开班或结业日期"), found["dates"], _("按月统计时另列")),
        Finding(topic, _("尚未结业"), found["open"], _("人次已计入，学时和合格人数可能未登记全")),
    ]


def of_sessions(selection: Selection) -> list[Finding]:
    """Two queries."""
    here = Attendance.objects.filter(session=OuterRef("pk"), state__in=Attendance.HERE)
    counted = rows.sessions(selection).filter(rows.BY_SESSION)
    found = counted.aggregate(
        heads=Count("pk", filter=Q(headcount=None) & ~Q(Exists(here))),
        women=Count("pk", filter=Q(headcount__isnull=False, women=None)),
    )
    undated = rows.certificates(selection).filter(issued_on=None).count()
    return [
        Finding(_("课次"), _("没有参加人数也没有签到"), found["heads"], _("人次按 0 计")),
        Finding(_("课次"), _("没有女性人数"), found["women"], _("不计入其中女性")),
        Finding(_("证书"), _("没有发证日期"), undated, _("年度按台账年度")),
    ]
