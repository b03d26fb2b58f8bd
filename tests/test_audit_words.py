"""A line of the audit has words for people: no key that deeds write stands there in English."""

import ast
from pathlib import Path

from bureaus.models.audit import WORDS, in_words

ROOT = Path(__file__).resolve().parent.parent
APPS = ("bureaus", "learners", "courses", "certificates", "ledgers")


def written_keys():
    """The keys of every dict that is passed as `before` or `after`, as far as they stand there in letters."""
    for app in APPS:
        for file in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.keyword) and node.arg in ("before", "after"):
                    keys = [
                        key for one in ast.walk(node.value) if isinstance(one, ast.Dict) for key in one.keys
                    ]
                    yield from (key.value for key in keys if isinstance(key, ast.Constant))


def test_every_key_has_a_word():
    keys = set(written_keys())
    assert len(keys) > 20
    assert keys - set(WORDS) == set()


def test_of_a_long_list_the_first_are_shown_and_how_many_there_are():
    [(label, text)] = in_words({"numbers": [f"{number}号" for number in range(1, 31)]})
    assert (label, text) == ("证书编号", "、".join(f"{number}号" for number in range(1, 13)) + " 等 30 项")
