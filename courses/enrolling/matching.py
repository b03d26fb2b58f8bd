"""Finds out who a walk-in is: a learner who is known, or a new one, told by papers or by the employer."""

from __future__ import annotations

from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User
from courses.enrolling import seats
from courses.enrolling.moves import CannotEnrol
from courses.enrolling.people import IdentityKey, Person, hold, known_to, newest, told_by
from courses.granting import attended_hours, follow
from courses.models import Appeal, Attendance, ClassRun, Enrolment
from courses.models.enrolments import EnrolmentQuerySet
from courses.registering import begin
from learners.models import Identity, Learner
from learners.names import same_name
from peixun.lib.comparing import comparable


def to_match(user: User) -> EnrolmentQuerySet:
    """The walk-ins whom this user may match, those who came first on top."""
    runs = ClassRun.objects.editable_by(user)
    return Enrolment.objects.filter(to_match=True, run__in=runs).order_by("created_at", "pk")


def candidates(user: User, walk_in: Enrolment) -> list[Enrolment]:
    """Everybody of that name whom the user's bureaus know, as enrolled last; the same employer first."""
    found = newest(known_to(user).filter(name=walk_in.name).exclude(learner=walk_in.learner_id))
    employer = comparable(walk_in.employer)
    return sorted(found, key=lambda one: (comparable(one.employer) != employer, -one.pk))


def names_known(user: User, walk_ins: Collection[Enrolment]) -> dict[str, int]:
    """How many learners the user's bureaus know by each of these names. One query."""
    wanted = {one.name for one in walk_ins}
    own = {one.learner_id for one in walk_ins}
    found = known_to(user).filter(name__in=wanted).exclude(learner__in=own).order_by()
    counts = dict.fromkeys(wanted, 0)
    for name, _learner in found.values_list("name", "learner").distinct():
        counts[name] += 1
    return counts


class OtherName(CannotEnrol):
    """The papers are those of somebody who is known under another name only."""


def identify(
    walk_in: Enrolment, identity: IdentityKey, *, user: User, employer: str = "", sure: bool = False
) -> bool:
    """Says by papers or employer who the walk-in is. True where that person is known anywhere in the city.

    A digit that was misread may be another's number: unless one is `sure`, `OtherName` is raised where that
    person has never been written with the walk-in's name. The name itself is told to nobody.

    Else the walk-in becomes a learner with this identity, at `employer` if that was not known. Raises as
    `match` does.
    """
    kind, value, digest = identity
    with seats.held(walk_in.run_id) as run:
        stored = Identity.objects.filter(kind=kind, digest=digest).select_related("learner").first()
        if stored and stored.learner_id != walk_in.learner_id:
            if not sure and not is_called(stored.learner, walk_in.name):
                raise OtherName(
                    _(
                        "这个证件号码在全市已有登记，但登记的姓名不同。请核对号码和姓名；确是同一人的，请勾选后再提交。"
                    )
                )
            match(walk_in, stored.learner, user=user)
            return True
        walk_in = still_to_match(run, walk_in.pk)
        if stored is None:
            try:
                with transaction.atomic():
                    Identity.objects.create(learner=walk_in.learner, kind=kind, value=value, digest=digest)
            except IntegrityError:  # another bureau has met the same person just now
                match(walk_in, Identity.objects.get(kind=kind, digest=digest).learner, user=user)
                return True
            Learner.objects.filter(pk=walk_in.learner_id).update(**told_by(kind, value))
        walk_in.employer = walk_in.employer or employer
        walk_in.to_match = False
        walk_in.save()
        record(run, user)
    return False


def is_called(learner: Learner, name: str) -> bool:
    """Whether the learner has this name, however it is written, or had it before. Two queries."""
    written = Enrolment.objects.filter(learner=learner, to_match=False).order_by()
    known = {learner.name, *written.values_list("name", flat=True)}
    known |= set(learner.aliases.values_list("name", flat=True))
    return any(same_name(name, one) for one in known)


def match(walk_in: Enrolment, learner: Learner, *, user: User) -> Enrolment:
    """The walk-in is `learner`: the enrolment and all that hangs on it become theirs.

    Where the learner is in the run already, the attendances are merged into that enrolment. Raises
    `CannotEnrol` where somebody matched the walk-in before, and `YearClosed`.
    """
    with seats.held(walk_in.run_id) as run:
        walk_in = still_to_match(run, walk_in.pk)
        stranger = walk_in.learner
        stored = run.enrolments.filter(learner=learner).first()
        if stored is None:
            walk_in.learner, walk_in.to_match = learner, False
            walk_in.save()
        else:
            merge(walk_in, stored)
        hold(run.bureau, [Person(walk_in.name, learner=learner.pk)])
        forget(stranger)
        record(run, user)
    return stored or walk_in


def still_to_match(run: ClassRun, pk: int) -> Enrolment:
    found = run.enrolments.filter(pk=pk, to_match=True).select_related("learner").first()
    if found is None:
        raise CannotEnrol(_("这个人已经核对过了。"))
    return found


def merge(walk_in: Enrolment, stored: Enrolment) -> None:
    """Moves what hangs on `walk_in` to `stored` and deletes it. Where both attended, the roster's stays."""
    before = attended_hours([stored.pk])
    known = stored.attendances.values("session")
    walk_in.attendances.exclude(session__in=known).update(enrolment=stored)
    open_appeals = stored.appeals.filter(state=Appeal.State.OPEN).values("session")
    walk_in.appeals.filter(state=Appeal.State.OPEN, session__in=open_appeals).delete()
    for relation in Enrolment._meta.related_objects:
        if relation.related_model is not Attendance:
            rows = relation.related_model._base_manager.filter(**{relation.field.name: walk_in})
            rows.update(**{relation.field.name: stored})
    if stored.state not in Enrolment.EXPECTED:
        # Whoever came has a place, whatever the list says; seats that are over are shown.
        stored.state, stored.waits_from, stored.reason = walk_in.state, None, ""
        stored.save(update_fields=["state", "waits_from", "reason", "changed_at"])
    walk_in.delete()
    begin([stored.pk])
    follow([stored.pk], before=before)


def forget(stranger: Learner) -> None:
    """Deletes the learner who was made for the walk-in, unless anything else hangs on them by now."""
    if stranger.identities.exists() or stranger.account_links.exists():
        return
    try:
        with transaction.atomic():
            stranger.delete()
    except ProtectedError:
        return


def record(run: ClassRun, user: User) -> None:
    AuditEvent.record(
        AuditEvent.Deed.ENROLMENT_CHANGED, run, user=user, bureau=run.bureau, after={"matched": 1}
    )
