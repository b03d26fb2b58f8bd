"""What a user may see of learners, side by side, so that a person can tell whether they are one.

Names, employers and classes only as the user's bureaus wrote them, phones only as these bureaus noted them,
of the birth only the year, numbers and phones masked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db.models import Count, Q

from bureaus.access import bureaus_for
from bureaus.models import User
from certificates.models import Certificate
from certificates.records import UNNAMED
from courses.models import Enrolment
from learners.models import AccountLink, DataRequest, Exemption, Holder, Identity, Learner, Standing
from ledgers.reading.persons import shown_phone

CLASSES = 3


@dataclass(slots=True)
class Known:
    """One learner as the user may see them. `elsewhere` are classes of bureaus out of the user's reach."""

    number: int
    name: str
    gender: str
    birth_year: int | None
    names: list[str] = field(default_factory=list)
    employers: list[str] = field(default_factory=list)
    papers: list[Identity] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    classes: list[Enrolment] = field(default_factory=list)
    standings: list[str] = field(default_factory=list)
    times: int = 0
    elsewhere: int = 0
    certificates: int = 0
    accounts: int = 0
    helpers: int = 0
    exemptions: int = 0
    requests: int = 0


def known_of(learners: Collection[int], user: User) -> dict[int, Known]:
    """By id; whom the user does not see is left out. Ten queries, however many they are."""
    seen = Learner.objects.visible_to(user).filter(pk__in=set(learners)).prefetch_related("aliases")
    found = {
        one.pk: Known(
            one.pk,
            UNNAMED,
            one.get_gender_display(),
            one.birth_year,
            names=[alias.name for alias in one.aliases.all()],
        )
        for one in seen
    }
    fill_classes(found, user)
    fill_papers(found)
    fill_phones(found, user)
    fill_counts(found)
    return found


def fill_classes(found: dict[int, Known], user: User) -> None:
    """Name, employers and last classes, as the user may read them; how many others. Two queries."""
    written = Enrolment.objects.written_for(user).filter(learner__in=found).select_related("run__bureau")
    for enrolment in written.order_by("-run__year", "-run__starts_on", "-pk"):
        known = found[enrolment.learner_id]
        known.times += 1
        if known.name == UNNAMED:
            known.name = enrolment.name
        if enrolment.name != known.name and enrolment.name not in known.names:
            known.names.append(enrolment.name)
        if enrolment.employer and enrolment.employer not in known.employers:
            known.employers.append(enrolment.employer)
        if len(known.classes) < CLASSES:
            known.classes.append(enrolment)
    for learner, count in counted(Enrolment.objects.filter(learner__in=found)):
        found[learner].elsewhere = count - found[learner].times


def fill_papers(found: dict[int, Known]) -> None:
    """One query."""
    papers = Identity.objects.filter(learner__in=found).exclude(kind=Identity.Kind.EMPLOYER_NAME)
    for paper in papers.order_by("kind", "pk"):
        found[paper.learner_id].papers.append(paper)


def fill_phones(found: dict[int, Known], user: User) -> None:
    """Masked, as beside them in the row of a ledger. One query."""
    held = Holder.objects.filter(learner__in=found, bureau__in=bureaus_for(user, "learners.read"))
    phones = held.exclude(phone="").order_by("phone").values_list("learner", "phone")
    for learner, phone in phones.distinct():
        found[learner].phones.append(shown_phone(phone))


def fill_counts(found: dict[int, Known]) -> None:
    """What else hangs on them. Five queries."""
    for learner, count in counted(Certificate.objects.filter(learner__in=found)):
        found[learner].certificates = count
    own = Count("pk", filter=Q(relation=AccountLink.Relation.SELF))
    links = AccountLink.objects.filter(learner__in=found).order_by().values("learner")
    for learner, every, selves in links.annotate(every=Count("pk"), own=own).values_list(
        "learner", "every", "own"
    ):
        found[learner].accounts, found[learner].helpers = selves, every - selves
    for learner, count in counted(Exemption.objects.filter(learner__in=found)):
        found[learner].exemptions = count
    for learner, count in counted(DataRequest.objects.filter(learner__in=found, state="open")):
        found[learner].requests = count
    for standing in Standing.objects.filter(learner__in=found).select_related("group"):
        found[standing.learner_id].standings.append(str(standing))


def counted(rows: object) -> Iterable[tuple[int, int]]:
    """How many rows each learner has. One query."""
    of_learner = rows.order_by().values("learner")  # type: ignore[attr-defined]
    return of_learner.annotate(count=Count("pk")).values_list("learner", "count")  # type: ignore[no-any-return]
