"""Who of a class a line of a sign-in sheet is: by ID number, by name and employer, by their order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from courses.models import ClassRun, Enrolment
from learners import id_numbers
from learners.models import Identity
from ledgers.signing.reading import Line, SignInSheet
from peixun.lib.comparing import comparable

SKIP, WALK_IN = "skip", "walk_in"


@dataclass(slots=True)
class Person:
    """A line and who it is. `doubt` says why a person has to choose; `fault` why it cannot be anybody.

    `key` names the line on the page. `walks_in` says that it is to be let in as a walk-in.
    """

    key: str
    sheet: str
    line: Line
    enrolment: Enrolment | None = None
    doubt: str = ""
    fault: str = ""
    candidates: list[Enrolment] = field(default_factory=list)
    walks_in: bool = False
    chosen: str = ""


def match(sheets: list[SignInSheet], run: ClassRun, choices: dict[str, str]) -> list[Person]:
    """Every line with the enrolment that it is, as far as that is known or was chosen. Two queries."""
    people = [
        Person(f"{at}-{line.number}", sheet.sheet, line)
        for at, sheet in enumerate(sheets)
        for line in sheet.lines
    ]
    expected = list(run.enrolments.expected().order_by("pk"))
    by_number = numbers_of(expected)
    by_name: dict[str, list[Enrolment]] = defaultdict(list)
    for enrolment in expected:
        by_name[comparable(enrolment.name)].append(enrolment)
    for person in people:
        find(person, by_number, by_name)
    give_by_order(people, len(sheets))
    for person in people:
        choose(person, choices.get(person.key, ""), expected)
    refuse_seconds(people)
    return people


def numbers_of(expected: list[Enrolment]) -> dict[str, Enrolment]:
    """The enrolments by the digest of their learner's ID number."""
    by_learner = {enrolment.learner_id: enrolment for enrolment in expected}
    papers = Identity.objects.filter(learner__in=by_learner, kind=Identity.Kind.ID_NUMBER)
    return {digest: by_learner[learner] for digest, learner in papers.values_list("digest", "learner")}


def find(person: Person, by_number: dict[str, Enrolment], by_name: dict[str, list[Enrolment]]) -> None:
    line = person.line
    if not line.name:
        person.fault = _("没有填写姓名，请补上。")
        return
    named = by_name.get(comparable(line.name), [])
    if line.id_number and id_numbers.fault(line.id_number) is None:
        found = by_number.get(Identity.by_id_number(line.id_number)[2])
        if found and comparable(found.name) == comparable(line.name):
            person.enrolment = found
            return
        if found:
            person.doubt, person.candidates = _("身份证号是名单里另一个姓名的。"), [found, *named]
            return
    person.candidates = named
    fitting = [one for one in named if fits(one, line)]
    if len(named) == 1 and fitting:
        person.enrolment = named[0]
    elif len(fitting) == 1 and line.employer:
        person.enrolment = fitting[0]
    elif len(named) > 1:
        person.doubt = _("名单里有 %(count)d 个同名的人。") % {"count": len(named)}
    elif named:
        person.doubt = _("名单里有同名的人，单位不同。")
    else:
        person.doubt = _("名单里没有这个人。")


def fits(enrolment: Enrolment, line: Line) -> bool:
    """The employer, where both have one, is the same or a part of the other."""
    ours, theirs = comparable(enrolment.employer), comparable(line.employer)
    return not ours or not theirs or ours in theirs or theirs in ours


def give_by_order(people: list[Person], sheets: int) -> None:
    """As many lines of one name as the class has people of it: they are proposed in their order."""
    by_name: dict[tuple[str, str], list[Person]] = defaultdict(list)
    for person in people:
        if person.enrolment is None and len(person.candidates) > 1 and person.line.name:
            by_name[person.key.partition("-")[0], comparable(person.line.name)].append(person)
    for several in by_name.values():
        candidates = several[0].candidates
        if len(several) != len(candidates):
            continue
        for person, enrolment in zip(several, candidates, strict=True):
            person.enrolment = enrolment
            person.doubt = _("名单里有 %(count)d 个同名的人，已按先后对应，请核对。") % {
                "count": len(candidates)
            }


def choose(person: Person, choice: str, expected: list[Enrolment]) -> None:
    """What somebody chose on the page goes before what was found."""
    if not person.doubt or not choice:
        return
    person.chosen = choice
    person.walks_in = choice == WALK_IN
    person.enrolment = next((one for one in expected if str(one.pk) == choice), None)


def refuse_seconds(people: list[Person]) -> None:
    """Two lines of one sheet cannot be the same person."""
    seen: dict[tuple[str, int], Person] = {}
    for person in people:
        if person.enrolment is None:
            continue
        first = seen.setdefault((person.key.partition("-")[0], person.enrolment.pk), person)
        if first is not person:
            person.enrolment = None
            person.fault = _("与第 %(row)d 行是同一个人，请删去其中一行。") % {"row": first.line.number}
