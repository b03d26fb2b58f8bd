"""From which state an enrolment may be moved, and what is said where it may not."""

from __future__ import annotations

from django.utils.translation import gettext as _

from courses.models import ClassRun, Enrolment

State = Enrolment.State


class CannotEnrol(Exception):
    """A deed of enrolling that is not possible, or not now. Its text is for the user."""


ADMIT, REJECT, WITHDRAW, REINSTATE = "admit", "reject", "withdraw", "reinstate"
# What a deed may be done to. Where it leads is told by the deed: a seat is given by `seats.promote` alone.
FROM: dict[str, frozenset[str]] = {
    ADMIT: frozenset({State.APPLIED}),
    REJECT: frozenset({State.APPLIED, State.WAITING}),
    WITHDRAW: frozenset({State.APPLIED, State.WAITING, State.ADMITTED, State.ATTENDING}),
    REINSTATE: frozenset({State.REJECTED, State.WITHDRAWN, State.NO_SHOW}),
}
# What an officer may make of who is in a class when it ends.
ENDS = (State.COMPLETED, State.NOT_COMPLETED, State.NO_SHOW, State.WITHDRAWN)
NEEDS_REASON = (REJECT, WITHDRAW)


def demand_open(run: ClassRun) -> None:
    """Raises `CannotEnrol` where nobody can be moved in the run any more."""
    if run.state == ClassRun.State.CANCELLED:
        raise CannotEnrol(_("这个班次已取消，不能再办理报名录取。"))
    if run.state == ClassRun.State.FINISHED:
        raise CannotEnrol(_("这个班次已办理结业。如确需调整学员，请先撤回结业。"))


def demand_movable(enrolment: Enrolment, move: str, *, reason: str = "") -> None:
    """Raises `CannotEnrol` where `move` does not start from this enrolment's state, or lacks its reason."""
    if enrolment.state not in FROM[move]:
        words = sentence(move) % {"name": enrolment.name, "state": enrolment.get_state_display()}
        raise CannotEnrol(words)
    if move in NEEDS_REASON and not reason.strip():
        raise CannotEnrol(_("请写明原因。"))


def sentence(move: str) -> str:
    """Why `move` is not possible, with places for the name and the present state."""
    return {
        ADMIT: _("%(name)s现在是“%(state)s”，只有“已报名”的可以录取；候补的会在有空位时依次递补。"),
        REJECT: _("%(name)s现在是“%(state)s”，只有“已报名”和“候补”的可以不予录取；已录取的请办理退学。"),
        WITHDRAW: _("%(name)s现在是“%(state)s”，不能办理退学。"),
        REINSTATE: _("%(name)s现在是“%(state)s”，只有未录取、退学和未参训的可以恢复。"),
    }[move]
