"""The designs that come with peixun, by name."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

# The first of each title is also a template from the start; the others are there to begin a new one with.
FILES = {
    "结业证书": "completion.json",
    "合格证书": "passing.json",
    "学时证明": "hours.json",
    "结业证书（竖版）": "completion_portrait.json",
    "合格证书（竖版）": "passing_portrait.json",
}


def title_of(name: str) -> str:
    """What is printed on a certificate of that design."""
    return name.partition("（")[0]


def default_layouts() -> dict[str, dict[str, Any]]:
    """Each as JSON, for `parsing.parse` and for storing as a template's first version."""
    folder = files("certificates").joinpath("layouts")
    return {
        name: json.loads(folder.joinpath(file).read_text(encoding="utf-8")) for name, file in FILES.items()
    }
