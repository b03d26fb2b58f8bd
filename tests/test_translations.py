"""The catalogues: English is complete and compiled; our Chinese wins over that of the libraries."""

import re
from html.parser import HTMLParser

import polib
import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms import CharField
from django.test import Client
from django.utils.translation import gettext, ngettext, override

from bureaus.models import Bureau, District
from courses.models import Programme, Quota
from learners.models import TargetGroup

[LOCALES] = settings.LOCALE_PATHS
LANGUAGES = ("en", "zh_Hans")
HAN = re.compile(r"[\u3400-\u9fff]")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z]|\{\w*\}")


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(LOCALES / language / "LC_MESSAGES" / "django.po"))


def texts(entry: polib.POEntry) -> list[str]:
    """The translation, or all its plural forms."""
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def contents(entries: polib.POFile | polib.MOFile) -> dict[tuple[str | None, str], list[str]]:
    return {(entry.msgctxt, entry.msgid): texts(entry) for entry in entries if any(texts(entry))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entry_is_translated_and_none_is_fuzzy_or_out_of_use(language):
    po = catalogue(language)
    assert len(po)
    assert [entry.msgid for entry in po if not all(texts(entry))] == []
    assert [entry.msgid for entry in po if entry.fuzzy] == []
    assert [entry.msgid for entry in po.obsolete_entries()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_the_same_on_both_sides(language):
    for entry in catalogue(language):
        for text in texts(entry):
            assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(entry.msgid)), entry.msgid


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_that_of_the_text(language):
    """Users' machines have no gettext: what is committed is what they get. `make messages` compiles."""
    folder = LOCALES / language / "LC_MESSAGES"
    assert contents(polib.mofile(str(folder / "django.mo"))) == contents(catalogue(language))


# Chinese that the English catalogue quotes: words to be written in a file, or read back from one.
QUOTED = {
    "“%(words)s”不对，只能填写：是、否。",
    "人次、人、期、场次、学时 …",
    "填报单位（盖章）：",
    "%(group)s培训台账（空白模板）",
    "表里“培训项目”一列写明了别的项目的行，按表里的算",
    "认不出县市区，请在表里加一列“县市区”。",
    "发证日期（2024年3月5日）",
    "发证日期（二〇二四年三月五日）",
    "照证书上的写，如：潭科协培〔2024〕0001号；括号和空格怎么写都可以",
    "{year} 是年份，{seq:04} 是四位序号，每年从 1 起。例如：潭科协培〔{year}〕{seq:04}号",
    "编号格式须含一个 {year} 和一个 {seq}（或 {seq:04}），例如：潭科协培〔{year}〕{seq:04}号。",
    "例如：潭科协培〔{year}〕{seq:04}号",
    "例如：王小明 韶山村合作社 13800000000",
    "级别里含有其中一个词的适用，用顿号隔开，如 县处级、厅局级；留空为不分级别",
    "一行一项，写成“栏目：内容”；两项并排用竖线隔开，如“姓名：{name} | 学时：{hours}”",
    "印在证书上，如：结业证书、合格证书、学时证明",
    "这个格子认不出，请改成 √、迟到、早退、请假、缺，或 8:30 这样的时间。",
    "列名里的日期不存在，请改成 3月5日 这样的日期。",
    "标题里写死了“%(year)s”，每年导出都是这个年份。请在表样里改成 〔年度〕年 再上传。",
    "〔年度〕",
    "〔单位〕",
    "〔日期〕",
    "〔填表人〕",
    "〔项目〕、〔县市区〕、〔群体〕",
    "〔人次〕、〔人数〕、〔期数〕、〔场次〕、〔总学时〕、〔行数〕",
    "“填报单位：”“填报日期：”后面空着的，系统也会填上。",
    "一行一人，要有“姓名”一列；有身份证号、单位的，认人更准。",
    "列名写日期：3月5日、3.5、2024-03-05 或 第1天；下面一行可分上午、下午。",
    "格子里写 √、1、是 表示到；也可写 8:30 这样的时间，或迟到、早退、请假、缺。",
}
SWITCH = "中文"  # what leads back is written in its own language


def test_english_is_english():
    assert {entry.msgid for entry in catalogue("en") if HAN.search("".join(texts(entry)))} == QUOTED


# --- Pages --------------------------------------------------------------------------------------


class Words(HTMLParser):
    """All that a page says: its texts, and the attributes that are read out or shown."""

    SAID = ("alt", "aria-label", "data-confirm", "data-confirm-button", "data-label", "title", "value")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.silent = 0
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("script", "style")
        self.found += [value or "" for name, value in attributes if name in self.SAID]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


# Templates write the day as 2024年3月5日 in every language.
CHINESE_DAY = re.compile(r"(\d{4}年)?\d{1,2}月\d{1,2}日")


def english(client: Client) -> Client:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client


def chinese_words(html: str, data: set[str]) -> list[str]:
    """What a page says in Chinese apart from data; longer data first, since a name may hold another."""
    said = []
    for words in Words(html).found:
        for name in sorted(data, key=len, reverse=True):
            words = words.replace(name, "")
        if HAN.search(words):
            said.append(words.strip())
    return said


def test_the_sign_in_page_is_english_for_whoever_chose_it(db):
    html = english(Client()).get("/accounts/login/").content.decode()
    assert '<html lang="en"' in html
    assert "User name or mobile number" in html
    assert chinese_words(html, {settings.PEIXUN_SITE_NAME, SWITCH}) == []


def test_an_error_of_the_sign_in_page_is_english(db):
    html = english(Client()).post("/accounts/login/", {"login": "", "password": ""}).content.decode()
    assert "To be corrected: 2" in html
    assert chinese_words(html, {settings.PEIXUN_SITE_NAME, SWITCH}) == []


def test_the_progress_page_is_english_but_for_data(login, coordinator):
    html = english(login(coordinator)).get("/progress/?year=2024").content.decode()
    assert "Person-times" in html
    data = {settings.PEIXUN_SITE_NAME, coordinator.name}
    for model in (Bureau, District, Programme, TargetGroup):
        data |= {str(one) for one in model.objects.all()}
    for words in Quota.objects.values_list("words", "unit"):
        data |= set(words)
    data |= {SWITCH}
    data.discard("")
    assert chinese_words(CHINESE_DAY.sub("", html), data) == []


def test_browsers_that_ask_for_english_get_chinese(db):
    html = Client().get("/accounts/login/", headers={"accept-language": "en"}).content.decode()
    assert "用户名或手机号" in html


# --- Texts of libraries -------------------------------------------------------------------------


def test_our_chinese_wins_over_that_of_the_libraries():
    with override("zh-hans"):
        with pytest.raises(ValidationError) as failure:
            CharField().clean("")
        assert failure.value.messages == ["请填写这一项。"]
        one = "This password is too short. It must contain at least %d character."
        many = "This password is too short. It must contain at least %d characters."
        assert ngettext(one, many, 8) % 8 == "密码太短，至少要有 8 个字符。"
        assert gettext("Select all") == "全选"
