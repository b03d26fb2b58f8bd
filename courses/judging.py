"""What becomes of a mark that arrives beside others: the rule of conflicts, without a database.

It looks at what the marks say and saw, never at the order in which they arrive, so that two phones come to
the same end whichever is back in the network first. See docs/decisions/0009-offline-marks.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from courses.models import Attendance, Mark

Outcome = Mark.Outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to become of a mark; `why` is for its user, empty where nothing needs telling."""

    outcome: str
    why: str = ""


def judge(mark: Mark, standing: Attendance | None, others: Sequence[Mark]) -> Verdict:
    """The verdict on `mark`, where `standing` is written and `others` of this person have arrived before.

    `others` are those of the same session and person that were not refused.
    """
    if any(is_after(other, mark) for other in others if other.hand == mark.hand):
        return Verdict(Outcome.SAME, _("同一部手机上后来又点过，以后来的为准。"))
    if standing is None:
        return Verdict(Outcome.WRITTEN)
    if mark.agrees_with(standing):
        return Verdict(Outcome.SAME)
    verdict = beside_what_stands(mark, standing, others)
    rivals = [head for head in heads(others) if head.hand != mark.hand and head.agrees_with(standing)]
    unknown = [rival for rival in rivals if not knew(mark, rival) and not knew(rival, mark)]
    if verdict.outcome == Outcome.CONFLICT or unknown:
        return Verdict(Outcome.CONFLICT, conflict_with(standing))
    if any(knew(rival, mark) for rival in rivals):
        return Verdict(Outcome.SAME, _("之后另有人看到这一状态并改过，以后改的为准。"))
    return verdict


def beside_what_stands(mark: Mark, standing: Attendance, others: Sequence[Mark]) -> Verdict:
    """Beside an attendance that came by no mark (a form, a code, an officer): newer by the same person wins,
    and so does who saw it. One that came by a mark is left to the comparison of the marks.
    """
    if any(wrote(other, standing) for other in others):
        return Verdict(Outcome.WRITTEN)
    if standing.noted_by_id == mark.user_id and mark.user_id is not None:
        if standing.marked_at > mark.marked_at:
            return Verdict(Outcome.SAME, _("您后来另外登记过，以后来的为准。"))
        return Verdict(Outcome.WRITTEN)
    return Verdict(Outcome.WRITTEN if mark.seen == standing.state else Outcome.CONFLICT)


def knew(one: Mark, other: Mark) -> bool:
    """Whether `one` was made later, by somebody who saw what `other` says."""
    return one.seen == other.state and one.marked_at > other.marked_at


def is_after(one: Mark, other: Mark) -> bool:
    """On the same phone. Its own count tells, since its clock may be set back."""
    return (one.number, one.marked_at, one.key) > (other.number, other.marked_at, other.key)


def heads(marks: Iterable[Mark]) -> list[Mark]:
    """The last mark of each hand."""
    last: dict[object, Mark] = {}
    for mark in marks:
        if mark.hand not in last or is_after(mark, last[mark.hand]):
            last[mark.hand] = mark
    return list(last.values())


def wrote(mark: Mark, standing: Attendance) -> bool:
    """Whether `standing` is what this mark wrote."""
    return (mark.state, mark.marked_at, mark.user_id) == (
        standing.state,
        standing.marked_at,
        standing.noted_by_id,
    )


def conflict_with(standing: Attendance) -> str:
    return _("另有记录为“%(state)s”，没有覆盖，请核对后确定。") % {"state": standing.get_state_display()}


def overtaken(mark: Mark, standing: Attendance, others: Sequence[Mark]) -> list[Mark]:
    """Open conflicts that `mark` ends: earlier ones of its hand, and those that agree with what stands."""
    waiting = [other for other in others if other.outcome == Outcome.CONFLICT and other.settled_at is None]
    ended = []
    for other in waiting:
        if other.hand == mark.hand and is_after(mark, other):
            other.why = _("同一部手机上后来又点过，以后来的为准。")
        elif other.agrees_with(standing):
            other.why = _("后来的记录与它相同。")
        else:
            continue
        ended.append(other)
    return ended
