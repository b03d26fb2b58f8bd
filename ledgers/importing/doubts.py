"""Doubts about who a row speaks of: found a chunk at a time, kept for an officer, answered once.

What is certain needs nobody: the same ID number with the same name. Two things are doubtful:

- *other number*: a stranger by number has the name and the employer of a learner whom the bureau holds, who
  has another number or none. Undecided, the row counts as a person of its own: a missing match counts
  somebody twice, which is seen and mended; a wrong one mixes two people's certificates.
- *other name*: the ID number is a learner's whose names are all others, and not only written otherwise.
  Undecided, the row is refused: it would credit a stranger with the class.

Candidates by name and employer are only people whom the bureau of the ledger holds, as it wrote them itself:
a ledger of made-up names must not tell whom other bureaus train. An ID number is looked for in the whole
city, as in matching; whose it is, is shown to who may see that learner, and to nobody else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db.models import F
from django.db.models.fields.tuple_lookups import Tuple
from django.utils.translation import gettext as _

from courses.models import Enrolment
from learners.id_numbers import mask
from learners.models import Identity, Learner, LearnerAlias
from learners.names import same_name
from ledgers.columns import BY_KEY
from ledgers.importing.outcomes import Doubted, Outcome, Terms
from ledgers.lookups import TupleAnyOf
from ledgers.models import Doubt, LedgerImport, PersonDecision
from ledgers.reading import Warned
from peixun.lib.encryption import digest

OTHER_NUMBER, OTHER_NAME = Doubt.Kind.OTHER_NUMBER, Doubt.Kind.OTHER_NAME
Pair = tuple[Outcome, int]  # a row and a learner whom it may speak of


def find(outcomes: Sequence[Outcome], terms: Terms, *, known_until: int) -> None:
    """Gives each good row its `doubts`, and the learner, the warning or the refusal that follows from them.

    Learners with keys above `known_until` came while the file is compared, mostly from itself, and are not
    doubted. To be called once `learner_id` says whom the rows' identities belong to. At most seven queries
    for all rows, and one for each bureau further back that was merged into this one.
    """
    people = [one for one in outcomes if one.good and one.row.kind == "participant" and one.identity]
    found = [(pair, OTHER_NUMBER) for pair in namesakes(people, terms, known_until)]
    found += [(pair, OTHER_NAME) for pair in misnamed(people, known_until)]
    decided = decisions({key_of(outcome, kind) for (outcome, _learner), kind in found})
    for (outcome, learner), kind in found:
        key = key_of(outcome, kind)
        decision, same = decided.get((key, learner), (None, None))
        outcome.doubts = (*outcome.doubts, Doubted(kind, key, learner, decision, same))
    for outcome in people:
        if outcome.doubts:
            follow(outcome)


def key_of(outcome: Outcome, kind: str) -> str:
    """What is decided about: an identity, or an ID number together with a name."""
    identity = outcome.identity or ("", "", "")
    return identity[2] if kind == OTHER_NUMBER else name_key(identity[2], outcome.row.name)


def name_key(number: str, name: str) -> str:
    """The key of a name under an ID number, of which `number` is the digest."""
    return digest(OTHER_NAME, number, name)


def decisions(keys: set[str]) -> dict[tuple[str, int], tuple[int, bool]]:
    """(key, learner) → the decision's id and whether it is the same person."""
    known = PersonDecision.objects.filter(key__in=keys) if keys else PersonDecision.objects.none()
    return {
        (key, learner): (pk, same)
        for pk, key, learner, same in known.values_list("pk", "key", "learner", "same")
    }


# --- Other number -------------------------------------------------------------------------------


def namesakes(people: Sequence[Outcome], terms: Terms, known_until: int) -> list[Pair]:
    """Strangers by number beside everybody of their name and employer whom the bureau holds, oldest first."""
    strangers = [one for one in people if one.learner_id is None and one.row.name and one.row.employer]
    if not strangers or not known_until:
        return []
    bureaus = terms.bureau.with_predecessors()
    held = {"learner__holders__bureau__in": bureaus, "learner__lte": known_until}
    by_place: dict[tuple[str, str], set[int]] = defaultdict(set)
    places = {(one.row.name, one.row.employer) for one in strangers}
    # Together, since names and employers each by themselves would bring every namesake in the city.
    enrolled = Enrolment.objects.filter(
        TupleAnyOf(Tuple(F("name"), F("employer")), sorted(places)), run__bureau__in=bureaus, **held
    )
    for name, employer, learner in enrolled.values_list("name", "employer", "learner"):
        by_place[name, employer].add(learner)
    by_key: dict[str, set[int]] = defaultdict(set)
    keys = {one.identity: Identity.by_employer(one.row.name, one.row.employer)[2] for one in strangers}
    told = Identity.objects.filter(
        kind=Identity.Kind.EMPLOYER_NAME, digest__any_of=sorted(set(keys.values())), **held
    )
    for key, learner in told.values_list("digest", "learner"):
        by_key[key].add(learner)
    return [
        (one, learner)
        for one in strangers
        for learner in sorted(by_place[one.row.name, one.row.employer] | by_key[keys[one.identity]])
    ]


# --- Other name ---------------------------------------------------------------------------------


def misnamed(people: Sequence[Outcome], known_until: int) -> list[Pair]:
    """Rows whose ID number is a learner's of quite another name, beside that learner."""
    numbered = [one for one in people if one.row.id_number and 0 < (one.learner_id or 0) <= known_until]
    if not numbered:
        return []
    names = dict(
        Learner.objects.filter(pk__in={one.learner_id for one in numbered}).values_list("pk", "name")
    )
    unlike = [one for one in numbered if not same_name(one.row.name, names.get(one.learner_id or 0, ""))]
    others = other_names({one.learner_id for one in unlike if one.learner_id})
    return [
        (one, one.learner_id)
        for one in unlike
        if one.learner_id and not any(same_name(one.row.name, name) for name in others[one.learner_id])
    ]


def other_names(learners: set[int]) -> dict[int, set[str]]:
    """What these learners were called as well: in classes, and as somebody confirmed. Two queries."""
    names: dict[int, set[str]] = defaultdict(set)
    for rows in (LearnerAlias.objects, Enrolment.objects) if learners else ():
        for learner, name in rows.filter(learner__in=learners).order_by().values_list("learner", "name"):
            names[learner].add(name)
    return names


# --- What follows -------------------------------------------------------------------------------


def follow(outcome: Outcome) -> None:
    """The row is the learner's where that was decided; else it is warned of, or refused."""
    for doubt in outcome.doubts:
        if doubt.kind == OTHER_NUMBER and doubt.same:
            outcome.learner_id = doubt.learner
        elif doubt.kind == OTHER_NAME and not doubt.same:
            refuse(outcome, decided=doubt.same is not None)
    open_ones = any(doubt.same is None for doubt in outcome.doubts)
    if outcome.good and outcome.learner_id is None and open_ones:
        message = _(
            "姓名、单位与一名已有学员相同，证件号码不同或缺一方，请在“核对人员”里核对；不核对的按另一个人登记。"
        )
        warned = Warned("known_elsewhere", BY_KEY["name"].heading, message)
        outcome.warnings = (*outcome.warnings, warned)


def refuse(outcome: Outcome, *, decided: bool) -> None:
    if decided:
        message = _("这个身份证号已核对为另一个人的，请改正号码。")
        outcome.refuse("number_of_another", column=BY_KEY["id_number"].heading, message=message)
        return
    message = _(
        "这个身份证号已登记在另一个姓名下。请核对姓名和号码；确是同一人的，在“核对人员”里确认后再导入。"
    )
    outcome.refuse("other_name", column=BY_KEY["name"].heading, message=message)


def changes(outcome: Outcome) -> dict[str, tuple[Any, Any]]:
    """What a decided row adds to its learner, a number or a name, so that a row else the same is written."""
    found: dict[str, tuple[Any, Any]] = {}
    for doubt in outcome.doubts:
        if doubt.same and doubt.kind == OTHER_NUMBER:
            found["identity"] = ("", mask(outcome.row.id_number) or outcome.row.name)
        elif doubt.same:
            found["alias"] = ("", outcome.row.name)
    return found


def write(people: Iterable[Outcome], note_created: Callable[[Outcome, str, int], None]) -> None:
    """Adds the numbers and names of decided rows to their learners, each once. Four queries at most."""
    decided = [(one, doubt) for one in people for doubt in one.doubts if doubt.same]
    numbers = {one.identity: (one, doubt.learner) for one, doubt in decided if doubt.kind == OTHER_NUMBER}
    names = {(doubt.learner, one.row.name): one for one, doubt in decided if doubt.kind == OTHER_NAME}
    stored = Identity.objects.filter(digest__in={identity[2] for identity in numbers if identity})
    known = set(stored.values_list("digest", flat=True)) if numbers else set()
    new = {identity: found for identity, found in numbers.items() if identity and identity[2] not in known}
    identities = Identity.objects.bulk_create(
        Identity(learner_id=learner, kind=identity[0], value=identity[1], digest=identity[2])
        for identity, (_outcome, learner) in new.items()
    )
    for identity, (outcome, _learner) in zip(identities, new.values(), strict=True):
        note_created(outcome, "identity", identity.pk)
    called = LearnerAlias.objects.filter(learner__in={learner for learner, _name in names})
    for key in called.values_list("learner", "name") if names else ():
        names.pop(key, None)
    aliases = LearnerAlias.objects.bulk_create(
        LearnerAlias(learner_id=learner, name=name) for learner, name in names
    )
    for alias, outcome in zip(aliases, names.values(), strict=True):
        note_created(outcome, "alias", alias.pk)


def keep(batch: LedgerImport, outcomes: Iterable[Outcome]) -> None:
    """Keeps the doubts of these rows; a pair that a row before them brought is kept once. One query."""
    Doubt.objects.bulk_create(
        (
            Doubt(
                batch=batch,
                sheet=outcome.row.sheet,
                number=outcome.row.number,
                kind=doubt.kind,
                key=doubt.key,
                learner_id=doubt.learner,
                decision_id=doubt.decision,
            )
            for outcome in outcomes
            for doubt in outcome.doubts
        ),
        batch_size=500,
        ignore_conflicts=True,
    )
