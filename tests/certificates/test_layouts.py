"""A design is drawn as it was laid out, or refused with sentences."""

import datetime
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates.drawing.defaults import title_of
from certificates.drawing.facts import in_han, period, written_in_han
from certificates.drawing.fonts import missing_glyphs
from certificates.drawing.layouts import PLACEHOLDERS
from certificates.drawing.parsing import LayoutFault, parse
from certificates.drawing.pdf import tight
from certificates.drawing.samples import SAMPLES
from certificates.drawing.sheets import Page
from tests.certificates.papers import (
    CODE,
    DAY,
    FACTS,
    LAYOUTS,
)


@pytest.mark.parametrize("title", LAYOUTS)
def test_default_layouts_are_sound_and_come_back_as_they_went(title):
    layout = LAYOUTS[title]
    assert parse(json.loads(json.dumps(layout.as_json()))) == layout


def test_there_is_one_for_each_kind_of_certificate():
    assert {title_of(name) for name in LAYOUTS} == {"结业证书", "合格证书", "学时证明"}


def test_every_placeholder_has_a_value():
    assert set(FACTS.values()) == set(PLACEHOLDERS)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"text": "{idcard}"}, "“{idcard}”不是可以填写的内容"),
        ({"text": "{name"}, "花括号没有成对"),
        ({"text": " "}, "没有内容"),
        ({"text": 5}, "须是不超过 1000 个字的文字"),
        ({"x": 290}, "超出纸张"),
        ({"y": 209}, "超出纸张"),
        ({"size": "large"}, "字号须是 5 到 120 之间的数"),
        ({"size": True}, "字号须是"),
        ({"size": float("nan")}, "字号须是"),
        ({"font": "comic"}, "字体须是：宋体、黑体、楷体"),
        ({"font": ["song"]}, "字体须是"),
        ({"colour": "#12345"}, "颜色须从色板中选"),
        ({"bold": "yes"}, "加粗须是“是”或“否”"),
    ],
)
def test_a_faulty_text_is_refused_with_a_sentence(change, sentence):
    box = {"text": "{name}", "x": 20, "y": 20, "width": 50, "size": 12} | change
    with pytest.raises(LayoutFault) as refused:
        parse({"texts": [box]})
    assert sentence in "\n".join(refused.value.sentences)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"qr": {"x": 20, "y": 20, "size": 10}}, "二维码的大小须是 18 到 80"),
        ({"qr": {"x": 20, "y": 20, "size": 30}}, "“〔姓名〕”和二维码重叠"),
        ({"seal": {"x": 280, "y": 20, "width": 40, "height": 40}}, "印章超出纸张"),
        ({"seal": {"x": 0, "y": 20, "width": 40, "height": 40, "digest": "../x"}}, "印章的图片找不到"),
        ({"background": "a.png"}, "图片找不到"),
        ({"paper": "A3"}, "纸张须是"),
        ({"border": {"kind": "flowers"}}, "边框的样式须是"),
        ({"table": {"rows": [["姓名"]]}}, "每一行须是一组或两组"),
        ({"lines": 3}, "横线须是列表"),
    ],
)
def test_a_faulty_part_is_refused_with_a_sentence(change, sentence):
    box = {"text": "{name}", "x": 20, "y": 20, "width": 50, "size": 12}
    with pytest.raises(LayoutFault) as refused:
        parse({"texts": [box]} | change)
    assert sentence in "\n".join(refused.value.sentences)


def test_all_faults_are_told_at_once():
    with pytest.raises(LayoutFault) as refused:
        parse({"paper": "A3", "texts": [{"text": "a"}, {"text": "{b}"}]})
    assert len(refused.value.faults) > 5


def test_a_seal_may_lie_over_text():
    box = {"text": "{issuer}", "x": 20, "y": 20, "width": 50, "size": 12}
    assert parse({"texts": [box], "seal": {"x": 20, "y": 10, "width": 40, "height": 40}}).seal


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["texts", "table", "seal", "qr", "border", "lines", "rows", "text", "x", "paper"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_anything_is_a_layout_or_refused(data):
    try:
        layout = parse(data)
    except LayoutFault as fault:
        assert fault.faults
    else:
        assert parse(layout.as_json()) == layout


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        ((2024, 3, 5), (2024, 3, 5), "2024年3月5日"),
        ((2024, 3, 5), (2024, 3, 8), "2024年3月5日至8日"),
        ((2024, 3, 5), (2024, 4, 2), "2024年3月5日至4月2日"),
        ((2024, 12, 30), (2025, 1, 3), "2024年12月30日至2025年1月3日"),
    ],
)
def test_a_period_is_written_without_repetition(first, last, text):
    assert period(datetime.date(*first), datetime.date(*last)) == text


def test_one_day_alone_is_a_period():
    assert period(None, DAY) == "2024年3月12日"
    assert period(None, None) == ""


def test_days_in_han():
    assert written_in_han(datetime.date(2024, 10, 20)) == "二〇二四年十月二十日"
    assert [in_han(number) for number in (1, 10, 12, 31)] == ["一", "十", "十二", "三十一"]


def test_hours_lose_their_zeros_only():
    assert [replace(FACTS, hours=Decimal(hours)).values()["hours"] for hours in ("24.00", "7.50", "120")] == [
        "24",
        "7.5",
        "120",
    ]


@pytest.mark.parametrize("title", LAYOUTS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_every_sample_fits_every_default_design(title, sample):
    values = replace(SAMPLES[sample].facts, title=title).values()
    assert tight([Page(layout=LAYOUTS[title], values=values, qr=CODE)]) == []
    assert missing_glyphs("".join(values.values())) == []
