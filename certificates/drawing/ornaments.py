"""Borders as SVG paths, in millimetres: sharp at any size, a few kilobytes, and no picture file needed."""

from __future__ import annotations

import math
from functools import cache

FRET_BAND = 6.0
GUILLOCHE_BAND = 9.0
STRANDS = 6
# A cubic from crest to trough follows a sine when its handles are this part of the way long.
SINE_HANDLE = 0.3642


@cache
def border_svg(kind: str, *, width: float, height: float, inset: float, colour: str) -> str:
    """The border of a paper of `width` × `height`, its outer edge `inset` from the paper's."""
    inner = {"double": double, "fret": fret, "guilloche": guilloche}[kind](width, height, inset)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}"><g fill="none" stroke="{colour}">{inner}</g></svg>'
    )


def frame(width: float, height: float, inset: float, stroke: float) -> str:
    """A rectangle whose line lies inside of `inset`."""
    at = inset + stroke / 2
    return (
        f'<rect x="{at:g}" y="{at:g}" width="{width - 2 * at:g}" height="{height - 2 * at:g}" '
        f'stroke-width="{stroke:g}"/>'
    )


def double(width: float, height: float, inset: float) -> str:
    return frame(width, height, inset, 0.9) + frame(width, height, inset + 2.0, 0.25)


def fret(width: float, height: float, inset: float) -> str:
    """回纹: square spirals between two lines, turned about the middle of each side."""
    band = FRET_BAND
    lines = frame(width, height, inset, 0.7) + frame(width, height, inset + band, 0.3)
    cell = (band - 2.2) / 6
    start = inset + 0.7
    path = ""
    for length, sides in ((width, "tb"), (height, "lr")):
        room = length - 2 * (start + band)
        count = 2 * round(room / (cell * 7.6) / 2)
        step = room / count
        for at in range(count):
            along = start + band + step * (at + 0.5)
            turn = 1 if at < count / 2 else -1
            for side in sides:
                path += spiral(side, along, start + 0.6, cell, turn, width, height)
    corners = "".join(
        corner_square(x, y, cell) for x in (start, width - start) for y in (start, height - start)
    )
    return f'{lines}<path d="{path}{corners}" stroke-width="0.42" stroke-linejoin="miter"/>'


def spiral(side: str, along: float, depth: float, cell: float, turn: int, width: float, height: float) -> str:
    """One square spiral, six cells wide, opening towards the middle of the side."""
    track = [(-3, 6), (3, 6), (3, 0), (-3, 0), (-3, 4), (1, 4), (1, 2), (-1, 2)]
    points = []
    for across, down in track:
        a, d = along + turn * across * cell, depth + down * cell
        points.append({"t": (a, d), "b": (a, height - d), "l": (d, a), "r": (width - d, a)}[side])
    return polyline(points)


def corner_square(x: float, y: float, cell: float) -> str:
    """回: a square in a square, in the corner that (`x`, `y`) is the outer end of."""
    across = 1 if x < 100 else -1
    down = 1 if y < 100 else -1
    path = ""
    for near, far in ((0.6, 0.6 + 6 * cell), (0.6 + 2 * cell, 0.6 + 4 * cell)):
        corners = [(near, near), (far, near), (far, far), (near, far), (near, near)]
        path += polyline([(x + across * a, y + down * d) for a, d in corners])
    return path


def polyline(points: list[tuple[float, float]]) -> str:
    first, *others = [f"{x:.2f} {y:.2f}" for x, y in points]
    return f"M{first}L" + "L".join(others)


def guilloche(width: float, height: float, inset: float) -> str:
    """扭索纹: interwoven waves between two double lines, with a rosette in each corner."""
    band = GUILLOCHE_BAND
    lines = "".join(
        frame(width, height, at, stroke)
        for at, stroke in ((inset, 0.8), (inset + 1.4, 0.2), (inset + band, 0.2), (inset + band + 0.8, 0.5))
    )
    near, far = inset + 1.6, inset + band
    middle, swing = (near + far) / 2, (far - near) / 2 - 0.4
    across = waves(length=width - 2 * far, swing=swing)
    down = waves(length=height - 2 * far, swing=swing)
    sides = "".join(
        f'<path d="{path}" transform="{turned}"/>'
        for path, turned in (
            (across, f"translate({far:g} {middle:g})"),
            (across, f"translate({far:g} {height - middle:g})"),
            (down, f"translate({middle:g} {far:g}) rotate(90)"),
            (down, f"translate({width - middle:g} {far:g}) rotate(90)"),
        )
    )
    corners = "".join(
        f'<g transform="translate({x:g} {y:g})">{rosette(swing)}</g>'
        for x in (middle, width - middle)
        for y in (middle, height - middle)
    )
    return f'{lines}<g stroke-width="0.18">{sides}{corners}</g>'


def waves(*, length: float, swing: float) -> str:
    """Strands that weave along `length`, from knot to knot, about the line y = 0.

    Strands of equal phase and lesser swing nest, which is what makes the band look turned.
    """
    count = round(length / (swing * 4.2))
    half = length / count / 2
    path = ""
    for strand in range(STRANDS):
        reach = swing * math.cos(strand * math.pi / (2 * STRANDS))
        for sign in (1, -1):
            y = sign * reach
            path += f"M0 {y:.2f}"
            for at in range(count * 2):
                x = at * half
                handle = half * SINE_HANDLE
                path += f"C{x + handle:.2f} {y:.2f} {x + half - handle:.2f} {-y:.2f} {x + half:.2f} {-y:.2f}"
                y = -y
    return path


def rosette(radius: float) -> str:
    """Turned ellipses around a point."""
    turns = "".join(
        f'<ellipse rx="{radius:.2f}" ry="{radius * 0.42:.2f}" transform="rotate({angle})"/>'
        for angle in range(0, 180, 15)
    )
    return f'{turns}<circle r="{radius:.2f}"/>'
