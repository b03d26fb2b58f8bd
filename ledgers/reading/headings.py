"""Which field a heading stands for."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from ledgers.columns import BY_KEY, COLUMNS, plain_heading
from ledgers.columns.column import words

# Plain heading → key of a field, "" for a column that is not read. It goes before the table of columns.
Headings = Mapping[str, str]
NO_HEADINGS: Headings = {}
ANCHORS = ("name", "headcount")

SERIAL_HEADINGS = frozenset(words("序号 序 序列 序列号 顺序号 行号 NO No no NO. No. no."))
KNOWN_IGNORED = frozenset(
    words(
        "银行卡号 银行账号 银行帐号 开户行 开户银行 社保卡号 补贴金额 补贴标准 补贴 金额 人员类别 人群类别 "
        "人员类型 人员身份 学员类别 学员类型 统一社会信用代码 信用代码 年龄 周岁 民族 政治面貌 党派 籍贯 "
        "签名 签字 本人签名 照片 血型 健康状况 婚姻状况 家庭住址 户籍地址 户籍地 邮箱 电子邮箱"
        "微信 微信号 QQ 编号"
    )
)
# The heading of the column in which a ledger that is given back says what is wrong. The signs that nobody
# sees tell it from a column 问题 of the bureau's own; saved in GBK they become question marks.
GIVEN_BACK = "问题\u200b\u200c\u200b"
_OURS = (GIVEN_BACK, "问题???")
_FAMILY_HEADS = {
    "scores": frozenset(words("成绩 考试成绩 考核成绩 考核 鉴定成绩 分数 得分 考试 考评成绩 考核分数")),
    "hours": frozenset(words("培训时长 学时分配 课时分配 学时情况 其中学时 学时构成")),
    "dates": frozenset(words("培训起止 起止 培训起讫时间 起讫时间")),
    "headcount": frozenset(words("参加人员 参与人员 参加情况 人员情况")),
}


def is_given_back(cell: object) -> bool:
    """True for the heading of our own column, which is never read."""
    return isinstance(cell, str) and cell.strip() in _OURS


def _by_heading() -> dict[str, str]:
    found: dict[str, str] = {}
    for column in COLUMNS:
        for word in (column.heading, *column.synonyms):
            if found.setdefault(plain_heading(word), column.key) != column.key:
                raise ValueError(f"{word} stands for two columns")
    return found


KEY_BY_HEADING = _by_heading()
ANCHORS = ("name", "headcount")
_ANCHOR_HINT = re.compile("姓名|人数|人次")
_PATTERNS = tuple((re.compile(column.pattern), column.key) for column in COLUMNS if column.pattern)


@lru_cache(maxsize=4096)
def _guess(heading: str) -> str:
    """The key for a text that is in no list."""
    if len(heading) > 20 or ":" in heading or heading in KNOWN_IGNORED:
        return ""
    return next((key for pattern, key in _PATTERNS if pattern.fullmatch(heading)), "")


def _family_of(heading: str) -> str:
    for family, heads in _FAMILY_HEADS.items():
        if heading in heads:
            return family
    key = KEY_BY_HEADING.get(heading) or _guess(heading)
    return BY_KEY[key].family if key else ""


def _below(*, upper: str, lower: str) -> str:
    """The key for a lower heading that has its meaning from the text above it, or ""."""
    family = _family_of(upper)
    for column in COLUMNS if family else ():
        if column.family == family and lower in column.below:
            return column.key
    return ""


@lru_cache(maxsize=4096)
def _listed_key(texts: tuple[str, ...]) -> str:
    """The key for a heading whose words are in the table of columns."""
    lower = texts[-1]
    if len(texts) == 1:
        return KEY_BY_HEADING.get(lower, "")
    upper = texts[-2]
    joined = KEY_BY_HEADING.get("".join(texts)) or KEY_BY_HEADING.get(upper + lower)
    return joined or _below(upper=upper, lower=lower) or KEY_BY_HEADING.get(lower, "")


def paths_of(columns: Sequence[tuple[str, ...]]) -> list[str]:
    """What each heading is called in `Headings`: its plain texts from top to bottom.

    The second column of the same heading has `#2`; one without a heading is known by its place.
    """
    seen: Counter[str] = Counter()
    paths = []
    for at, texts in enumerate(columns, start=1):
        path = " ".join(texts) or f"第{at}列"
        seen[path] += 1
        paths.append(path if seen[path] == 1 else f"{path}#{seen[path]}")
    return paths


def has_no_heading(path: str) -> bool:
    return re.fullmatch(r"第\d+列", path) is not None


def fingerprint(columns: Iterable[tuple[str, ...]]) -> str:
    """The same for every header with these plain headings in this order, wherever it stands."""
    text = "\x1f".join(" ".join(texts) for texts in columns if texts)
    return hashlib.sha256(text.encode()).hexdigest()


def _told(headings: Headings, path: str) -> str | None:
    key = headings.get(path)
    return headings.get(path.partition("#")[0]) if key is None else key


def keys_for(columns: Sequence[tuple[str, ...]], *, headings: Headings = NO_HEADINGS) -> list[str]:
    """The key of each heading, given as its plain texts from top to bottom; "" where nothing is made of it.

    A heading that only resembles a field's words counts where no other column has the very words: beside 姓名
    a column 孩子姓名 is somebody else's.
    """
    told = [_told(headings, path) for path in paths_of(columns)] if headings else [None] * len(columns)
    keys = [
        (_listed_key(texts) if texts else "") if key is None else key
        for texts, key in zip(columns, told, strict=True)
    ]
    listed = set(keys)
    for at, texts in enumerate(columns):
        if texts and not keys[at] and told[at] is None:
            guessed = headings.get(texts[-1]) or _guess(texts[-1])
            guessed = guessed or (_guess(texts[-2] + texts[-1]) if len(texts) > 1 else "")
            keys[at] = "" if guessed in listed else guessed
    return keys


def anchor_words() -> list[str]:
    """The headings of which a table must have one, and the words that one in no list ends with."""
    return [word for word, key in KEY_BY_HEADING.items() if key in ANCHORS] + ["姓名", "人数", "人次"]


def is_anchor(heading: str) -> bool:
    """True where a row with this heading may be a header."""
    key = KEY_BY_HEADING.get(heading) or (_guess(heading) if _ANCHOR_HINT.search(heading) else "")
    return key in ANCHORS


def anchors_of(headings: Headings) -> frozenset[str]:
    """The plain texts that make a row a header only because of `headings`."""
    return frozenset(
        path.partition("#")[0].split(" ")[-1] for path, key in headings.items() if key in ANCHORS
    )


def is_commonly_ignored(texts: tuple[str, ...]) -> bool:
    """True for a heading that many ledgers have and that is never read."""
    return bool(texts) and texts[-1] in KNOWN_IGNORED | SERIAL_HEADINGS
