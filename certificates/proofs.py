"""A layout on trial: its picture with made-up facts, its boxes, and what is to be told of it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from django.conf import settings
from django.utils.translation import gettext as _

from certificates.drawing.fonts import has_kai, missing_glyphs
from certificates.drawing.layouts import Layout, paragraphs
from certificates.drawing.parsing import Fault
from certificates.drawing.pdf import picture, tight
from certificates.drawing.samples import SAMPLE_CODE, SAMPLES
from certificates.drawing.sheets import Page
from certificates.models import Picture, Template
from certificates.pictures import content_of

ANY_SAMPLE = "common"
# A line has no height, and must be seized all the same (mm).
THINNEST = 4.0


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the layout as it is shown over the picture, mm; `place` is its name in the forms."""

    place: str
    label: str
    x: float
    y: float
    width: float
    height: float
    faulty: bool

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Proof:
    """`picture` is a PNG in base64; `notes` tell what would print badly, and what is refused."""

    layout: Layout
    picture: str
    boxes: list[Box]
    notes: list[Fault]

    def notes_at(self, place: str) -> list[Fault]:
        return [note for note in self.notes if place in note.places]


def prove(
    layout: Layout, template: Template, *, sample: str = ANY_SAMPLE, faults: Sequence[Fault] = ()
) -> Proof:
    """Draws `layout` even where `faults` were found in it. One query, for its pictures."""
    page = sample_page(layout, template, sample=sample)
    notes = [*faults, *unprintable(page), *shrunk(page), *without_kai(layout), *left_out(layout), *lost(page)]
    faulty = {place for note in notes for place in note.places}
    return Proof(
        layout,
        b64encode(picture(page, fonts=settings.PEIXUN_FONT_PATHS)).decode(),
        boxes_of(layout, faulty),
        notes,
    )


def sample_page(layout: Layout, template: Template, *, sample: str = ANY_SAMPLE) -> Page:
    """The layout with a sample's facts, the template's title and the pictures that may stand on it."""
    chosen = sample if sample in SAMPLES else ANY_SAMPLE
    facts = replace(SAMPLES[chosen].facts, title=template.title)
    if template.bureau and chosen != "long":
        facts = replace(facts, issuer=template.bureau.name)
    return Page(layout=layout, values=facts.values(), qr=SAMPLE_CODE, pictures=pictures_for(layout, template))


def pictures_for(layout: Layout, template: Template) -> dict[str, bytes]:
    """Those of the layout that are usable and there, by digest; `lost` tells of the others."""
    found = {}
    for one in Picture.objects.usable_on(template).filter(digest__in=layout.digests()):
        with suppress(FileNotFoundError):
            found[one.digest] = content_of(one)
    return found


def boxes_of(layout: Layout, faulty: set[str]) -> list[Box]:
    found = []
    for place, area in layout.areas():
        height = area.height or THINNEST
        y = area.y - (height - area.height) / 2
        found.append(
            Box(place, area.label, area.x, round(y, 2), area.width, round(height, 2), place in faulty)
        )
    return found


def written(page: Page) -> Iterator[tuple[str, str]]:
    """What stands in each text, and in the table, with its place."""
    for at, box in enumerate(page.layout.texts):
        yield f"texts-{at}", filled(box.text, page)
    if page.layout.table:
        cells = (text for row in page.layout.table.rows for pair in row for text in pair)
        yield "table", "".join(filled(text, page) for text in cells)


def filled(text: str, page: Page) -> str:
    return "".join(run.text for one in paragraphs(text, page.values) for run in one)


def unprintable(page: Page) -> list[Fault]:
    """A sentence for each box with characters that no font has."""
    found = ((place, missing_glyphs(text, settings.PEIXUN_FONT_PATHS)) for place, text in written(page))
    return [
        Fault(_("字体里没有“%(signs)s”，会印成〓。") % {"signs": "、".join(signs)}, (place,))
        for place, signs in found
        if signs
    ]


def shrunk(page: Page) -> list[Fault]:
    """A sentence for each text that fits its box only below the least size."""
    texts = page.layout.texts
    notes = []
    for one in tight([page], fonts=settings.PEIXUN_FONT_PATHS):
        place = f"texts-{one.box}" if one.box < len(texts) else "table"
        least = texts[one.box].least if one.box < len(texts) else page.layout.table.least  # type: ignore[union-attr]
        words = {"size": f"{one.size:g}", "least": f"{least:g}"}
        sentence = _("放不下，字缩到了 %(size)s 磅，比最小字号 %(least)s 磅还小。请加宽、加行数或减少文字。")
        notes.append(Fault(sentence % words, (place,)))
    return notes


def without_kai(layout: Layout) -> list[Fault]:
    """Where 楷体 was chosen and no font of that face is there."""
    if has_kai(settings.PEIXUN_FONT_PATHS):
        return []
    named = [*((f"texts-{at}", box.font) for at, box in enumerate(layout.texts))]
    if layout.table:
        named.append(("table", layout.table.font))
    sentence = _("服务器上没有楷体字库，这里按宋体印。")
    return [Fault(sentence, (place,), "font") for place, font in named if font == "kai"]


def lost(page: Page) -> list[Fault]:
    """Where a picture is not there: a certificate could not be drawn."""
    layout, found = page.layout, page.pictures
    wanted = {"page": layout.background}
    wanted |= {name: place.digest for name, place in layout.stamps() if place}
    sentence = _("这里的图片文件不在了，请换一张。")
    return [Fault(sentence, (place,)) for place, digest in wanted.items() if digest and digest not in found]


def left_out(layout: Layout) -> list[Fault]:
    """Without these a certificate proves little; a designer may have it so all the same."""
    words = "".join(box.text for box in layout.texts)
    if layout.table:
        words += "".join(text for row in layout.table.rows for pair in row for text in pair)
    lacks = [
        ("{name}" not in words, _("版面上没有姓名。")),
        ("{number}" not in words, _("版面上没有证书编号。")),
        (layout.qr is None, _("版面上没有二维码，拿到证书的人不能扫码查验。")),
    ]
    return [Fault(sentence, ("page",)) for missing, sentence in lacks if missing]
