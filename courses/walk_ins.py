"""Walk-ins (现场登记): who came without being on the list is let in at once and matched to a person later."""

from __future__ import annotations

from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User
from courses.enrolling.moves import CannotEnrol
from courses.enrolling.seats import held
from courses.models import ClassRun, Enrolment, Session
from learners import names
from learners.models import Holder, Learner
from peixun.lib.comparing import comparable


def add_walk_in(session: Session, name: str, *, user: User | None, employer: str = "") -> Enrolment:
    """The enrolment of who walked into `session`, made now unless there is one.

    Somebody of that name and employer whom the run expects already, or who walked into it before, is not
    added again: a mark that is sent twice makes one person. No seat is asked for, since a walk-in is there.
    Raises `CannotEnrol` for a lecture without a run, a cancelled run or no name, and `YearClosed`.
    """
    name, employer = names.normalise(name)[:120], employer.strip()[:200]
    if not name:
        raise CannotEnrol(_("请填写姓名。"))
    if session.run_id is None:
        raise CannotEnrol(_("这是单独的讲座，没有学员名单，请登记参加人数。"))
    with held(session.run_id) as run:
        if run.state == ClassRun.State.CANCELLED:
            raise CannotEnrol(_("这个班次已取消，不能再加入学员。"))
        known = find(run, name, employer)
        return known or add(run, name, employer, user=user)


def find(run: ClassRun, name: str, employer: str) -> Enrolment | None:
    """Who is expected under that name and employer. Without one only an earlier walk-in is the same."""
    for enrolment in run.enrolments.expected().filter(name=name).order_by("pk"):
        same = comparable(enrolment.employer) == comparable(employer)
        if same and (employer or enrolment.to_match):
            return enrolment
    return None


def add(run: ClassRun, name: str, employer: str, *, user: User | None) -> Enrolment:
    learner = Learner.objects.create(name=name)
    Holder.objects.create(learner=learner, bureau=run.bureau)
    enrolment = Enrolment.objects.create(
        run=run,
        learner=learner,
        name=name,
        employer=employer,
        district=run.district,
        came_by=Enrolment.CameBy.WALK_IN,
        to_match=True,
    )
    AuditEvent.record(
        AuditEvent.Deed.ENROLMENT_CHANGED, run, user=user, bureau=run.bureau, after={"walk_ins": 1}
    )
    return enrolment
