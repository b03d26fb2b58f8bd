"""Finds records that are likely one person, by rules that the page names; nothing is merged by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations

from django.db import models
from django.db.models import Count
from django.db.models.functions import Substr
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for, for_whole_city
from bureaus.models import User
from courses.models import Enrolment
from learners.models import Holder, Identity, Learner
from ledgers.importing.matching import chunks
from ledgers.models import PersonDecision
from ledgers.people.merging import record_key
from ledgers.people.models import MERGING

Pair = tuple[int, int]  # two learners, the older first
Group = tuple[str, str]  # a name and what else is the same
MOST_GROUPS = 2000
MOST_IN_A_GROUP = 20


class Rule(models.TextChoices):
    EMPLOYER = "employer", _("姓名、单位相同")
    PHONE = "phone", _("姓名、联系电话相同")
    BIRTH = "birth", _("姓名、出生年份相同，至少一份没有证件号")


@dataclass(frozen=True, slots=True)
class Found:
    """Pairs in the order of their names; `cut` where there are more groups than are looked through."""

    pairs: list[Pair]
    cut: bool


def likely_pairs(user: User, rule: str) -> Found:
    """Pairs among the learners for whom the user may merge, without those that were said to be two.

    The number of queries grows with the number of thousands of groups found, not with the learners.
    """
    groups = RULES[rule](user)
    pairs: dict[Pair, None] = {}
    for _group, learners in sorted(groups.items())[:MOST_GROUPS]:
        for one, other in combinations(sorted(learners)[:MOST_IN_A_GROUP], 2):
            pairs.setdefault((one, other))
    numbers, keys = identities_of({learner for pair in pairs for learner in pair})
    if rule == Rule.BIRTH:
        pairs = {pair: None for pair in pairs if not (numbers[pair[0]] and numbers[pair[1]])}
    denied = denied_pairs(pairs, keys)
    return Found([pair for pair in pairs if pair not in denied], len(groups) > MOST_GROUPS)


def by_employer(user: User) -> dict[Group, set[int]]:
    """As written in the classes of the user's bureaus. Two queries and more for each thousand names."""
    written = Enrolment.objects.filter(to_match=False).exclude(employer="").order_by()
    if not for_whole_city(user, MERGING):
        written = written.filter(run__bureau__in=bureaus_for(user, MERGING))
    held = Learner.objects.held_for(user, MERGING)
    written = written.filter(learner__in=held.values("pk"))
    twice = written.values("name", "employer").annotate(people=Count("learner", distinct=True))
    groups = set(twice.filter(people__gt=1).values_list("name", "employer")[: MOST_GROUPS + 1])
    found: dict[Group, set[int]] = defaultdict(set)
    for names in chunks(sorted({name for name, _employer in groups})):
        rows = written.filter(name__in=names).values_list("name", "employer", "learner").distinct()
        for name, employer, learner in rows:
            if (name, employer) in groups:
                found[name, employer].add(learner)
    return found


def by_phone(user: User) -> dict[Group, set[int]]:
    """Phones as the user's bureaus noted them, and no other's."""
    held = Holder.objects.exclude(phone="").order_by()
    if not for_whole_city(user, MERGING):
        held = held.filter(bureau__in=bureaus_for(user, MERGING))
    return grouped(held, "learner__name", "phone", learner="learner")


def by_birth(user: User) -> dict[Group, set[int]]:
    held = Learner.objects.held_for(user, MERGING).exclude(birth="").order_by()
    return grouped(held.annotate(born=Substr("birth", 1, 4)), "name", "born", learner="pk")


def grouped(
    rows: models.QuerySet[models.Model], name: str, what: str, *, learner: str
) -> dict[Group, set[int]]:
    """The learners of each name and value that several have."""
    twice = rows.values(name, what).annotate(people=Count(learner, distinct=True)).filter(people__gt=1)
    groups = set(twice.values_list(name, what)[: MOST_GROUPS + 1])
    found: dict[Group, set[int]] = defaultdict(set)
    for names in chunks(sorted({one for one, _value in groups})):
        some = rows.filter(**{f"{name}__in": names}).values_list(name, what, learner).distinct()
        for group_name, value, pk in some:
            if (group_name, value) in groups:
                found[group_name, value].add(pk)
    return found


def identities_of(learners: Iterable[int]) -> tuple[dict[int, bool], dict[int, set[str]]]:
    """Of each learner: whether there is a paper's number, and the keys under which one is decided about."""
    numbers: dict[int, bool] = defaultdict(bool)
    keys: dict[int, set[str]] = {one: {record_key(one)} for one in learners}
    for some in chunks(sorted(keys)):
        rows = Identity.objects.filter(learner__in=some).values_list("learner", "kind", "digest")
        for learner, kind, key in rows:
            numbers[learner] |= kind != Identity.Kind.EMPLOYER_NAME
            keys[learner].add(key)
    return numbers, keys


def denied_pairs(pairs: Iterable[Pair], keys: dict[int, set[str]]) -> set[Pair]:
    """Those of whom somebody said that they are two people."""
    said: set[tuple[int, str]] = set()
    for some in chunks(sorted(keys)):
        rows = PersonDecision.objects.filter(learner__in=some, same=False)
        said |= set(rows.values_list("learner", "key"))
    return {
        (one, other)
        for one, other in pairs
        if any((one, key) in said for key in keys[other]) or any((other, key) in said for key in keys[one])
    }


RULES: dict[str, Callable[[User], dict[Group, set[int]]]] = {
    Rule.EMPLOYER: by_employer,
    Rule.PHONE: by_phone,
    Rule.BIRTH: by_birth,
}
