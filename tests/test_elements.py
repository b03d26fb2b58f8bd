"""The elements of pages: what they say, where their links lead, and that they obey the content policy."""

import re
from datetime import date
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import BLANK_CHOICE_DASH
from django.template import engines
from django.template.loader import render_to_string
from django.test import RequestFactory

PLACES = ("peixun", "bureaus", "learners", "courses", "certificates", "ledgers")
TEMPLATES = sorted(
    path
    for place in PLACES
    for path in (settings.BASE_DIR / place).glob("**/templates/**/*.html")
    if path.is_file()
)
REGISTER_OF_SITES = "https://beian.miit.gov.cn/"  # the law asks for a link to it


def shown(source, address="/", **context):
    template = engines["django"].from_string(source)
    return template.render(context, RequestFactory().get(address))


class CourseForm(forms.Form):
    name = forms.CharField(label="班次名称", help_text="写全称")
    mode = forms.ChoiceField(label="报名方式", choices=[("open", "公开报名")], widget=forms.RadioSelect)
    starts = forms.DateField(label="开始日期", required=False)
    paper = forms.FileField(label="通知文件", required=False)


def test_the_examples_of_the_cheat_sheet_are_sound():
    sheet = (settings.BASE_DIR / "docs" / "elements.md").read_text()
    examples = re.findall(r"```django\n(.*?)```", sheet, re.DOTALL)
    assert len(examples) > 5
    for example in examples:
        engines["django"].from_string(example if "{% extends" in example else "{% load i18n %}" + example)


# --- Progress -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("done", "pace", "state"),
    [
        (234, 0.72, "done"),
        (200, 0.72, "done"),
        (180, 0.72, "steady"),
        (100, 0.72, "behind"),
        (0, None, "steady"),
    ],
)
def test_a_bar_is_done_at_the_target_and_behind_below_the_pace(done, pace, state):
    html = shown("{% progress done 200 pace %}", done=done, pace=pace)
    assert f"progress-{state}" in html
    assert ("url(#stripes)" in html) == (state == "behind")
    assert ("progress-pace" in html) == (pace is not None)


def test_a_bar_never_leaves_its_frame():
    assert 'class="progress-bar" y="4" width="100%"' in shown("{% progress 234 200 0.5 %}")


def test_a_bar_says_its_figures_to_those_who_do_not_see_it():
    html = shown('{% progress 132 240 0.72 unit="人次" %}')
    assert "完成 132人次，目标 240人次，55%；时序 72%，落后于时序" in html


def test_without_a_target_there_is_no_bar():
    assert "<svg" not in shown("{% progress 10 None 0.5 %}")


# --- Figures and badges -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"), [(3589, "3,589"), (1.5, "1.5"), (0, "0"), (None, "—"), ("46 场", "46 场")]
)
def test_figures_are_written_for_people(value, text):
    assert shown("{{ value|amount }}", value=value) == text


def test_a_card_shows_several_figures_with_their_units():
    html = shown('{% figure "班次 · 场次" 19 "期" 46 "场" %}')
    assert re.findall(r"<b>(\d+)</b><span>(.)</span>", html) == [("19", "期"), ("46", "场")]


@pytest.mark.parametrize(
    ("value", "text"), [(1204, '<a href="/runs/">1,204</a> 期'), (0, '<span class="muted">0</span>')]
)
def test_only_a_figure_with_rows_leads_to_them(value, text):
    assert shown('{% to_rows value "/runs/" "期" %}', value=value).strip() == text


def test_rows_that_cannot_be_listed_leave_a_plain_figure():
    assert shown('{% to_rows 12 "" %}').strip() == "12"


def test_the_heading_on_paper_leaves_out_a_unit_that_is_not_known():
    html = shown('{% print_header "年度指标进度" unit day %}', unit="", day=date(2025, 9, 20))
    assert "单位" not in html
    assert "2025年9月20日" in html


@pytest.mark.parametrize(("kind", "sign"), [("done", "✓"), ("steady", "●"), ("behind", "▲"), ("fault", "✕")])
def test_a_badge_has_a_sign_beside_its_colour(kind, sign):
    assert sign in shown("{% badge kind '按期' %}", kind=kind)


def test_text_in_elements_is_escaped():
    html = shown("{% badge 'done' text %}{% notice 'info' %}{{ text }}{% endnotice %}", text="<b>")
    assert "<b>" not in html


def test_work_of_unknown_length_shows_that_it_goes_on():
    assert "<progress" in shown('{% job "正在读取文件" 0 0 %}')
    assert "120 / 240 行" in shown('{% job "正在检查" 120 240 unit="行" %}')


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_the_pages_of_last_resort_need_neither_context_nor_database(name):
    assert "回到首页" in render_to_string(name)


# --- Tables -------------------------------------------------------------------------------------


def test_a_sort_link_keeps_the_filter_and_drops_the_page():
    html = shown('{% th "姓名" sort="name" %}', "/?district=yuhu&page=3")
    assert 'href="?district=yuhu&amp;sort=name"' in html


def test_a_second_click_turns_the_order_round():
    html = shown('{% th "姓名" sort="name" %}', "/?sort=name")
    assert "sort=-name" in html
    assert 'aria-sort="ascending"' in html


def test_figures_sort_from_the_largest_first():
    assert "sort=-done" in shown('{% th "完成" sort="done" numeric=True %}')


def test_a_heading_without_an_order_is_no_link():
    assert "<a" not in shown('{% th "进度" %}')


def test_pages_are_counted_and_keep_the_filter():
    page = Paginator(range(234), 50).page(2)
    html = shown("{% pagination page %}", "/?q=陈&page=2", page=page)
    assert "第 51–100 条，共 234 条" in html
    assert html.count("q=%E9%99%88&amp;page=1") == 2, "the number and 上一页"
    assert "下一页" in html


def test_a_single_page_has_no_links():
    html = shown("{% pagination page %}", page=Paginator(range(3), 50).page(1))
    assert "共 3 条" in html
    assert "<a" not in html


# --- Filters ------------------------------------------------------------------------------------


def test_a_pill_keeps_the_order_and_marks_the_choice():
    pills = '{% pills "group" choices label="按群体" all="全部群体" %}'
    html = shown(pills, "/?group=2&sort=name&page=4", choices=[(1, "教师"), (2, "农民")])
    assert 'href="?sort=name&amp;group=1"' in html
    assert re.search(r'href="\?sort=name&amp;group=2" aria-current="true"', html)
    assert 'href="?sort=name"' in html, "全部群体 takes the filter off"


def test_a_filter_form_keeps_what_is_set_elsewhere():
    html = shown('{% filter_form keep="sort q" %}{% endfilter_form %}', "/?sort=-done&other=1")
    assert '<input type="hidden" name="sort" value="-done">' in html
    assert "other" not in html


# --- Forms --------------------------------------------------------------------------------------


def test_the_summary_links_to_each_faulty_field():
    html = shown("{% error_summary form %}", form=CourseForm({}))
    assert "有 2 处需要改正" in html
    assert '<a href="#id_name">班次名称：' in html
    assert '<a href="#id_mode_0">报名方式：' in html


def test_a_sound_form_has_no_summary():
    assert shown("{% error_summary form %}", form=CourseForm()).strip() == ""


def test_a_field_ties_hint_and_error_to_its_input():
    html = shown("{% field form.name %}", form=CourseForm({}))
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert 'aria-invalid="true"' in html


def test_a_hint_given_by_the_page_is_escaped():
    assert "<b>" not in shown("{% field form.name hint=hint %}", form=CourseForm(), hint="<b>")


def test_only_optional_fields_say_so():
    form = CourseForm()
    assert "选填" in shown("{% field form.starts %}", form=form)
    assert "选填" not in shown("{% field form.name %}", form=form)


def test_a_date_is_asked_natively_and_nothing_typed_is_lost():
    html = shown("{% field form.starts %}", form=CourseForm({"starts": "2024-03-05"}))
    assert 'type="date"' in html
    assert 'value="2024-03-05"' in html


def test_a_file_has_a_zone_to_drop_it_on():
    assert "data-drop" in shown("{% field form.paper %}", form=CourseForm())


def test_a_group_of_choices_has_a_legend():
    html = shown("{% field form.mode %}", form=CourseForm())
    assert "<fieldset" in html
    assert "<legend" in html


# --- Charts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("chart", ["bar_chart", "column_chart"])
def test_a_chart_says_its_finding_and_has_its_figures_in_a_table(chart):
    source = f'{{% {chart} "9 月最多" series unit="人次" %}}'
    html = shown(source, series=[("8月", 60), ("9月", 1640)])
    assert "<figcaption>9 月最多</figcaption>" in html
    assert "1,640 人次</td>" in html


@pytest.mark.parametrize("chart", ["bar_chart", "column_chart"])
@pytest.mark.parametrize("series", [[], [("9月", 0)]])
def test_a_chart_bears_having_nothing_to_show(chart, series):
    assert "<figure" in shown(f'{{% {chart} "还没有培训" series %}}', series=series)


def test_the_highest_column_stands_out_and_reaches_the_top():
    html = shown('{% column_chart "9 月最多" series %}', series=[("8月", 60), ("9月", 240)])
    assert html.count("column-key") == 1
    assert 'y="0.0%" width="100%" height="100.0%"' in html
    assert 'y="75.0%" width="100%" height="25.0%"' in html


def test_columns_without_a_value_have_no_highest():
    assert "column-key" not in shown('{% column_chart "还没有" series %}', series=[("8月", 0), ("9月", 0)])


# --- The content policy -------------------------------------------------------------------------


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_a_template_has_nothing_inline_and_nothing_from_another_host(path: Path):
    text = re.sub(r"{#.*?#}", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"\sstyle\s*=", text), "style attribute"
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*\ssrc=)", text), "script without src"
    assert not re.search(r"\son\w+\s*=\s*[\"']", text), "event handler"
    assert "hx-on" not in text, "htmx would evaluate it"
    assert "javascript:" not in text
    assert not re.findall(r"(?:https?:)?//[\w-]+\.[\w.]+", text.replace(REGISTER_OF_SITES, "")), (
        "another host"
    )


def test_styles_and_scripts_load_nothing_from_another_host():
    for path in (settings.BASE_DIR / "peixun" / "static").rglob("*.*"):
        text = path.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert not re.search(r"https?://", text), path.name


def test_templates_stay_short():
    long = [path.name for path in TEMPLATES if len(path.read_text().splitlines()) > 120]
    assert not long


class ChosenForm(forms.Form):
    must = forms.ChoiceField(choices=[*BLANK_CHOICE_DASH, ("a", "甲")])
    may = forms.ChoiceField(choices=[*BLANK_CHOICE_DASH, ("a", "甲")], required=False)


def test_no_choice_is_said_in_words():
    html = shown("{% fields form %}", form=ChosenForm())
    assert "---" not in html
    assert re.findall(r'<option value=""[^>]*>(.*?)</option>', html) == ["请选择", "不选"]
