"""Which field a heading stands for."""

import re
from functools import lru_cache

from ledgers.columns import BY_KEY, COLUMNS, plain_heading
from ledgers.columns.column import words

SERIAL_HEADINGS = frozenset(words("序号 序 序列 序列号 顺序号 行号 NO No no NO. No. no."))
KNOWN_IGNORED = frozenset(
    words(
        "银行卡号 银行账号 银行帐号 开户行 开户银行 社保卡号 补贴金额 补贴标准 补贴 金额 人员类别 人群类别 "
        "人员类型 人员身份 学员类别 学员类型 统一社会信用代码 信用代码 年龄 周岁 民族 政治面貌 党派 籍贯 "
        "签名 签字 本人签名 照片 血型 健康状况 婚姻状况 家庭住址 户籍地址 户籍地 邮箱 电子邮箱"
        "微信 微信号 QQ 编号"
    )
)
_FAMILY_HEADS = {
    "scores": frozenset(words("成绩 考试成绩 考核成绩 考核 鉴定成绩 分数 得分 考试 考评成绩 考核分数")),
    "hours": frozenset(words("培训时长 学时分配 课时分配 学时情况 其中学时 学时构成")),
    "dates": frozenset(words("培训起止 起止 培训起讫时间 起讫时间")),
    "headcount": frozenset(words("参加人员 参与人员 参加情况 人员情况")),
}


def _by_heading() -> dict[str, str]:
    found: dict[str, str] = {}
    for column in COLUMNS:
        for word in (column.heading, *column.synonyms):
            if found.setdefault(plain_heading(word), column.key) != column.key:
                raise ValueError(f"{word} stands for two columns")
    return found


KEY_BY_HEADING = _by_heading()
_PATTERNS = tuple((re.compile(column.pattern), column.key) for column in COLUMNS if column.pattern)


@lru_cache(maxsize=4096)
def _key_of(heading: str) -> str:
    """The key for one text, by the lists first and the patterns last."""
    if key := KEY_BY_HEADING.get(heading):
        return key
    if len(heading) > 20 or ":" in heading or heading in KNOWN_IGNORED:
        return ""
    return next((key for pattern, key in _PATTERNS if pattern.fullmatch(heading)), "")


def _family_of(heading: str) -> str:
    for family, heads in _FAMILY_HEADS.items():
        if heading in heads:
            return family
    key = _key_of(heading)
    return BY_KEY[key].family if key else ""


def _below(*, upper: str, lower: str) -> str:
    """The key for a lower heading that has its meaning from the text above it, or ""."""
    family = _family_of(upper)
    for column in COLUMNS if family else ():
        if column.family == family and lower in column.below:
            return column.key
    return ""


def key_for(texts: tuple[str, ...]) -> str:
    """The key of a heading given as its plain texts from top to bottom, or "" where nothing is made of it."""
    if not texts:
        return ""
    lower = texts[-1]
    if len(texts) == 1:
        return _key_of(lower)
    upper = texts[-2]
    listed = KEY_BY_HEADING.get("".join(texts)) or KEY_BY_HEADING.get(upper + lower)
    return listed or _below(upper=upper, lower=lower) or _key_of(lower) or _key_of(upper + lower)


def is_known(texts: tuple[str, ...]) -> bool:
    """True for a heading that a ledger may well have, read or not."""
    return bool(key_for(texts)) or (bool(texts) and texts[-1] in KNOWN_IGNORED | SERIAL_HEADINGS)
