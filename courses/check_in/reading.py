"""Reads a photo of a signed sheet: whose rows are on it, and which of them bear a signature.

Each row's code gives the place of the signature cell beside it, in lengths of the code's own edge, so that
turned, tilted and small photos need no marks for alignment. Ink is what is darker than the paper right around
it: shadows are not, and how dark ink may be is measured on the code.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

import zxingcpp
from PIL import Image, ImageChops, ImageFilter

from courses.check_in.sheets import RowCode, read_row_code
from courses.evidence import opened

LONGEST_EDGE = 4_000
ENLARGED_EDGE = 6_000
# The cell left of the code, in edges of the code: from its far end to the near one, from top to bottom.
# It keeps clear of the cell's lines; see `peixun/sheet.css` for the measures.
FAR, NEAR, TOP, BOTTOM = -5.15, -0.42, 0.1, 0.9
CELL_PIXELS = (416, 64)
CODE_PIXELS = (48, 48)
# A stroke is narrower than this, a shadow wider; in pixels of the cell.
STROKE = 13
# Part of the way from paper to black from which on a pixel is ink.
INK_FROM = 0.28
# Share of the cell that is ink: at least, for a signature; at most, for an empty cell.
SIGNED_FROM, EMPTY_TO = 0.012, 0.004


class Ink(enum.StrEnum):
    SIGNED = "signed"
    EMPTY = "empty"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class ReadRow:
    code: RowCode
    ink: Ink


Corner = tuple[float, float]


def read_sheet(data: bytes) -> list[ReadRow]:
    """The rows of which the code was read, in any order. Raises `NotAPicture`."""
    photo = opened(data)
    photo.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
    darkest = darkest_channel(photo)
    rows = []
    for code, corners in codes_on(photo.convert("L")).items():
        rows.append(ReadRow(code, ink_beside(darkest, corners)))
    return rows


def darkest_channel(photo: Image.Image) -> Image.Image:
    """Blue and red ink are dark in one channel at least."""
    red, green, blue = photo.split()
    return ImageChops.darker(ImageChops.darker(red, green), blue)


def codes_on(grey: Image.Image) -> dict[RowCode, tuple[Corner, ...]]:
    """Our codes with their corners: top left, top right, bottom right, bottom left of the code itself."""
    found: dict[RowCode, tuple[Corner, ...]] = {}
    for picture, scale in attempts(grey):
        for read in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode):
            code = read_row_code(read.text)
            if code is None or code in found:
                continue
            place = read.position
            points = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
            found[code] = tuple((point.x / scale, point.y / scale) for point in points)
    return found


def attempts(grey: Image.Image) -> Iterator[tuple[Image.Image, float]]:
    """The picture and its scale, in ways that together read more than each alone: small codes want to be
    larger, noise wants to be smoothed, and a shadow's edge across a code wants to be gone."""
    yield grey, 1.0
    scale = min(2.0, ENLARGED_EDGE / max(grey.size))
    size = (round(grey.width * scale), round(grey.height * scale))
    larger = without_shadows(grey).resize(size, Image.Resampling.BICUBIC)
    yield larger, scale
    yield larger.filter(ImageFilter.GaussianBlur(1)), scale


def without_shadows(grey: Image.Image) -> Image.Image:
    """Black on even white: each pixel as far from white as it is from the paper around it."""
    small = grey.resize((max(1, grey.width // 4), max(1, grey.height // 4)), Image.Resampling.BOX)
    paper = small.filter(ImageFilter.MaxFilter(11)).filter(ImageFilter.GaussianBlur(8))
    return ImageChops.invert(ImageChops.subtract(paper.resize(grey.size, Image.Resampling.BILINEAR), grey))


def ink_beside(picture: Image.Image, corners: tuple[Corner, ...]) -> Ink:
    """Whether the cell at the left of the code holds ink."""
    black, paper = levels(sample(picture, corners, CODE_PIXELS))
    cell = sample(picture, cell_beside(corners), CELL_PIXELS).filter(ImageFilter.MedianFilter(3))
    closed = cell.filter(ImageFilter.MaxFilter(STROKE)).filter(ImageFilter.MinFilter(STROKE))
    strokes = ImageChops.subtract(closed, cell).histogram()
    # Noise lies below the paper everywhere: half of the cell, at the least, is paper.
    threshold = min(255, level(strokes, 0.5) + max(12, int((paper - black) * INK_FROM)))
    share = sum(strokes[threshold:]) / (cell.width * cell.height)
    if share >= SIGNED_FROM:
        return Ink.SIGNED
    return Ink.EMPTY if share <= EMPTY_TO else Ink.UNCLEAR


def cell_beside(corners: tuple[Corner, ...]) -> tuple[Corner, ...]:
    """The corners of the signature cell, in the same order."""
    top_left, top_right, bottom_right, bottom_left = corners
    across = middle(minus(top_right, top_left), minus(bottom_right, bottom_left))
    down = middle(minus(bottom_left, top_left), minus(bottom_right, top_right))

    def at(right: float, below: float) -> Corner:
        x, y = (top_left[axis] + right * across[axis] + below * down[axis] for axis in (0, 1))
        return x, y

    return at(FAR, TOP), at(NEAR, TOP), at(NEAR, BOTTOM), at(FAR, BOTTOM)


def minus(end: Corner, start: Corner) -> Corner:
    return end[0] - start[0], end[1] - start[1]


def middle(one: Corner, other: Corner) -> Corner:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def sample(picture: Image.Image, corners: tuple[Corner, ...], size: tuple[int, int]) -> Image.Image:
    """The four-cornered part of the picture, laid straight."""
    top_left, top_right, bottom_right, bottom_left = corners
    quad = (*top_left, *bottom_left, *bottom_right, *top_right)
    return picture.transform(size, Image.Transform.QUAD, quad, Image.Resampling.BILINEAR)


def levels(code: Image.Image) -> tuple[int, int]:
    """How dark the code's black is and how light its paper: the tenths from both ends."""
    counts = code.histogram()
    return level(counts, 0.1), level(counts, 0.9)


def level(counts: list[int], share: float) -> int:
    """The grey that `share` of the pixels are not lighter than."""
    left = share * sum(counts)
    for grey, count in enumerate(counts):
        left -= count
        if left <= 0:
            return grey
    return len(counts) - 1
