"""封面: unit, year, figures, and the rules by which they were counted."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from django.utils import timezone
from django.utils.translation import gettext as _

from ledgers.figures import Figures
from ledgers.yearly.report import Report, filters_of
from peixun.lib.xlsx import NOT_APPLICABLE, Line, Sheet, across
from peixun.lib.xlsx_styles import Style

WIDTHS = (18, 34, 18, 34)
LINE_HEIGHT = 18
LINE_LENGTH = 50


def cover(report: Report, whole: Figures) -> Sheet:
    return Sheet(_("封面"), WIDTHS, lines(report, whole))


def lines(report: Report, whole: Figures) -> Iterator[Line]:
    last = len(WIDTHS) - 1
    yield across(report.title, last, Style.COVER_TITLE, height=56)
    for left, right in zip(*[iter(particulars(report, whole))] * 2, strict=True):
        yield Line([*left, *right], [Style.COVER_LABEL, Style.COVER_VALUE] * 2, height=24)
    yield across(_("统计口径"), last, Style.COVER_RULE, height=28)
    for number, rule in enumerate(rules(), start=1):
        height = LINE_HEIGHT * ceil(len(rule) / LINE_LENGTH)
        yield across(f"{number}. {rule}", last, Style.COVER_RULE, height=height)


def particulars(report: Report, whole: Figures) -> list[tuple[str, str]]:
    """An even number of them: two stand in a row."""
    scope = "；".join(f"{label}：{words}" for label, words in filters_of(report.selection))
    made = f"{timezone.localtime(report.at):%Y-%m-%d %H:%M}"
    people = NOT_APPLICABLE if whole.people is None else _("%(count)s 人") % {"count": f"{whole.people:,}"}
    return [
        (_("填报单位"), report.unit),
        (_("统计年度"), _("%(year)d 年") % {"year": report.selection.year}),
        (_("统计范围"), scope or _("全部")),
        (_("填报时间"), made),
        (_("培训人次"), _("%(count)s 人次") % {"count": f"{whole.person_times:,}"}),
        (_("培训人数"), people),
        (
            _("班次、场次"),
            _("%(runs)d 期，%(sessions)d 场") % {"runs": whole.runs, "sessions": whole.sessions},
        ),
        (_("发证数"), _("%(count)s 本") % {"count": f"{whole.certificates:,}"}),
        (_("填表人"), str(report.made_by or "")),
        (_("审核人"), ""),
        (_("单位负责人"), ""),
        (_("盖章"), ""),
    ]


def rules() -> list[str]:
    return [
        _(
            "人次：按期计的项目，每人每期计 1 人次；按场计的项目和单独举办的讲座，每人每场计 1 人次，"
            "有到场人数的按到场人数，没有的按签到人数；按场计的班次没有登记课次的，每人计 1 人次。"
        ),
        _("未参训、退学、未录取的不计人次；参加了培训但考核不合格的计人次。已取消的班次和课次不计。"),
        _("人数：按人去重，每个范围重新统计，各行不能相加；讲座只有到场人数的不计入人数，写“—”。"),
        _(
            "期数、场次：有人参训或已办课次的班次数；已举办的课次数。班次年度按主办单位的设置登记，登记后不变。"
        ),
        _("县市区：每条参训记录、每场讲座只属于一个县市区或园区；一个班次在有学员的每个县市区各计一期。"),
        _("综合项目含其下各项目，合计不重复。其中女性按人次计，性别不详的不计。"),
        _(
            "总学时为授予学时之和；人均学时＝总学时÷人数；合格率＝合格人数÷有考核结果的人次，合格人数按人次计。"
        ),
        _("发证数按发证年度计，作废的不计，补发、换发的不重复计。"),
        _("完成率＝完成÷目标，可以超过 100%；同比＝（本年人次－上年人次）÷上年人次。"),
        _("0 表示没有，“—”表示不适用或无法统计。身份证号和电话只显示前 3 位和后 4 位。"),
    ]
