"""Draws the printed sign-in sheet as peixun/sheet.css lays it out, signs it, and takes photos of it."""

import random
from io import BytesIO

import segno
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from courses.check_in.sheets import row_code

DOTS = 8  # a millimetre
ROW, SIGNATURE, CODE, PICTURE = 12, 52, 15, 11
LEFT, TOP, WIDTH = 14, 60, 181
PAPER, TABLE, BLUE, BLACK = "#f4f1ea", "#555555", "#2a3f9e", "#1a1a1a"


def sheet_of(session, enrolments, signed: dict[int, str]) -> Image.Image:
    """A page with a row for each; `signed` names the ink of those who signed, by their place."""
    dice = random.Random(7)
    page = Image.new("RGB", (210 * DOTS, 297 * DOTS), PAPER)
    draw = ImageDraw.Draw(page)
    right = LEFT + WIDTH
    for number, enrolment in enumerate(enrolments):
        top = TOP + number * ROW
        for edges in ((LEFT, right), (right - CODE - SIGNATURE, right - CODE)):
            box = (edges[0] * DOTS, top * DOTS, edges[1] * DOTS, (top + ROW) * DOTS)
            draw.rectangle(box, outline=TABLE, width=2)
        draw_code(draw, row_code(session, enrolment.pk), right - CODE / 2, top + ROW / 2)
        if ink := signed.get(number):
            scribble(draw, dice, (right - CODE - SIGNATURE + 6, top + 2), ink)
    return page


def draw_code(draw: ImageDraw.ImageDraw, text: str, x: float, y: float) -> None:
    """Centred at x, y (mm), with a quiet zone of one module within its 11 mm."""
    matrix = segno.make_qr(text, error="m").matrix
    module = PICTURE / (len(matrix) + 2)
    start = (x - PICTURE / 2 + module, y - PICTURE / 2 + module)
    for down, line in enumerate(matrix):
        for across, dark in enumerate(line):
            if dark:
                left, top = start[0] + across * module, start[1] + down * module
                box = (left * DOTS, top * DOTS, (left + module) * DOTS - 1, (top + module) * DOTS - 1)
                draw.rectangle(box, fill="black")


def scribble(draw: ImageDraw.ImageDraw, dice: random.Random, start: tuple[float, float], ink: str) -> None:
    """A name of two characters, in millimetres from `start`."""
    for character in range(2):
        for _stroke in range(6):
            points = [
                (
                    (start[0] + character * 9 + dice.uniform(0, 7)) * DOTS,
                    (start[1] + dice.uniform(0, 8)) * DOTS,
                )
                for _point in range(3)
            ]
            draw.line(points, fill=ink, width=4)


def photo_of(
    page: Image.Image, *, angle: float = 0, scale: float = 1, noise: int = 0, shadow: bool = False
) -> bytes:
    """The page on a table, turned by degrees and made smaller, with a shadow and the noise of a dark room."""
    photo = Image.new("RGB", (page.width + 200, page.height + 200), "#6d5a45")
    photo.paste(page, (100, 100))
    photo = photo.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor="#6d5a45")
    photo = photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.Resampling.LANCZOS)
    if shadow:
        photo = ImageChops.multiply(photo, shade(photo.size))
    if noise:
        grain = Image.effect_noise(photo.size, noise).convert("RGB")
        photo = ImageChops.add(photo, grain, 1, -128)
    return jpeg(photo)


def shade(size: tuple[int, int]) -> Image.Image:
    """A hand's shadow across a third of the picture."""
    mask = Image.new("L", size, 255)
    width, height = size
    corners = [(0, height * 0.4), (width, height * 0.3), (width, height * 0.6), (0, height * 0.7)]
    ImageDraw.Draw(mask).polygon(corners, fill=140)
    soft = mask.filter(ImageFilter.GaussianBlur(5))
    return Image.merge("RGB", (soft, soft, soft))


def jpeg(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()
