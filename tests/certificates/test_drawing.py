"""What is drawn is what was written, the same each time, and readable again."""

import datetime
import hashlib
import io
import re
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from certificates.drawing.layouts import Layout, Place, Table
from certificates.drawing.pdf import draw, picture, tight
from certificates.drawing.samples import SAMPLES
from certificates.drawing.sheets import Page, PictureUnreadable
from tests.certificates.papers import (
    CODE,
    DAY,
    FACTS,
    LAYOUTS,
    LONG_NAME,
    LONG_RUN,
    RARE_NAME,
    ROOT,
    drawn_picture,
    ink,
    lone,
    page_of,
    text_in,
    text_of,
)


@pytest.mark.parametrize("title", LAYOUTS)
@pytest.mark.parametrize("name", ["张伟", LONG_NAME, RARE_NAME, SAMPLES["ethnic"].facts.name])
def test_selectable_text_is_what_was_written(title, name):
    page = page_of(title, name=name, run=LONG_RUN)
    assert text_in(draw([page], day=DAY)) == text_of(page)
    assert tight([page]) == []


@pytest.mark.parametrize(
    "value",
    [
        "#set page(width: 1mm)",
        "*粗* _斜_ `码` $x$",
        "= 标题 \\ #pagebreak()",
        "<a> @b // c /* d */",
        "\\u{41} \\n \"引\" 'x' -- --- ...",
        "{number}",
        '[[#image("x")]]',
    ],
)
def test_a_value_is_never_read_as_markup(value):
    pdf = draw([lone(value, width=180)], day=DAY)
    assert text_in(pdf) == re.sub(r"\s", "", value)
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 1


def test_a_number_is_selected_without_added_blanks():
    [page] = PdfReader(io.BytesIO(draw([lone("潭科协培〔2024〕0001号")], day=DAY))).pages
    assert page.extract_text().strip() == "潭科协培〔2024〕0001号"


def test_a_line_about_nothing_is_left_out():
    page = page_of("合格证书")
    assert "有效期至" not in text_in(draw([page], day=DAY))
    page = page_of("合格证书", expires_on=datetime.date(2027, 3, 11))
    assert "有效期至：2027年3月11日" in text_in(draw([page], day=DAY))


def test_an_empty_cell_has_a_dash():
    assert "工作单位—" in text_in(draw([page_of("学时证明", employer="")], day=DAY))


def test_a_table_may_have_two_pairs_in_a_row():
    rows = ((("姓名", "{name}"), ("学时", "{hours}")),)
    table = Table(x=20, y=20, width=160, label_width=20, row_height=12, size=12, rows=rows)
    page = Page(layout=Layout(table=table), values=FACTS.values())
    assert text_in(draw([page], day=DAY)) == "姓名张伟学时24"


def test_values_may_be_bold_or_underlined():
    for values in ("bold", "underline"):
        assert text_in(draw([lone("张伟", values=values)], day=DAY)) == "张伟"


def test_the_same_page_gives_the_same_bytes():
    page = page_of("结业证书", name=LONG_NAME)
    assert draw([page], day=DAY) == draw([page], day=DAY)


def test_another_process_gives_the_same_bytes():
    drawn = hashlib.sha256(draw([page_of("结业证书")], day=DAY)).hexdigest()
    script = (
        "import hashlib, django; django.setup();"
        "from certificates.drawing.pdf import draw;"
        "from tests.certificates.papers import DAY, page_of;"
        "print(hashlib.sha256(draw([page_of('结业证书')], day=DAY)).hexdigest())"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == drawn


def test_threads_draw_side_by_side():
    expected = draw([page_of("结业证书")], day=DAY)
    made = []
    threads = [
        threading.Thread(target=lambda: made.append(draw([page_of("结业证书")], day=DAY))) for _at in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [expected] * 3


def test_it_is_made_for_archives_and_for_being_read_aloud():
    reader = PdfReader(io.BytesIO(draw([page_of("学时证明")], day=DAY, title="学时证明", author="市科协")))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "zh-CN"
    assert reader.metadata.title == "学时证明"
    assert reader.metadata.author == "市科协"
    assert reader.metadata.creation_date.date() == DAY
    described = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in described
    assert "<pdfuaid:part>1</pdfuaid:part>" in described


def test_a_page_without_pictures_is_all_vectors():
    [page] = PdfReader(io.BytesIO(draw([page_of("结业证书")], day=DAY))).pages
    assert list(page.images) == []


@pytest.mark.parametrize("title", LAYOUTS)
@pytest.mark.parametrize("text", [CODE, f"{CODE}#{'Qw3' * 110}"])
def test_the_code_is_read_from_the_page(title, text):
    page = replace(page_of(title), qr=text)
    drawn = Image.open(io.BytesIO(picture(page, pixels_per_inch=150))).convert("L")
    assert [code.text for code in zxingcpp.read_barcodes(drawn)] == [text]


def test_pictures_are_drawn_in_their_places():
    content = drawn_picture()
    digest = hashlib.sha256(content).hexdigest()
    seal = Place(x=100, y=60, width=40, height=40, digest=digest)
    page = Page(layout=Layout(seal=seal), values={}, pictures={digest: content})
    assert ink(page) == pytest.approx((100, 60, 140, 100), abs=0.3)
    [sheet] = PdfReader(io.BytesIO(draw([page], day=DAY))).pages
    assert len(list(sheet.images)) == 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_background_covers_the_paper(kind):
    content = drawn_picture(size=(100, 100), kind=kind)
    digest = hashlib.sha256(content).hexdigest()
    page = Page(layout=Layout(background=digest), values={}, pictures={digest: content})
    assert ink(page) == pytest.approx((0, 0, 297, 210), abs=0.5)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_signature_is_shown_whole(kind):
    content = drawn_picture(size=(200, 100), kind=kind)
    digest = hashlib.sha256(content).hexdigest()
    signature = Place(x=100, y=60, width=40, height=40, digest=digest)
    page = Page(layout=Layout(signature=signature), values={}, pictures={digest: content})
    assert ink(page) == pytest.approx((100, 70, 140, 90), abs=0.5)


def test_a_place_without_a_picture_is_left_free():
    page = page_of("结业证书")
    free = replace(page, layout=replace(page.layout, seal=None))
    assert draw([page], day=DAY) == draw([free], day=DAY)


def test_what_is_no_picture_is_refused():
    digest = "0" * 64
    layout = Layout(background=digest)
    with pytest.raises(PictureUnreadable):
        draw([Page(layout=layout, values={}, pictures={digest: b"<svg/>"})], day=DAY)


def test_line_breaks_in_a_value_are_blanks():
    [page] = PdfReader(io.BytesIO(draw([lone("张\n伟\u2028强")], day=DAY))).pages
    assert page.extract_text().strip() == "张 伟 强"
