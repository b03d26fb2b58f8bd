"""What a column of a ledger is."""

import re
import unicodedata
from dataclasses import dataclass

ALL_GROUPS = ("teachers", "farmers", "workers", "seniors", "cadres")
BY_NAME = ("teachers", "farmers", "workers", "cadres")

_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕|<[^<>]*>|《[^《》]*》|\{[^{}]*\}")
_DROPPED = re.compile(r"[\s*※★\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def plain_heading(text: str) -> str:
    """A heading for comparing: NFKC, without white space, `*`, brackets and what stands in them."""
    plain = _DROPPED.sub("", unicodedata.normalize("NFKC", text))
    while (shorter := _BRACKETED.sub("", plain)) != plain:
        plain = shorter
    return plain


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a ledger row.

    `below` are the words that mean this field in the lower row of a two-row heading whose upper text is of
    the same `family`. `pattern` matches a whole heading that is in no list of synonyms; the first column that
    matches has it. A `particular` is kept with the enrolment as text. `longest` is in characters.
    """

    key: str
    heading: str
    synonyms: tuple[str, ...]
    example: str
    hint: str
    groups: tuple[str, ...] = BY_NAME
    particular: bool = False
    family: str = ""
    below: tuple[str, ...] = ()
    pattern: str = ""
    longest: int = 200
