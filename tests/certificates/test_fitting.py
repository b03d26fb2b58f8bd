"""Whatever is written, its ink stays in its box."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates.drawing import sheets
from certificates.drawing.layouts import ALIGN_LABELS
from certificates.drawing.pdf import tight
from certificates.drawing.sheets import Page
from tests.certificates.papers import LONG_NAME, LONG_RUN, ink, lone

TEXTS = (
    LONG_NAME * 5,
    "W" * 120,
    "㎏" * 60,
    f"{LONG_RUN} https://peixun.example.cn/a/very/long/address/that/no/line/can/break?x=1 {LONG_RUN}",
    "a b " * 100,
    "。" * 90,
    "《" * 30 + "长" + "》" * 30,
    "Ж" * 90,
    "张\u00a0" * 90,
    "一行\n" * 30,
)


def leaves_its_box(page: Page) -> bool:
    """Four tenths of a millimetre are the picture's dots and a bold letter's outline."""
    [area] = [box.area for box in page.layout.texts]
    left, top, right, bottom = ink(page)
    inside = left >= area.x - 0.4 and right <= area.x + area.width + 0.4
    return not (inside and top >= area.y - 0.4 and bottom <= area.y + area.height + 0.4)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text[:3]))
@pytest.mark.parametrize("lines", [1, 3])
@pytest.mark.parametrize("style", [{}, {"bold": True, "align": "center", "tracking": 0.5}, {"indent": 2}])
def test_what_is_too_long_gets_smaller(text, lines, style):
    assert not leaves_its_box(lone(text, lines=lines, **style))


@pytest.mark.parametrize("stand", ["top", "middle", "bottom"])
def test_a_thousand_characters_stay_in_a_small_box(stand):
    assert not leaves_its_box(lone("长" * 1000, width=20, lines=2, stand=stand))


@given(
    text=st.text("国年0123（）“”，。《》·…— Wmi", min_size=1, max_size=60).filter(str.strip),
    width=st.integers(20, 90),
    lines=st.integers(1, 4),
    indent=st.integers(0, 2),
    align=st.sampled_from(sorted(ALIGN_LABELS)),
)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_any_text_stays_in_any_box(text, width, lines, indent, align):
    assert not leaves_its_box(lone(text, width=width, lines=lines, indent=indent, align=align))


def test_what_fits_keeps_its_size():
    left, top, right, bottom = ink(lone("国国国", lines=1, leading=1))
    assert right - left > 3 * 20 * 25.4 / 72 * 0.85


def test_a_centred_text_is_in_the_middle():
    left, _top, right, _bottom = ink(lone("国国", align="center", tracking=0.5))
    assert abs((left + right) / 2 - 100) < 0.5


def test_too_small_a_text_is_told():
    [one] = tight([lone("张伟"), lone(LONG_NAME * 5, least=9)])
    assert (one.page, one.text) == (1, LONG_NAME * 5)
    assert one.size < 9


def test_without_fitting_it_would_leave_its_box(monkeypatch):
    """The control of the tests above: they do see it."""
    monkeypatch.setattr(sheets, "fits", lambda *_: True)
    assert leaves_its_box(lone("V" * 120))
    assert leaves_its_box(lone(LONG_RUN * 5, lines=2))
