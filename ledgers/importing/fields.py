"""The stored values that a row stands for."""

from __future__ import annotations

import datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from courses.models import Enrolment, Session
from courses.models.enrolments import HOUR_KINDS
from ledgers.columns import BY_KEY, HOURS_KINDS
from ledgers.importing.outcomes import Outcome, Terms
from ledgers.reading import Table
from ledgers.reading.persons import shown_phone

# Words in an assessment column that say that the person was not there: no 人次.
NO_SHOW = ("未参训", "未参加", "未到", "未报到", "缺训", "缺席", "未培训")
WITHDRAWN = ("退学", "退训", "退出", "中途退")
COMPARED = (
    *("name", "employer", "position", "level", "district_id", "state", "assessment", "assessment_words"),
    *("hours", "particulars", *(f"hours_{kind}" for kind in HOUR_KINDS)),
)
LABELS = {
    "district_id": BY_KEY["district"].heading,
    "hours_general": _("未分类学时"),
    "certificate": BY_KEY["certificate_number"].heading,
    "certificate_title": BY_KEY["certificate_name"].heading,
    "starts_on": BY_KEY["start"].heading,
    "ends_on": BY_KEY["end"].heading,
    "assessment": _("是否合格"),
    "assessment_words": BY_KEY["assessment"].heading,
    "speaker": BY_KEY["teacher"].heading,
    "identity": _("身份标识"),
    "alias": _("曾用名"),
    "state": _("状态"),
    "particulars": _("其他信息"),
    # Of a stored certificate.
    "number": BY_KEY["certificate_number"].heading,
    "number_key": BY_KEY["certificate_number"].heading,
    "title": BY_KEY["certificate_name"].heading,
    "issued_on": BY_KEY["certificate_day"].heading,
    "issuer_id": BY_KEY["certificate_issuer"].heading,
    "year": _("统计年度"),
}
# Stored words whose meaning is a choice. No two of these models use one word for two things.
CHOICES: dict[str, Any] = {
    **dict(Enrolment.State.choices),
    **dict(Session.State.choices),
    **dict(Enrolment.Assessment.choices),
}


def label_of(name: str) -> str:
    """What the user calls a field of an enrolment, a session, a certificate or a run."""
    return str(LABELS[name] if name in LABELS else BY_KEY[name].heading)


# What a column 参训状态 says.
STATUSES = {
    "在训": Enrolment.State.ATTENDING,
    "培训中": Enrolment.State.ATTENDING,
    "结业": Enrolment.State.COMPLETED,
    "已结业": Enrolment.State.COMPLETED,
    "未结业": Enrolment.State.NOT_COMPLETED,
    "未参训": Enrolment.State.NO_SHOW,
    "退学": Enrolment.State.WITHDRAWN,
}


@lru_cache(1000)
def state_of(status: str, assessment: str, words: str, over: bool) -> str:
    """A ledger is written after the fact: who is in it took part, unless its words say otherwise."""
    if status in STATUSES:
        return STATUSES[status]
    if any(word in words for word in NO_SHOW):
        return Enrolment.State.NO_SHOW
    if any(word in words for word in WITHDRAWN):
        return Enrolment.State.WITHDRAWN
    if assessment == Enrolment.Assessment.FAILED:
        return Enrolment.State.NOT_COMPLETED
    return Enrolment.State.COMPLETED if assessment or over else Enrolment.State.ATTENDING


def of_enrolment(outcome: Outcome, *, today: datetime.date) -> dict[str, Any]:
    """Every field of the enrolment that this row would make."""
    row = outcome.row
    over = not (row.end and row.end > today)
    values: dict[str, Any] = {
        "name": row.name,
        "employer": row.employer,
        "position": row.position,
        "level": row.level,
        "district_id": outcome.district.pk if outcome.district else None,
        "state": state_of(row.status, row.assessment, row.assessment_text, over),
        "assessment": row.assessment,
        "assessment_words": row.assessment_text,
        "hours": row.total_hours,
        "particulars": dict(row.particulars),
    }
    return values | {f"hours_{kind}": row.hours.get(kind) for kind in HOUR_KINDS}


def of_session(outcome: Outcome, *, today: datetime.date) -> dict[str, Any]:
    """Every field of the lecture's session that this row would make."""
    row = outcome.row
    return {
        "district_id": outcome.district.pk if outcome.district else None,
        "headcount": row.headcount,
        "women": row.women,
        "elders": row.elders,
        "speaker": row.teacher,
        "note": row.particulars.get("note", ""),
        "place": row.place,
        "state": Session.State.HELD if row.start and row.start <= today else Session.State.PLANNED,
    }


def enrolment_changes(
    stored: Any, values: dict[str, Any], *, given: frozenset[str]
) -> dict[str, tuple[Any, Any]]:
    """Fields that differ. A column that the ledger does not have changes nothing."""
    changes = {}
    for name in given_names(given):
        old, new = getattr(stored, name), values[name]
        if old == new:
            continue
        if name == "particulars":
            new = old | {key: text for key, text in new.items() if is_news(key, old, text)}
        if old != new and not is_alike(old, new):
            changes[name] = (old, new)
    if "hours" not in changes and all(getattr(stored, f"hours_{kind}") is None for kind in HOUR_KINDS):
        changes.pop("hours_general", None)  # hours whose kinds nobody noted are of no kind
    if "assessment" not in changes and stored.assessment and not stored.assessment_words:
        changes.pop("assessment_words", None)  # words for what stands already
    return changes


def is_news(key: str, old: dict[str, str], text: str) -> bool:
    """Who issued a certificate stands with the certificate and is compared there."""
    return key != "certificate_issuer" and not is_alike(old.get(key), text)


def is_alike(old: Any, new: Any) -> bool:
    """Texts that differ in white space only, of which a ledger's cell keeps single blanks, are one."""
    return isinstance(old, str) and isinstance(new, str) and old.split() == new.split()


def session_changes(stored: Session, values: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        name: (getattr(stored, name), new)
        for name, new in values.items()
        if new not in (None, "") and getattr(stored, name) != new
    }


@cache
def given_names(given: frozenset[str]) -> tuple[str, ...]:
    """The fields of an enrolment of which the ledger has the column."""
    return tuple(name for name in COMPARED if is_given(name, given))


def is_given(name: str, given: frozenset[str]) -> bool:
    """Whether the ledger has the column of an enrolment's field. Hours stand together."""
    if name == "state":
        return bool(given & {"assessment", "status"})
    if name in ("assessment", "assessment_words"):
        return "assessment" in given
    if name.startswith("hours"):
        return bool(given & {"hours", "hours_total", "days", *HOURS_KINDS})
    return name in ("name", "district_id", "particulars") or name in given


def given_by(table: Table, terms: Terms) -> frozenset[str]:
    """The columns that a table has, with those that were filled in for all of its rows."""
    return frozenset({column.key for column in table.columns} | set(terms.constants))


def in_words(changes: dict[str, tuple[Any, Any]], districts: dict[int, str]) -> list[dict[str, str]]:
    """Changes for the preview: label, old and new as text, in the words of the pages."""
    words = []
    for name, (old, new) in changes.items():
        if name == "particulars":
            words += [
                {"label": BY_KEY[key].heading, "old": old.get(key, ""), "new": text}
                for key, text in new.items()
                if old.get(key, "") != text
            ]
        elif name == "district_id":
            texts = districts.get(old, ""), districts.get(new, "")
            words.append(dict(zip(("label", "old", "new"), (label_of(name), *texts), strict=True)))
        elif name == "phone":
            words.append({"label": label_of(name), "old": shown_phone(old), "new": shown_phone(new)})
        elif not is_told_already(name, changes):
            words.append({"label": label_of(name), "old": as_text(old), "new": as_text(new)})
    return words


def is_told_already(name: str, changes: dict[str, tuple[Any, Any]]) -> bool:
    """Beside the word of the file 合格 tells nothing new, nor do the hours of no kind beside the total."""
    if name == "hours_general":
        return bool(changes.get("hours") == changes[name])
    if name == "assessment" and "assessment_words" in changes:
        return bool(as_text(changes[name][1]) == changes["assessment_words"][1])
    return False


def as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(CHOICES.get(value, value)) if isinstance(value, str) else str(value)
