"""What columns mean that the reader does not know: asked of a person, remembered as layouts and synonyms."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, Bureau, User
from courses.models import Programme
from ledgers.columns import BY_KEY
from ledgers.importing import guessing
from ledgers.models import HeadingSynonym, LedgerImport, LedgerLayout
from ledgers.reading import Ledger, Place
from ledgers.reading.apart import Words
from peixun.lib.encryption import seal, unseal

Headings = dict[str, str]
LONGEST_NAME = 60
REQUIRED = ("run", "employer")
_YEARS = re.compile(r"(?:20\d{2}\s*(?:年度?)?|20\d{2})")


# --- What reading is given ----------------------------------------------------------------------


def synonyms_for(bureau: Bureau) -> Headings:
    """Plain heading → key, as learned for the city and, before that, for the bureau. One query."""
    learned = HeadingSynonym.objects.acting_for(bureau).values_list("heading", "key")
    return known_only(dict(learned))


def layouts_for(bureau: Bureau) -> dict[str, Headings]:
    """Fingerprint → mapping of the bureau's layouts. One query."""
    layouts = LedgerLayout.objects.filter(bureau=bureau).values_list("fingerprint", "mapping")
    return {fingerprint: known_only(mapping) for fingerprint, mapping in layouts}


def known_only(mapping: Mapping[str, str]) -> Headings:
    """Without fields that the table of columns has no more."""
    return {heading: key for heading, key in mapping.items() if not key or key in BY_KEY}


def words_for(batch: LedgerImport) -> Words:
    """By what the file is read: what was settled for this import, or all that was learned."""
    if batch.mapping:
        return Words(**batch.mapping)
    return Words(synonyms_for(batch.bureau), layouts_for(batch.bureau))


def words_by(layout: LedgerLayout | None, *, bureau: Bureau) -> Words:
    """By what a file is read whose layout is named, or that has none."""
    layouts = {layout.fingerprint: known_only(layout.mapping)} if layout else {}
    return Words(synonyms_for(bureau), layouts)


def headings_so_far(batch: LedgerImport) -> Headings:
    """What is made of headings now, as one mapping, for a person to change."""
    words = words_for(batch)
    found: Headings = dict(words.headings)
    for layout in words.layouts.values() if batch.mapping else ():
        found |= layout
    return found


# --- What a person is asked ---------------------------------------------------------------------


def keep_places(batch: LedgerImport, places: list[Place]) -> None:
    """Keeps the proposals sealed beside the file: they hold values of its rows, masked."""
    data = zlib.compress(json.dumps([asdict(place) for place in places]).encode())
    default_storage.delete(batch.columns_name)
    default_storage.save(batch.columns_name, ContentFile(seal(data)))


def places_of(batch: LedgerImport) -> list[Place]:
    """What `keep_places` kept; empty where the file was dropped."""
    if not batch.has_file or not default_storage.exists(batch.columns_name):
        return []
    with default_storage.open(batch.columns_name) as file:
        return [Place.from_json(place) for place in json.loads(zlib.decompress(unseal(file.read())))]


def guess_terms(batch: LedgerImport, places: list[Place]) -> None:
    """Year and programme from the titles above the proposed headers, the sheets' names, the file's name."""
    titles = [place.candidates[0].title for place in places]
    sheets = [name for place in places for name in place.sheets]
    batch.year = (
        batch.year or guessing.year_in([*titles, *sheets], batch.file_name) or timezone.localdate().year
    )
    texts = [*titles, batch.file_name]
    batch.programme = batch.programme or guessing.programme_like(texts, year=batch.year)


def name_for(batch: LedgerImport, title: str) -> str:
    """A name to remember a layout by: the title or the file's name, without the year."""
    stem = batch.file_name.rpartition(".")[0] or batch.file_name
    words = _YEARS.sub("", title or stem).strip(" -_—·年度") or _("台账")
    return words[: LONGEST_NAME - 5]


# --- What a person said -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """One header as a person explained it: plain heading → key, in the order of the columns."""

    fingerprint: str
    mapping: Headings
    lecture: bool


@transaction.atomic
def settle(batch: LedgerImport, said: list[Said], *, user: User, name: str = "") -> None:
    """Makes the import read by what was said; with a `name` the layout is remembered."""
    together: Headings = {}
    for one in reversed(said):
        together |= one.mapping
    # A sheet may hold tables of several layouts: each one's own headings first, the others' behind them.
    layouts = {one.fingerprint: together | one.mapping for one in said}
    batch.mapping = {"headings": synonyms_for(batch.bureau), "layouts": layouts}
    batch.layout = None
    if name:
        kept = [
            remember(
                batch, one, layouts[one.fingerprint], user=user, name=name if not at else f"{name} {at + 1}"
            )
            for at, one in enumerate(said)
        ]
        batch.layout = kept[0] if kept else None
    batch.understood = {"said": list(layouts)}
    batch.state, batch.stage, batch.message = LedgerImport.State.READING, "", ""
    batch.save()


def remember(batch: LedgerImport, said: Said, mapping: Headings, *, user: User, name: str) -> LedgerLayout:
    """The bureau's layout with this header, new or changed."""
    kind = LedgerLayout.Kind.LECTURE if said.lecture else LedgerLayout.Kind.PARTICIPANT
    values = {
        "name": free_name(batch.bureau, name, but=said.fingerprint),
        "kind": kind,
        "headings": list(said.mapping),
        "mapping": mapping,
        "programme": batch.programme,
        "constants": batch.constants,
        "made_by": user,
    }
    layout, added = LedgerLayout.objects.update_or_create(
        bureau=batch.bureau, fingerprint=said.fingerprint, defaults=values
    )
    audit(layout, user=user, after={"added" if added else "changed": True, "columns": in_words(said.mapping)})
    return layout


def free_name(bureau: Bureau, name: str, *, but: str) -> str:
    """The name, with a number behind it where another layout of the bureau has it."""
    others = LedgerLayout.objects.filter(bureau=bureau).exclude(fingerprint=but)
    taken = set(others.values_list("name", flat=True))
    names = [name, *(f"{name[: LONGEST_NAME - 4]} {number}" for number in range(2, 999))]
    return next(one for one in names if one not in taken)


def meanings_of(layout: LedgerLayout) -> list[tuple[str, str]]:
    """Each heading with the field that is made of it; "" for one that is not read."""
    keys = [(heading, layout.mapping.get(heading, "")) for heading in layout.headings]
    return [(heading, BY_KEY[key].heading if key in BY_KEY else "") for heading, key in keys]


def in_words(mapping: Headings) -> list[str]:
    return [f"{heading} → {BY_KEY[key].heading}" for heading, key in mapping.items() if key in BY_KEY]


def audit(target: LedgerLayout | HeadingSynonym, *, user: User | None, **values: Any) -> None:
    label = f"{target._meta.verbose_name}：{target}"
    AuditEvent.record(
        AuditEvent.Deed.LAYOUT_CHANGED, target, user=user, bureau=target.bureau, label=label, **values
    )


@transaction.atomic
def learn(mapping: Headings, *, bureau: Bureau | None, user: User) -> int:
    """Keeps headings with their fields for all later files of the bureau, or of the city where it is None."""
    learned = 0
    for heading, key in mapping.items():
        synonym, added = HeadingSynonym.objects.get_or_create(
            bureau=bureau, heading=heading, defaults={"key": key, "made_by": user}
        )
        if added or synonym.key != key:
            before = {} if added else {"columns": str(synonym)}
            synonym.key, synonym.made_by = key, user
            synonym.save(update_fields=["key", "made_by"])
            audit(synonym, user=user, before=before, after={"columns": str(synonym)})
            learned += 1
    return learned


@transaction.atomic
def forget(target: LedgerLayout | HeadingSynonym, *, user: User) -> None:
    """Removes a layout or a synonym: it acts on no later file; what was read by it stays as it is."""
    audit(target, user=user, before={"deleted": str(target)})
    target.delete()


# --- What is done with it when a file was read --------------------------------------------------


def use_layout(batch: LedgerImport, ledger: Ledger) -> LedgerLayout | None:
    """The remembered layout by which the ledger was read; what it knows of the files' lacks is taken over."""
    found = LedgerLayout.objects.filter(bureau=batch.bureau, fingerprint__in=ledger.layouts)
    layout = found.select_related("programme__plan").order_by("pk").first()
    if layout is None or "said" in batch.understood:
        return None
    batch.layout = layout
    batch.constants = layout.constants | batch.constants
    return layout


def freeze(batch: LedgerImport, ledger: Ledger) -> None:
    """Keeps on the import by which words it was read."""
    words = words_for(batch)
    used = {fingerprint: words.layouts[fingerprint] for fingerprint in ledger.layouts}
    batch.mapping = {"headings": words.headings, "layouts": used}


def programme_of(layout: LedgerLayout | None, year: int | None) -> Programme | None:
    """The layout's programme, while its plan runs."""
    programme = layout.programme if layout else None
    if programme and year and programme.plan.first_year <= year <= programme.plan.last_year:
        return programme
    return None


def is_complete(batch: LedgerImport, ledger: Ledger) -> bool:
    """True where a person or a layout explained every table, and nothing that is required is missing."""
    explained = all(table.fingerprint in ledger.layouts for table in ledger.tables)
    lacking = [key for key in guessing.missing(ledger) if key in REQUIRED and not batch.constants.get(key)]
    return explained and not lacking


def count_use(layout: LedgerLayout | None) -> None:
    if layout:
        used = LedgerLayout.objects.filter(pk=layout.pk)
        used.update(times_used=F("times_used") + 1, last_used_at=timezone.now())
