"""Anybody checks a certificate: five answers, the name masked, nothing kept, guesses slowed."""

import datetime

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from certificates.issuing import Issue, issue
from certificates.models import Certificate, Issuer
from certificates.replacing import replace, revoke
from courses.models import Programme
from tests.certificates.conftest import DAY

NOBODYS = "0000000000000000"
FORM = "/v/"


@pytest.fixture(autouse=True)
def on_the_day():
    cache.clear()
    with time_machine.travel(datetime.datetime(2026, 12, 1, 4, tzinfo=datetime.UTC), tick=False):
        yield


@pytest.fixture
def certificate(run, people, terms) -> Certificate:
    return issue(run, people[:1], terms, user=None)[0]


@pytest.fixture
def recorded(learner) -> Certificate:
    return Certificate.objects.create(
        issuer=Issuer.objects.create(name="省农广校"),
        number="湘农广〔2025〕 08 号",
        title="培训证书",
        learner=learner,
        name="阿依古丽·买买提",
        year=2025,
    )


def page_of(certificate, client=None, **posted):
    address = reverse("certificates:check", args=[certificate.code])
    client = client or Client()
    return client.post(address, posted) if posted else client.get(address)


def text_of(response) -> str:
    return response.content.decode()


def by_number(number, name):
    return Client().post(FORM, {"number": number, "name": name})


# --- Five answers -------------------------------------------------------------------------------


def test_a_valid_one_tells_what_it_was_for(certificate):
    text = text_of(page_of(certificate))
    assert "有效</h2>" in text
    for shown in (certificate.number, "乡村致富带头人培训计划", "第一期", "2026-11-02", "2026-11-06", "24"):
        assert shown in text
    for shown in ("结业证书", "市农业农村局", "2026-11-20"):
        assert shown in text


def test_one_past_its_last_day_is_expired(run, people, issuer, version):
    terms = Issue(issuer, version, DAY, datetime.date(2026, 11, 30))
    [certificate] = issue(run, people[:1], terms, user=None)
    assert "已过期</h2>" in text_of(page_of(certificate))
    Certificate.objects.update(expires_on="2026-12-01")
    assert "有效</h2>" in text_of(page_of(certificate))


def test_a_revoked_one_tells_day_and_reason(certificate, officer):
    revoke(certificate, on=datetime.date(2026, 11, 28), reason="学时登记有误", user=officer)
    text = text_of(page_of(certificate))
    assert "已作废</h2>" in text
    assert "2026-11-28" in text
    assert "学时登记有误" in text


def test_a_replaced_one_tells_by_which_and_how_that_one_is(certificate, issuer, version, officer):
    terms = Issue(issuer, version, datetime.date(2026, 11, 28), reason="姓名有误", ground="correction")
    new = replace(certificate, terms, user=officer, name="王晓明")
    text = text_of(page_of(certificate))
    assert "已换补发</h2>" in text
    assert new.number in text
    assert "换发" in text
    assert new.code not in text
    assert "badge-done" in text
    revoke(new, on=DAY, reason="重复", user=officer)
    assert "badge-fault" in text_of(page_of(certificate))


@pytest.mark.parametrize("code", [NOBODYS, "x", "潭", "0" * 200, "%00", "'; DROP TABLE--"])
def test_an_unknown_code_is_told_in_a_sentence(db, code):
    response = Client().get(reverse("certificates:check", args=[code]))
    assert response.status_code == 404
    assert "查无此证" in text_of(response)


def test_revoking_shows_in_the_same_second(certificate, officer):
    client = Client()
    assert "有效</h2>" in text_of(page_of(certificate, client))
    revoke(certificate, on=DAY, reason="有误", user=officer)
    assert "已作废</h2>" in text_of(page_of(certificate, client))


def test_what_was_issued_is_shown_after_everything_was_renamed(certificate, bureau, run):
    Programme.objects.filter(pk=run.programme_id).update(name="新项目")
    run.name, bureau.name = "改名班", "改名局"
    run.save()
    bureau.save()
    Issuer.objects.update(name="改名局")
    text = text_of(page_of(certificate))
    assert "乡村致富带头人培训计划" in text
    assert "市农业农村局" in text
    assert "改名" not in text
    assert "新项目" not in text


# --- The name -----------------------------------------------------------------------------------


def test_the_name_is_masked_until_the_full_name_is_typed(certificate):
    text = text_of(page_of(certificate))
    assert "王*明" in text
    assert "王小明" not in text
    text = text_of(page_of(certificate, name=" 王 小明 "))
    assert "姓名一致" in text
    assert "王小明" in text


def test_another_name_is_told_and_reveals_nothing(certificate):
    response = page_of(certificate, name="王大明")
    assert response.status_code == 200
    assert "姓名不一致" in text_of(response)
    assert "王小明" not in text_of(response)


def test_no_name_at_all_is_asked_for_again(certificate):
    response = page_of(certificate, name=" ")
    assert response.status_code == 422
    assert "王小明" not in text_of(response)


def test_names_are_not_tried_out(certificate):
    answers = [
        page_of(certificate, name=f"王{letter}明").status_code for letter in "一二三四五六七八九十" * 3
    ]
    assert answers == [200] * 20 + [429] * 10
    assert page_of(certificate).status_code == 200


def test_the_page_holds_no_id_number_and_nothing_of_the_employer(certificate, people):
    text = text_of(page_of(certificate, name="王小明"))
    assert "韶山村合作社" not in text
    assert "身份证" not in text


# --- By number and name -------------------------------------------------------------------------


def test_number_and_full_name_find_it(certificate):
    text = text_of(by_number("潭农培(2026) 0001 号", "王小明"))
    assert "有效</h2>" in text
    assert "姓名一致" in text


def test_a_wrong_name_and_an_unknown_number_are_answered_alike(certificate):
    wrong = by_number(certificate.number, "王大明")
    unknown = by_number("潭农培〔2026〕0999号", "王小明")
    assert (wrong.status_code, unknown.status_code) == (404, 404)
    said = [text_of(page).split('<section class="verdict')[1] for page in (wrong, unknown)]
    assert said[0].replace(certificate.number, "潭农培〔2026〕0999号") == said[1]


def test_who_guesses_numbers_and_names_is_told_nothing_more(certificate):
    answers = [by_number(f"潭农培〔2026〕{number:04}号", "王大明").status_code for number in range(30)]
    assert answers == [404] * 30
    assert by_number(certificate.number, "王小明").status_code == 429
    assert page_of(certificate).status_code == 200


def test_one_from_elsewhere_is_found_and_marked(recorded):
    text = text_of(by_number("湘农广（2025）08号", "阿依古丽•买买提"))
    assert "外单位证书，按登记信息显示" in text
    assert "省农广校" in text


def test_the_form_says_what_is_missing(db):
    response = by_number("", "")
    assert response.status_code == 422
    assert "error-summary" in text_of(response) or "必填" in text_of(response)


def test_a_typed_code_leads_to_its_page(certificate):
    typed = f"{certificate.code[:4]}-{certificate.code[4:8]} {certificate.code[8:]}".lower()
    response = Client().post(FORM, {"code": typed})
    assert response["Location"] == reverse("certificates:check", args=[certificate.code])
    assert Client().post(FORM, {"code": "123"}).status_code == 422


def test_letters_that_are_misread_do_not_matter(certificate):
    Certificate.objects.update(code="10ABCDEFGH123456")
    certificate.refresh_from_db()
    assert Client().get("/v/IOABCDEFGHL23456/").status_code == 200


# --- Kept by nobody, limited --------------------------------------------------------------------


@pytest.mark.parametrize("path", [FORM, f"/v/{NOBODYS}/"])
def test_nobody_keeps_or_lists_the_pages(db, path):
    response = Client().get(path)
    assert response["Cache-Control"] == "no-store"
    assert "noindex" in response["X-Robots-Tag"]
    assert 'name="robots" content="noindex' in text_of(response)


def test_robots_are_told_at_the_door(db):
    response = Client().get("/robots.txt")
    assert response["Content-Type"].startswith("text/plain")
    assert "Disallow: /" in text_of(response)


def test_guesses_are_refused_after_a_while_and_true_codes_are_not(certificate):
    answers = [Client().get(f"/v/{NOBODYS}/").status_code for _try in range(40)]
    assert answers == [404] * 30 + [429] * 10
    assert "请过几分钟再试" in text_of(Client().get(f"/v/{NOBODYS}/"))
    assert page_of(certificate).status_code == 200


def test_a_training_room_checks_at_once(certificate):
    assert {page_of(certificate).status_code for _person in range(120)} == {200}


def test_one_address_gets_so_many_checks_a_minute(certificate, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"certificate": "5/m/ip"}
    assert [page_of(certificate).status_code for _check in range(7)] == [200] * 5 + [429] * 2


def test_a_check_takes_two_queries(certificate, django_assert_num_queries):
    client = Client()
    page_of(certificate, client)
    with django_assert_num_queries(2):
        page_of(certificate, client)


def test_in_english_too(certificate):
    client = Client()
    response = client.post("/language/", {"language": "en", "next": f"/v/{certificate.code}/"})
    assert response["Location"] == f"/v/{certificate.code}/"
    assert 'lang="en"' in text_of(page_of(certificate, client))


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(certificate, method):
    assert getattr(Client(), method)(f"/v/{certificate.code}/").status_code == 405
