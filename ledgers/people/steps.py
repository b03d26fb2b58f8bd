"""Changes of rows, noted one by one, so that they can be gone back over."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction

Values = dict[str, Any]
MADE, REMOVED, CHANGED = "made", "removed", "changed"
# What becomes of a step that is taken back.
BACK, STAYS, FAILED = "back", "stays", "failed"


def values_of(row: models.Model) -> Values:
    """Every column of the row, foreign keys as ids."""
    return {one.attname: getattr(row, one.attname) for one in row._meta.concrete_fields}


def read_back(model: type[models.Model], name: str, value: Any) -> Any:
    """A value as the field has it, from what JSON kept of it."""
    by_attname = {one.attname: one for one in model._meta.concrete_fields}
    return by_attname[name].to_python(value)


@dataclass(slots=True)
class Steps:
    """What was done, in order. `now` beside `was` tells later whether somebody changed it since."""

    done: list[Values] = field(default_factory=list)

    def note(self, kind: str, row: models.Model, **values: Any) -> None:
        self.done.append({"kind": kind, "model": row._meta.label, "pk": row.pk, **values})

    def change(self, row: models.Model, **new: Any) -> None:
        """Writes past `save`: neither the time of the last change nor anything else moves by itself."""
        was = {name: getattr(row, name) for name in new if getattr(row, name) != new[name]}
        if not was:
            return
        now = {name: new[name] for name in was}
        type(row)._base_manager.filter(pk=row.pk).update(**now)
        for name, value in now.items():
            setattr(row, name, value)
        self.note(CHANGED, row, was=was, now=now)

    def changed_by_others(self, before: models.Model) -> None:
        """Notes what a deed outside changed in this row since it was read."""
        row = type(before)._base_manager.get(pk=before.pk)
        new = values_of(row)
        was = {name: value for name, value in values_of(before).items() if new[name] != value}
        if was:
            self.note(CHANGED, row, was=was, now={name: new[name] for name in was})

    def remove(self, row: models.Model, *, instead: models.Model | None = None) -> None:
        """Deletes the row; what leads to it leads to `instead` from now on, or nowhere."""
        for one in row._meta.related_objects:
            for child in one.related_model._base_manager.filter(**{one.field.name: row.pk}).order_by("pk"):
                self.change(child, **{one.field.attname: instead.pk if instead else None})
        self.note(REMOVED, row, was=values_of(row))
        type(row)._base_manager.filter(pk=row.pk)._raw_delete(using="default")

    def made(self, row: models.Model) -> None:
        self.note(MADE, row)

    def as_text(self) -> str:
        # Not Django's encoder: it cuts microseconds off, and a row must come back as it was.
        return json.dumps(self.done, default=str, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one step: of which kind of row, whether it is back, and why not."""

    model: str
    outcome: str
    why: str = ""


def go_back(text: str) -> list[Taken]:
    """Takes noted steps back, the last first. What somebody changed since stays, and is told."""
    return [take_back(step) for step in reversed(json.loads(text))]


def take_back(step: Values) -> Taken:
    model = apps.get_model(step["model"])
    if step["kind"] == MADE:
        model._base_manager.filter(pk=step["pk"]).delete()
        return Taken(step["model"], BACK)
    if step["kind"] == REMOVED:
        return put_back(model, step["was"])
    return change_back(model, step)


def put_back(model: type[models.Model], was: Values) -> Taken:
    """The removed row anew, with its old id; not where what it belongs to is gone, or its place is taken."""
    row = model(**{name: read_back(model, name, value) for name, value in was.items()})
    for one in model._meta.concrete_fields:
        target = getattr(row, one.attname)
        if one.is_relation and target is not None and not exists(one, target):
            if not one.null:
                return Taken(model._meta.label, FAILED, "gone")
            setattr(row, one.attname, None)
    try:
        with transaction.atomic():
            row.save_base(raw=True, force_insert=True)
    except IntegrityError:
        return Taken(model._meta.label, FAILED, "taken")
    return Taken(model._meta.label, BACK)


def exists(relation: Any, target: Any) -> bool:
    return bool(relation.related_model._base_manager.filter(pk=target).exists())


def change_back(model: type[models.Model], step: Values) -> Taken:
    row = model._base_manager.select_for_update().filter(pk=step["pk"]).first()
    if row is None:
        return Taken(model._meta.label, STAYS, "deleted")
    same = {
        name: read_back(model, name, value)
        for name, value in step["was"].items()
        if getattr(row, name) == read_back(model, name, step["now"][name])
    }
    try:
        with transaction.atomic():
            model._base_manager.filter(pk=row.pk).update(**same)
    except IntegrityError:
        return Taken(model._meta.label, STAYS, "taken")
    whole = len(same) == len(step["was"])
    return Taken(model._meta.label, BACK if whole else STAYS, "" if whole else "changed")
