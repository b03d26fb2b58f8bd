"""The designs that come with peixun, by the title of their certificate."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

FILES = {"结业证书": "completion.json", "合格证书": "passing.json", "学时证明": "hours.json"}


def default_layouts() -> dict[str, dict[str, Any]]:
    """Each as JSON, for `parsing.parse` and for storing as a template's first version."""
    folder = files("certificates").joinpath("layouts")
    return {
        title: json.loads(folder.joinpath(name).read_text(encoding="utf-8")) for title, name in FILES.items()
    }
