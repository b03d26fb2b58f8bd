"""What a form may list, and the fields that its columns may show."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from ledgers.columns import COLUMNS, plain_heading
from ledgers.columns.column import words

SERIAL = "serial"


class Kind(models.TextChoices):
    LEARNERS = "learners", _("学员台账")
    RUNS = "runs", _("班次台账")
    CERTIFICATES = "certificates", _("证书登记")
    GROUPS = "groups", _("汇总（分群体）")
    DISTRICTS = "districts", _("汇总（分县市区）")
    PROGRAMMES = "programmes", _("汇总（分项目）")


@dataclass(frozen=True, slots=True)
class Field:
    """A field, the words that mean it in a header, and whether a line of sums may add it up."""

    key: str
    label: str
    words: tuple[str, ...] = ()
    adds_up: bool = False


def of_words(key: str, label: str, synonyms: str = "", *, adds_up: bool = False) -> Field:
    return Field(key, label, words(synonyms), adds_up)


OF_NO_LEARNER = ("activity", "teacher", "headcount", "women", "elders", "days")
LEARNERS = (
    *(
        Field(column.key, column.heading, column.synonyms, adds_up=column.key.startswith("hours"))
        for column in COLUMNS
        if column.key not in OF_NO_LEARNER
    ),
    of_words("group", "群体", "培训群体 对象群体 人员类别"),
    of_words("bureau", "主办的单位", "主办单位名称"),
    of_words("run_number", "期号", "班次期号"),
)
RUNS = (
    of_words("kind", "类别"),
    of_words("group", "群体", "培训对象 对象"),
    of_words("programme", "项目", "培训项目 项目名称"),
    of_words("run", "班次或讲座", "班次 班次名称 培训班名称 名称 活动名称 班级"),
    of_words("number", "期号", "期次 期数"),
    of_words("bureau", "主办单位", "单位 举办单位 承办单位 责任单位"),
    of_words("district", "县市区", "区县 所属区县"),
    of_words("start", "开始日期", "开班日期 开始时间 开班时间 培训时间"),
    of_words("end", "结束日期", "结业日期 结束时间 结业时间"),
    of_words("place", "地点", "培训地点 举办地点"),
    of_words("sessions", "场次", "次数", adds_up=True),
    of_words("people", "人数", "培训人数 参训人数"),
    of_words("person_times", "人次", "培训人次 参训人次", adds_up=True),
    of_words("women", "其中女性", "女性 女性人次", adds_up=True),
    of_words("hours", "总学时", "学时 学时合计", adds_up=True),
    of_words("passed", "合格人数", "合格 结业人数", adds_up=True),
    of_words("certificates", "发证数", "发证人数 证书数", adds_up=True),
    of_words("carried", "结转"),
    of_words("state", "状态"),
)
CERTIFICATES = (
    of_words("number", "证书编号", "编号 证书号 证书号码"),
    of_words("title", "证书名称", "证书类型 证书类别"),
    of_words("name", "持证人", "姓名 持证人姓名 学员姓名"),
    of_words("programme", "项目", "培训项目 项目名称"),
    of_words("run", "班次", "班次名称 培训班名称"),
    of_words("district", "县市区", "区县"),
    of_words("issuer", "发证单位", "发证机构 颁证单位"),
    of_words("issued_on", "发证日期", "发证时间 颁证日期"),
    of_words("expires_on", "有效期至", "有效期 有效期限"),
    of_words("origin", "来源"),
    of_words("state", "状态"),
)
SUMMARY = (
    of_words("programmes", "项目数", adds_up=False),
    of_words("runs", "期数", "班次数 培训期数 办班期数 期次"),
    of_words("sessions", "场次", "场数 培训场次", adds_up=True),
    of_words("people", "人数", "培训人数 参训人数"),
    of_words("person_times", "人次", "培训人次 参训人次", adds_up=True),
    of_words("women", "其中女性", "女性 女性人次", adds_up=True),
    of_words("hours", "总学时", "学时 学时合计", adds_up=True),
    of_words("hours_each", "人均学时"),
    of_words("passed", "合格人数", "合格 结业人数", adds_up=True),
    of_words("pass_rate", "合格率", "结业率"),
    of_words("certificates", "发证数", "发证人数 证书数", adds_up=True),
    of_words("last_person_times", "上年人次", "去年人次 上年度人次", adds_up=True),
    of_words("year_on_year", "同比", "同比增长 增长率"),
)
FIELDS: dict[str, tuple[Field, ...]] = {
    Kind.LEARNERS: LEARNERS,
    Kind.RUNS: RUNS,
    Kind.CERTIFICATES: CERTIFICATES,
    Kind.GROUPS: (of_words("label", "群体", "培训群体 人群 类别 重点人群"), *SUMMARY),
    Kind.DISTRICTS: (of_words("label", "县市区", "区县 县区 地区 县市区、园区 所属区县"), *SUMMARY),
    Kind.PROGRAMMES: (of_words("label", "项目", "项目名称 培训项目 培训项目名称"), *SUMMARY),
}


def key_of(kind: str, texts: tuple[str, ...]) -> str:
    """The field that a heading means, given its texts from top to bottom; "" where none."""
    by_word = words_of(kind)
    plain = tuple(map(plain_heading, texts))
    for text in ("".join(plain), "".join(plain[-2:]), *plain[-1:]):
        if text in by_word:
            return by_word[text]
    return ""


def words_of(kind: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for field in FIELDS[kind]:
        for word in (field.label, *field.words):
            found.setdefault(plain_heading(word), field.key)
    return found


def adding_up(kind: str) -> frozenset[str]:
    return frozenset(field.key for field in FIELDS[kind] if field.adds_up)


def labels_of(kind: str) -> dict[str, str]:
    return {field.key: field.label for field in FIELDS[kind]}
