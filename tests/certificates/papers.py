"""Certificates to draw, and what can be read from them when they are drawn."""

import datetime
import io
import re
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw
from pypdf import PdfReader

from certificates.drawing.defaults import default_layouts
from certificates.drawing.layouts import Layout, TextBox, paragraphs
from certificates.drawing.parsing import parse
from certificates.drawing.pdf import picture
from certificates.drawing.samples import COMMON, SAMPLES
from certificates.drawing.sheets import Page

ROOT = Path(__file__).resolve().parents[2]
LAYOUTS = {title: parse(data) for title, data in default_layouts().items()}
DAY = datetime.date(2024, 3, 12)
LONG_NAME = SAMPLES["long"].facts.name
RARE_NAME = SAMPLES["rare"].facts.name
LONG_RUN = "湘潭市2024年高素质农民培育计划新型农业经营主体带头人暨水稻绿色高产栽培技术专题培训班（第三期）"
FACTS = replace(COMMON, expires_on=None)
CODE = "https://peixun.example.cn/v/7G4K9QZ2M1XW8TBC"


def page_of(title: str, **facts: object) -> Page:
    """A certificate of a default design, with an ordinary person's facts but for `facts`."""
    values = replace(FACTS, **({"title": title} | facts)).values()
    return Page(layout=LAYOUTS[title], values=values, qr=CODE)


def lone(text: str, **given: object) -> Page:
    """A page with one text in one box, which shows its placeholder's value."""
    box = {"x": 60, "y": 50, "width": 80, "size": 20, "text": "{name}"} | given
    return Page(layout=Layout(texts=(TextBox(**box),)), values={"name": text})


def text_in(pdf: bytes) -> str:
    """The selectable text without white space, for lines end where the paper does."""
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


def text_of(page: Page) -> str:
    """What should be written on a page, in order, without white space."""
    table = page.layout.table
    cells = [text for row in table.rows for pair in row for text in pair] if table else []
    lines = [
        "".join(run.text for run in one)
        for text in (*(box.text for box in page.layout.texts), *cells)
        for one in paragraphs(text, page.values)
    ]
    return re.sub(r"\s", "", "".join(lines))


def drawn_picture(*, size: tuple[int, int] = (60, 60), kind: str = "PNG") -> bytes:
    held = io.BytesIO()
    drawn = Image.new("RGBA", size, (200, 20, 20, 128))
    (drawn.convert("RGB") if kind == "JPEG" else drawn).save(held, kind)
    return held.getvalue()


def seal_file(*, size: int = 400, kind: str = "PNG", colour: str = "#c8141e") -> bytes:
    """A round red seal as it comes from a scanner: on white paper."""
    held = io.BytesIO()
    drawn = Image.new("RGB", (size, size), "white")
    edge = size // 12
    ImageDraw.Draw(drawn).ellipse((edge, edge, size - edge, size - edge), outline=colour, width=edge)
    drawn.save(held, kind)
    return held.getvalue()


def ink(page: Page) -> tuple[float, float, float, float]:
    """The edges of all that is not white, in mm: left, top, right, bottom."""
    drawn = Image.open(io.BytesIO(picture(page, pixels_per_inch=127))).convert("RGB")
    box = ImageChops.difference(drawn, Image.new("RGB", drawn.size, "white")).getbbox()
    assert box
    return tuple(edge / 5 for edge in box)


def fonts_of(pdf: bytes) -> dict[str, bool]:
    """The fonts of the first page, and whether each is embedded."""
    found = {}
    for font in PdfReader(io.BytesIO(pdf)).pages[0]["/Resources"]["/Font"].values():
        descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        found[str(descriptor["/FontName"])] = "/FontFile3" in descriptor or "/FontFile2" in descriptor
    return found
