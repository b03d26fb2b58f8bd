"""A plan's catalogue file: YAML, read with its line numbers so that a fault can be pointed at."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _


class CatalogueError(Exception):
    """The file cannot be loaded. `line` counts from 1; the text is for the user."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        self.line = line
        super().__init__(
            _("第 %(line)d 行：%(message)s") % {"line": line, "message": message} if line else message
        )


class Entry(dict[str, Any]):
    """A mapping of the file that knows the line on which it starts."""

    line: int = 0

    def need(self, key: str, kind: type | tuple[type, ...] = str) -> Any:
        """The value of `key`; raises `CatalogueError` where it is missing or of another kind."""
        if key not in self:
            raise CatalogueError(_("缺少 %(key)s。") % {"key": key}, line=self.line)
        return self.may(key, kind)

    def may(self, key: str, kind: type | tuple[type, ...] = str, default: Any = None) -> Any:
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, kind):
            raise CatalogueError(
                _("%(key)s 的值不对：%(value)s。") % {"key": key, "value": value}, line=self.line
            )
        return value

    def entries(self, key: str) -> list[Entry]:
        """A list of mappings under `key`; empty where there is none."""
        found = self.may(key, list, [])
        for item in found:
            if not isinstance(item, Entry):
                raise CatalogueError(_("%(key)s 里每一项都要写成“名称: 值”。") % {"key": key}, line=self.line)
        return list(found)

    def names(self, key: str) -> list[str]:
        found = self.may(key, list, [])
        for item in found:
            if not isinstance(item, str) or not item.strip():
                raise CatalogueError(_("%(key)s 里有不是名称的内容。") % {"key": key}, line=self.line)
        return list(found)


class LineLoader(yaml.SafeLoader):
    """Makes `Entry` of each mapping, and refuses a key that stands twice."""

    def construct_entry(self, node: yaml.MappingNode) -> Any:
        entry = Entry()
        entry.line = node.start_mark.line + 1
        yield entry
        for key_node, value_node in node.value:
            key: Hashable = self.construct_object(key_node, deep=True)
            if key in entry:
                line = key_node.start_mark.line + 1
                raise CatalogueError(_("“%(key)s”写了两遍。") % {"key": key}, line=line)
            entry[str(key)] = self.construct_object(value_node, deep=True)


LineLoader.add_constructor("tag:yaml.org,2002:map", LineLoader.construct_entry)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The parts of a catalogue, each an `Entry` or a list of them."""

    plan: Entry
    districts: list[Entry]
    bureaus: Entry
    groups: Entry
    actions: list[Entry]
    others: list[Entry]
    quotas: list[Entry]
    hour_rules: list[Entry]
    requirements: list[Entry]
    large_type: list[str]


def read_catalogue(path: Path) -> Catalogue:
    """Reads and parses the file; raises `CatalogueError`."""
    try:
        root = yaml.load(path.read_text(encoding="utf-8"), Loader=LineLoader)  # noqa: S506 (a SafeLoader)
    except FileNotFoundError as error:
        raise CatalogueError(_("找不到文件 %(path)s。") % {"path": path}) from error
    except UnicodeDecodeError as error:
        raise CatalogueError(_("文件不是 UTF-8 编码，请另存为 UTF-8。")) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise CatalogueError(
            _("不是有效的 YAML：%(problem)s。") % {"problem": error.problem}, line=line
        ) from error
    except yaml.YAMLError as error:
        raise CatalogueError(_("不是有效的 YAML。")) from error
    if not isinstance(root, Entry):
        raise CatalogueError(_("文件里没有方案（plan）。"), line=1)
    return Catalogue(
        plan=root.need("plan", Entry),
        districts=root.entries("districts"),
        bureaus=root.need("bureaus", Entry),
        groups=root.need("groups", Entry),
        actions=root.entries("actions"),
        others=root.entries("others"),
        quotas=root.entries("quotas"),
        hour_rules=root.entries("hour_rules"),
        requirements=root.entries("requirements"),
        large_type=root.names("large_type"),
    )
