"""All that is stored of a learner as a workbook to keep; of numbers the masked form only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from io import BytesIO

from django.utils import timezone
from django.utils.translation import gettext as _

from certificates.models import Certificate
from courses.models import Attendance, Enrolment
from learners.models import Learner
from learners.own_data import papers_of, seen_by
from peixun.lib.xlsx import Book, Line, Sheet, Value, headings
from peixun.lib.xlsx_styles import Style

Column = tuple[str, float, Style]
WORDS, DATE, HOURS, CODE = Style.WORDS, Style.DATE, Style.HOURS, Style.CODE


def write_own_data(learner: Learner, *, day: date) -> bytes:
    """The workbook. Eight queries."""
    file = BytesIO()
    with Book(file) as book:
        book.add(sheet(_("基本资料"), [(_("项目"), 26, WORDS), (_("内容"), 50, CODE)], facts(learner, day)))
        book.add(sheet(_("培训记录"), class_columns(), classes(learner)))
        book.add(sheet(_("出勤"), attendance_columns(), attendances(learner)))
        book.add(sheet(_("证书"), certificate_columns(), certificates(learner)))
        book.add(sheet(_("查看记录"), seen_columns(), seen(learner)))
    return file.getvalue()


def sheet(name: str, columns: Sequence[Column], rows: Iterator[Sequence[Value]]) -> Sheet:
    return Sheet(name, [width for _name, width, _style in columns], lines(columns, rows), 1)


def lines(columns: Sequence[Column], rows: Iterator[Sequence[Value]]) -> Iterator[Line]:
    yield headings((heading for heading, _width, _style in columns), height=28)
    styles = [style for _name, _width, style in columns]
    for row in rows:
        yield Line(row, styles)


def facts(learner: Learner, day: date) -> Iterator[Sequence[Value]]:
    """No day or month of birth stands beside a masked number."""
    yield _("姓名"), learner.name
    yield _("性别"), str(learner.get_gender_display())
    yield _("出生年份"), str(learner.birth_year or "")
    for paper in papers_of(learner):
        yield str(paper.get_kind_display()), paper.masked
    for holder in learner.holders.select_related("bureau"):
        yield _("联系电话（%(bureau)s登记）") % {"bureau": holder.bureau}, holder.phone
    for standing in learner.standings.select_related("group"):
        yield _("身份类别"), str(standing)
    for link in learner.account_links.select_related("user"):
        yield str(link.get_relation_display()), str(link.user)
    yield _("下载日期"), day.isoformat()


def class_columns() -> list[Column]:
    names = [(_("班次"), 30), (_("项目"), 30), (_("主办单位"), 22), (_("当时的姓名"), 12)]
    names += [(_("当时的单位"), 24), (_("当时的职务"), 14), (_("当时的级别"), 14), (_("状态"), 10)]
    days: list[Column] = [(_("开班"), 12, DATE), (_("结班"), 12, DATE), (_("学时"), 9, HOURS)]
    return [(name, width, WORDS) for name, width in names] + days


def classes(learner: Learner) -> Iterator[Sequence[Value]]:
    rows = Enrolment.objects.filter(learner=learner).select_related("run__programme", "run__bureau")
    for one in rows.order_by("run__year", "run__starts_on", "pk"):
        run, state = one.run, str(one.get_state_display())
        then = (one.name, one.employer, one.position, one.level, state)
        yield run.name, run.programme.name, str(run.bureau), *then, run.starts_on, run.ends_on, one.hours


def attendance_columns() -> list[Column]:
    names = [(_("课次"), 30, WORDS), (_("班次"), 30, WORDS), (_("日期"), 12, DATE), (_("出勤"), 10, WORDS)]
    return [*names, (_("学时"), 9, HOURS)]


def attendances(learner: Learner) -> Iterator[Sequence[Value]]:
    rows = Attendance.objects.filter(enrolment__learner=learner).select_related("session__run")
    for one in rows.order_by("session__held_on", "pk"):
        session = one.session
        run = session.run.name if session.run else ""
        yield session.title, run, session.held_on, str(one.get_state_display()), one.hours


def certificate_columns() -> list[Column]:
    words = [(_("证书编号"), 28, CODE), (_("证书名称"), 20, WORDS), (_("发证单位"), 26, WORDS)]
    return [*words, (_("发证日期"), 12, DATE), (_("有效期至"), 12, DATE), (_("状态"), 12, WORDS)]


def certificates(learner: Learner) -> Iterator[Sequence[Value]]:
    rows = Certificate.objects.filter(learner=learner).select_related("issuer").order_by("year", "pk")
    for one in rows:
        days = (one.issued_on, one.expires_on)
        yield one.number, one.title, str(one.issuer), *days, str(one.get_state_display())


def seen_columns() -> list[Column]:
    return [
        (_("查看时间"), 18, WORDS),
        (_("查看人"), 14, WORDS),
        (_("单位"), 26, WORDS),
        (_("原因"), 40, WORDS),
    ]


def seen(learner: Learner) -> Iterator[Sequence[Value]]:
    for event in seen_by(learner):
        at = timezone.localtime(event.at).strftime("%Y-%m-%d %H:%M")
        yield at, str(event.user or ""), str(event.bureau or ""), event.reason
