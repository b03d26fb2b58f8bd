"""What a column may mean: guessed by what its heading resembles and by what its values look like."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from learners import id_numbers
from ledgers.columns import COLUMNS, plain_heading
from ledgers.reading.cells import folded, is_blank, text_of
from ledgers.reading.dates import parse_span
from ledgers.reading.headings import KNOWN_IGNORED, SERIAL_HEADINGS
from ledgers.reading.persons import parse_gender, parse_phone
from ledgers.reading.results import Cell

SAMPLE = 20
_ORDER = {column.key: at for at, column in enumerate(COLUMNS)}
LIKELY, POSSIBLE = 0.75, 0.45
_LEAST_LIKENESS = 0.5
_MOST = 0.6
_GROWN_UP = 2010  # whoever is trained was born before; no ledger of trainings is as old

# The surnames of nine in ten people.
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔"
    "钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤文易欧阳涂庞"
    "颜庄聂章鲁齐安殷伍申葛翟施牛柳祝单左柴樊谷凌成霍温季耿康辛焦游童柯鲍毕纪裴宁岳尤倪萧冉邢测"
)
_NAME = re.compile(r"[\u3400-\u9fff\U00020000-\U0002ebef]{2,4}|[\u3400-\u9fff]+(?:[·•・．][\u3400-\u9fff]+)+")
_HOURS = re.compile(r"\d{1,3}(?:\.\d)?个?(?:学时|课时)")
_DAYS = re.compile(r"(?:\d{1,2}(?:\.5)?|[半一两二三四五])天(?:半)?")
_ASSESSED = re.compile(r"(?:考核|考试)?[不未]?(?:合格|及格|通过|结业)|优秀|良好|缺考")
_CERTIFICATE = re.compile(r".*[〔\[(]\d{4}[〕\])].*\d.*|.*\d号|[A-Z]{0,4}\d{10,16}")
_SCHOOLING = re.compile(
    r"(?:小学|初中|高中|中专|中技|职高|大专|专科|本科|大学|研究生|硕士|博士)(?:学历|及以下)?"
)
_EMPLOYER = re.compile(
    r".*(?:学校|小学|中学|[一二三四五六七八九十]中|大学|学院|幼儿园|公司|企业|厂|局|院|站|所|中心|合作社|协会|医院|"
    r"办事处|委员会|党校|农场|政府)"
)
_RUN = re.compile(r".*(?:第.{1,4}期|培训班|研修班|班次|进修班|轮训班).*")
_DISTRICT = re.compile(r".{2,4}(?:县|区|市)")
_TOWN = re.compile(r".{1,6}(?:镇|乡|街道)")
_VILLAGE = re.compile(r".{1,8}(?:村|社区|村.{1,3}组)")
_GRADE = re.compile(r"(?:[一二三四五]级)?/?(?:初级|中级|高级)工?|[一二三四五]级(?:工)?|技师|高级技师")
_TITLE = re.compile(
    r"(?:[一二三]级|高级|中级|初级|正高级|副高级?|助理)(?:教师|工程师|农艺师|讲师|经济师)|(?:副)?教授|讲师"
)


@dataclass(frozen=True, slots=True)
class Guess:
    """The key of a field, or "", and how sure that is, from 0 to 1."""

    key: str = ""
    sure: float = 0.0


def _year(cell: Cell) -> int | None:
    """The year of a cell that is one date."""
    span = parse_span(cell, year=None) if not isinstance(cell, bool | int | float) else None
    if span:
        return span[0].year
    found = re.match(r"(19[3-9]\d|20[0-4]\d)(?:年|[./-])\d{1,2}(?:月|$)", folded(text_of(cell)))
    return int(found[1]) if found else None


def _is_date(cell: Cell) -> bool:
    return (_year(cell) or 0) >= _GROWN_UP


def _is_birth(cell: Cell) -> bool:
    if isinstance(cell, date | datetime):
        return cell.year < _GROWN_UP
    found = re.match(r"(19[3-9]\d|200\d)(?:[年./-]|\d{2,4}$|$)", folded(text_of(cell)))
    return found is not None


def is_id_number(cell: Cell) -> bool:
    """A valid number, or a number cell that was one: of the right length, with a day of birth in it."""
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        digits = str(int(cell)) if 1e17 <= cell < 1e18 else ""
        return bool(digits) and (born := id_numbers.birth(digits)) is not None and 1900 <= born.year <= 2100
    return isinstance(cell, str) and len(cell) < 40 and id_numbers.fault(id_numbers.normalise(cell)) is None


def _is_phone(cell: Cell) -> bool:
    number, fine = parse_phone(cell)
    return fine and len(number) >= 11


def _is_name(cell: Cell) -> bool:
    text = "".join(text_of(cell).split())
    return text[:1] in _SURNAMES and _NAME.fullmatch(text) is not None


def _matches(pattern: re.Pattern[str]) -> Callable[[Cell], bool]:
    return lambda cell: pattern.fullmatch(folded(text_of(cell))) is not None


# How far values alone speak for a field. Of several that fit, the first counts.
_TESTS: tuple[tuple[str, float, Callable[[Cell], bool]], ...] = (
    ("id_number", 0.98, is_id_number),
    ("phone", 0.9, _is_phone),
    ("gender", 0.9, lambda cell: bool(parse_gender(cell))),
    ("birth", 0.6, _is_birth),
    ("dates", 0.65, _is_date),
    ("hours", 0.8, _matches(_HOURS)),
    ("days", 0.6, _matches(_DAYS)),
    ("assessment", 0.8, _matches(_ASSESSED)),
    ("education", 0.8, _matches(_SCHOOLING)),
    ("grade", 0.7, _matches(_GRADE)),
    ("title", 0.7, _matches(_TITLE)),
    ("certificate_number", 0.7, _matches(_CERTIFICATE)),
    ("run", 0.7, _matches(_RUN)),
    ("employer", 0.65, _matches(_EMPLOYER)),
    ("town", 0.65, _matches(_TOWN)),
    ("village", 0.65, _matches(_VILLAGE)),
    ("district", 0.55, _matches(_DISTRICT)),
    ("name", 0.75, _is_name),
)
# Fields whose values have a shape: a heading alone does not make a column of other values one of them.
_SHAPED = frozenset({"id_number", "phone", "gender", "birth", "dates", "certificate_number"})


def sample_of(rows: Iterable[Sequence[Cell]], at: int) -> list[Cell]:
    """The cells of one column that hold something."""
    return [row[at] for row in rows if at < len(row) and not is_blank(row[at])]


def by_values(cells: Sequence[Cell]) -> dict[str, float]:
    """Key → how sure, for the fields that most of these values look like."""
    found = {}
    for key, weight, test in _TESTS if cells else ():
        share = sum(map(test, cells)) / len(cells)
        if share > _MOST:
            found[key] = weight * share
    return found


def mostly_id_numbers(cells: Sequence[Cell]) -> bool:
    return bool(cells) and sum(map(is_id_number, cells)) > len(cells) / 2


@lru_cache(maxsize=4096)
def by_heading(heading: str) -> tuple[tuple[str, float], ...]:
    """Key → how much this plain heading resembles the field's words, for those that it resembles at all."""
    if not heading or heading in KNOWN_IGNORED | SERIAL_HEADINGS:
        return ()
    own = Counter(heading)
    best = ((key, max(_likeness(own, word) for word in known)) for key, known in _words())
    return tuple((key, likeness) for key, likeness in best if likeness >= _LEAST_LIKENESS)


@lru_cache(maxsize=1)
def _words() -> tuple[tuple[str, tuple[Counter[str], ...]], ...]:
    return tuple(
        (column.key, tuple(Counter(plain_heading(word)) for word in (column.heading, *column.synonyms)))
        for column in COLUMNS
    )


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """The share of the characters that two words have in common (Dice)."""
    common = sum(min(count, other[char]) for char, count in one.items())
    return 2 * common / (one.total() + other.total())


def counts_rows(cells: Sequence[Cell]) -> bool:
    """Numbers that go up by one: a serial number, whatever its heading."""
    texts = [text_of(cell) for cell in cells]
    if len(texts) < 3 or not all(text.isascii() and text.isdecimal() and len(text) < 7 for text in texts):
        return False
    numbers = list(map(int, texts))
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def are_heads(cells: Sequence[Cell]) -> bool:
    """Whole numbers that may be how many came."""
    texts = [text_of(cell) for cell in cells]
    return bool(texts) and all(text.isascii() and text.isdecimal() and len(text) < 6 for text in texts)


def guesses(heading: str, cells: Sequence[Cell]) -> list[Guess]:
    """What a column under this plain heading may be, the surest first."""
    if counts_rows(cells):
        return []
    values = by_values(cells)
    words = dict(by_heading(heading))
    found = []
    for key in {*values, *words}:
        likeness, shape = words.get(key, 0.0), values.get(key, 0.0)
        if key in _SHAPED and cells and not shape:
            likeness /= 2
        found.append(Guess(key, round(1 - (1 - 0.8 * likeness) * (1 - shape), 3)))
    found.sort(key=lambda guess: (-guess.sure, guess.key))
    return found


def best_guesses(columns: Sequence[tuple[str, Sequence[Cell]]], *, taken: Iterable[str]) -> list[Guess]:
    """One guess for each column (plain heading, cells); no field twice, nor one of those that are `taken`."""
    found = [guesses(heading, cells) for heading, cells in columns]
    offers = [(guess, at) for at, some in enumerate(found) for guess in some if guess.sure >= POSSIBLE]
    offers.sort(key=lambda offer: (-offer[0].sure, offer[1], _ORDER[offer[0].key]))
    best = [Guess()] * len(columns)
    used = set(taken)
    for guess, at in offers:
        if guess.key not in used and not best[at].key:
            best[at] = guess
            used.add(guess.key)
    return best
