"""Whom one enrols: learners whom the user's bureaus know, and new ones told by their papers or employer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from django.db import IntegrityError, transaction
from django.db.models import F

from bureaus.models import Bureau, User
from courses.models import Enrolment
from courses.models.enrolments import EnrolmentQuerySet
from learners import id_numbers
from learners.models import Holder, Identity, Learner

IdentityKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Person:
    """Who is to be enrolled, as of now. `learner` is None for a stranger; `identity` tells who it is."""

    name: str
    learner: int | None = None
    employer: str = ""
    position: str = ""
    level: str = ""
    phone: str = ""
    identity: IdentityKey | None = None

    @property
    def key(self) -> object:
        """Equal for two entries that are the same person."""
        return self.learner or self.identity


def known_to(user: User) -> EnrolmentQuerySet:
    """What the user's bureaus wrote of learners whom they hold: by it, and not by another's, one is found.

    Walk-ins are left out until it is known who they are.
    """
    written = Enrolment.objects.written_for(user).filter(to_match=False)
    return written.filter(learner__in=Learner.objects.visible_to(user))


def newest(enrolments: EnrolmentQuerySet) -> list[Enrolment]:
    """The newest of these enrolments of each learner, by name. One query."""
    ordered = enrolments.order_by("run__year", F("run__starts_on").asc(nulls_first=True), "pk")
    last = {enrolment.learner_id: enrolment for enrolment in ordered.select_related("run")}
    return sorted(last.values(), key=lambda enrolment: (enrolment.name, enrolment.pk))


def people_of(user: User, learners: Collection[int]) -> list[Person]:
    """These learners as the user's bureaus know them; whom they do not know is left out. One query."""
    found = newest(known_to(user).filter(learner__in=learners)) if learners else []
    return [
        Person(
            enrolment.name,
            learner=enrolment.learner_id,
            employer=enrolment.employer,
            position=enrolment.position,
            level=enrolment.level,
        )
        for enrolment in found
    ]


def recognised(people: Sequence[Person]) -> list[Person]:
    """The same, with the learner of each identity that is known anywhere in the city. One query."""
    wanted = {person.identity[2] for person in people if person.identity}
    stored = Identity.objects.filter(digest__in=wanted).values_list("kind", "digest", "learner_id")
    known = {(kind, digest): learner for kind, digest, learner in (stored if wanted else ())}
    return [
        replace(person, learner=known.get((person.identity[0], person.identity[2])))
        if person.identity and person.learner is None
        else person
        for person in people
    ]


def find_or_make(people: Iterable[Person]) -> list[Person]:
    """The same, with a new learner for everybody who is not known. In the order of their digests.

    Two that bring the same new person at once do not collide: the second finds whom the first made.
    """
    made: dict[IdentityKey, int] = {}
    entries = list(people)
    unknown = {person.identity: person for person in entries if person.identity and not person.learner}
    for identity, person in sorted(unknown.items(), key=lambda pair: pair[0][2]):
        made[identity] = learner_with(identity, person.name)
    return [
        replace(person, learner=made[person.identity]) if person.identity and not person.learner else person
        for person in entries
    ]


def learner_with(identity: IdentityKey, name: str) -> int:
    """The id of the learner of this identity, made now unless there is one."""
    kind, value, digest = identity
    try:
        with transaction.atomic():
            learner = Learner.objects.create(name=name, **told_by(kind, value))
            Identity.objects.create(learner=learner, kind=kind, value=value, digest=digest)
    except IntegrityError:
        return Identity.objects.get(kind=kind, digest=digest).learner_id
    return learner.pk


def told_by(kind: str, value: str) -> dict[str, str]:
    """Gender and year of birth as an ID number tells them; of the birth only the year is kept in the open."""
    if kind != Identity.Kind.ID_NUMBER:
        return {}
    return {"gender": id_numbers.gender(value), "birth": value[6:10]}


def hold(bureau: Bureau, people: Sequence[Person]) -> None:
    """From now on `bureau` may see these learners, and has these phones of theirs. Three queries."""
    learners = {person.learner for person in people if person.learner}
    held = {
        holder.learner_id: holder for holder in Holder.objects.filter(bureau=bureau, learner__in=learners)
    }
    phones = {person.learner: person.phone for person in people if person.phone}
    new = [
        Holder(learner_id=learner, bureau=bureau, phone=phones.get(learner, ""))
        for learner in sorted(learners - set(held))
    ]
    changed = [one for one in held.values() if phones.get(one.learner_id, one.phone) != one.phone]
    for holder in changed:
        holder.phone = phones[holder.learner_id]
    Holder.objects.bulk_create(new, batch_size=200)
    Holder.objects.bulk_update(changed, ["phone"], batch_size=200)
