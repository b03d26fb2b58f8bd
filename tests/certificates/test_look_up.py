"""Looking up hours and certificates without an account: by name and ID number, or by a code."""

import json
import logging
import re
import time
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.views.debug import SafeExceptionReporterFilter

from certificates import looking_up
from certificates.issuing import issue
from certificates.models import Certificate
from courses.models import Enrolment
from learners.id_numbers import check_digit
from learners.models import Holder, Identity, Learner

LOOK_UP, CLOSE = "/record/", "/record/close/"
PHONE, CODE = "/record/phone/", "/record/code/"
NOT_FOUND = "没有找到"


def id_number(serial: int) -> str:
    first = f"43032119610301{serial:03}"
    return first + check_digit(first)


NUMBER = id_number(2)


@pytest.fixture(autouse=True)
def no_earlier_tries():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def person(people, bureau) -> Learner:
    """王小明, 24 hours in 2026, with an ID number and a phone on record."""
    learner = people[0].learner
    kind, value, key = Identity.by_id_number(NUMBER)
    Identity.objects.create(learner=learner, kind=kind, value=value, digest=key)
    Holder.objects.filter(learner=learner).update(phone="138-0013-8000（家）")
    return learner


@pytest.fixture
def certificate(person, run, people, terms, coordinator) -> Certificate:
    return issue(run, people[:1], terms, user=coordinator)[0]


@pytest.fixture
def outbox(settings, tmp_path, codes_at_once):
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    settings.PEIXUN_SMS_FOLDER = tmp_path / "sms"
    return settings.PEIXUN_SMS_FOLDER


def ask(name="王小明", number=NUMBER, client=None):
    return (client or Client()).post(LOOK_UP, {"name": name, "id_number": number})


def opened(**given) -> Client:
    client = Client()
    assert ask(client=client, **given)["Location"] == LOOK_UP
    return client


def body(response) -> str:
    return response.content.decode()


# --- What opens it ------------------------------------------------------------------------------


def test_full_name_and_full_number_open_hours_and_certificates(certificate):
    page = body(opened().get(LOOK_UP))
    assert [word in page for word in ("王*明", "24", certificate.number, certificate.issuer.name)] == [
        True
    ] * 4


@pytest.mark.parametrize("number", [NUMBER.lower(), f" {NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]} "])
def test_the_number_may_be_written_as_people_write_it(person, number):
    opened(number=number)


def test_a_name_as_of_then_opens_it_too(person):
    Enrolment.objects.filter(learner=person).update(name="王晓明")
    opened(name="王晓明")
    opened(name=" 王 小明")


@pytest.mark.parametrize(
    ("name", "number"),
    [("王小明", id_number(3)), ("李秀英", NUMBER), ("无此人", id_number(4)), ("王*明", NUMBER)],
)
def test_a_wrong_name_and_an_unknown_number_answer_alike(person, name, number):
    answer = ask(name, number)
    assert answer.status_code == 422
    assert NOT_FOUND in body(answer)
    plain = re.sub(r'value="[^"]{30,}"', "", body(answer))
    assert plain == re.sub(r'value="[^"]{30,}"', "", body(ask("无此人", id_number(9))))


def test_known_and_unknown_take_as_many_queries(person, django_assert_num_queries):
    for name, number in (("李秀英", NUMBER), ("王小明", id_number(3))):
        with django_assert_num_queries(1):
            assert looking_up.by_id_number(name, number) is None


def test_what_stands_on_a_certificate_or_in_a_list_opens_nothing(certificate):
    for number in (certificate.number, certificate.code, "430***********0025", NUMBER[-4:]):
        answer = ask(number=number)
        assert (answer.status_code, "不是完整的身份证号" in body(answer)) == (422, True)


def test_what_is_left_empty_is_told(person):
    assert ask("", "").status_code == 422


# --- What is shown, and what not ----------------------------------------------------------------


def test_no_number_phone_class_or_other_person_is_shown(certificate, run):
    page = body(opened().get(LOOK_UP))
    for secret in (NUMBER, NUMBER[-4:], "王小明", "13800138000", "138-0013", run.name, "韶山村合作社"):
        assert secret not in page


def test_hours_are_those_of_this_year_and_of_five(person, run, monkeypatch):
    shown = looking_up.shown_of(person, on=run.starts_on)
    assert (shown.hours, shown.five, shown.first_year) == (Decimal(24), Decimal(24), run.year - 4)
    later = looking_up.shown_of(person, on=run.starts_on.replace(year=run.year + 4))
    assert (later.hours, later.five) == (Decimal(0), Decimal(24))
    assert looking_up.shown_of(person, on=run.starts_on.replace(year=run.year + 5)).five == 0


def test_the_typed_number_does_not_come_back_to_the_page(person):
    answer = body(ask("李秀英", NUMBER))
    assert NUMBER not in answer
    assert "李秀英" not in answer


def test_the_typed_number_stands_in_no_log_session_or_error_report(person, rf, caplog):
    caplog.set_level(logging.DEBUG)
    client = opened()
    ask("李秀英", NUMBER, client)
    assert NUMBER not in caplog.text
    assert NUMBER not in json.dumps(dict(client.session))
    answer = client.post(LOOK_UP, {"name": "王小明", "id_number": NUMBER})
    told = SafeExceptionReporterFilter().get_post_parameters(answer.wsgi_request)
    assert NUMBER not in str(told)


def test_the_page_is_kept_by_no_cache_and_listed_nowhere(person):
    for answer in (opened().get(LOOK_UP), Client().get(LOOK_UP), ask("无此人", id_number(9))):
        assert "no-store" in answer["Cache-Control"]
        assert "noindex" in answer["X-Robots-Tag"]


# --- How long it stands open --------------------------------------------------------------------


def test_it_is_open_in_that_session_only(person):
    opened()
    assert "王*明" not in body(Client().get(LOOK_UP))


def test_one_closes_it(person):
    client = opened()
    assert "结束查看" in body(client.get(LOOK_UP))
    assert client.post(CLOSE)["Location"] == LOOK_UP
    assert "王*明" not in body(client.get(LOOK_UP))
    assert client.get(CLOSE).status_code == 405


def test_it_closes_by_itself_after_ten_minutes(person, monkeypatch):
    client = opened()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 9 * 60)
    assert "王*明" in body(client.get(LOOK_UP))
    monkeypatch.setattr(time, "time", lambda: now + 10 * 60 + 1)
    assert "王*明" not in body(client.get(LOOK_UP))


def test_opening_it_gives_a_new_session(person):
    client = Client()
    client.get(LOOK_UP)
    session = client.session
    session["before"] = True
    session.save()
    client.cookies["sessionid"] = session.session_key
    ask(client=client)
    assert client.cookies["sessionid"].value != session.session_key


# --- The certificate's PDF ----------------------------------------------------------------------


def pdf_address(client: Client) -> str:
    return re.search(r'href="(/record/pdf/[^"]+)"', body(client.get(LOOK_UP)))[1]


@pytest.fixture
def drawn_as(monkeypatch):
    monkeypatch.setattr("certificates.views.looking_up.pdf_of", lambda certificate, site: b"%PDF-1.7")


def test_the_pdf_is_there_while_the_record_is_open(certificate, drawn_as):
    client = opened()
    address = pdf_address(client)
    answer = client.get(address)
    assert (answer["Content-Type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    assert "no-store" in answer["Cache-Control"]
    client.post(CLOSE)
    assert client.get(address)["Location"] == LOOK_UP


def test_the_address_of_a_pdf_opens_nothing_for_others_nor_later(certificate, drawn_as):
    client = opened()
    address = pdf_address(client)
    assert Client().get(address)["Location"] == LOOK_UP
    again = opened()
    assert again.get(address).status_code == 404
    assert client.get("/record/pdf/nonsense/").status_code == 404


def test_a_revoked_certificate_is_shown_as_such_and_not_drawn(certificate, drawn_as):
    client = opened()
    address = pdf_address(client)
    Certificate.objects.filter(pk=certificate.pk).update(state="revoked", revoked_on=certificate.issued_on)
    assert "作废" in body(client.get(LOOK_UP))
    assert client.get(address).status_code == 404


def test_pdfs_of_an_open_record_are_drawn_within_a_limit(certificate, drawn_as):
    client = opened()
    address = pdf_address(client)
    assert [client.get(address).status_code for _again in range(31)] == [200] * 30 + [429]
    assert opened().get(LOOK_UP).status_code == 200


# --- Limits -------------------------------------------------------------------------------------


def test_five_tries_on_one_number_and_no_more_right_or_wrong(person):
    answers = [ask(f"错名{number}").status_code for number in range(6)]
    assert answers == [422] * 5 + [429]
    assert ask().status_code == 429
    unknown = [ask(f"错名{number}", id_number(8)).status_code for number in range(6)]
    assert unknown == answers


def test_numbers_tried_on_one_name_are_counted(person):
    """Of somebody whose birthday and county are known, some hundred numbers are left to try."""
    answers = [ask(number=id_number(100 + number)).status_code for number in range(11)]
    assert answers == [422] * 10 + [429]
    assert ask().status_code == 429
    assert ask("李秀英", id_number(99)).status_code == 422


# --- By a code ----------------------------------------------------------------------------------


def sent(outbox) -> list[dict[str, str]]:
    return [json.loads(file.read_text()) for file in outbox.glob("*.json")]


def asked(name="王小明", phone="13800138000") -> Client:
    client = Client()
    assert client.post(PHONE, {"name": name, "phone": phone})["Location"] == CODE
    return client


def code_in(outbox) -> str:
    [message] = sent(outbox)
    assert message["to"] == "13800138000"
    return re.search(r"[0-9]{6}", message["text"])[0]


def test_a_code_to_the_phone_on_record_opens_it(person, outbox):
    client = asked()
    assert client.post(CODE, {"code": code_in(outbox)})["Location"] == LOOK_UP
    assert "王*明" in body(client.get(LOOK_UP))


@pytest.mark.parametrize(("name", "phone"), [("李秀英", "13800138000"), ("王小明", "13900139000")])
def test_who_is_not_on_record_is_sent_nothing_and_told_the_same(person, outbox, name, phone):
    pages = [body(client.post(CODE, {"code": "abcdef"})) for client in (asked(name, phone), asked())]
    one, other = (re.sub(r'value="[^"]{30,}"', "", page) for page in pages)
    assert one == other
    assert len(sent(outbox)) == 1


def test_two_of_one_name_at_one_phone_are_told_apart_by_their_numbers_only(person, people, outbox):
    people[1].learner.holders.update(phone="13800138000")
    Learner.objects.filter(pk=people[1].learner_id).update(name="王小明")
    asked()
    assert not outbox.exists()


def test_three_wrong_codes_end_it_also_for_the_right_one(person, outbox):
    client = asked()
    right = code_in(outbox)
    wrong = "000000" if right != "000000" else "111111"
    for _try in range(3):
        assert client.post(CODE, {"code": wrong}).status_code == 422
    assert client.post(CODE, {"code": right}).status_code == 429
    assert client.get(CODE)["Location"] == PHONE


def test_a_code_runs_out_after_five_minutes(person, outbox, monkeypatch):
    client = asked()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 5 * 60 + 1)
    assert client.post(CODE, {"code": code_in(outbox)})["Location"] == PHONE


def test_a_phone_is_sent_three_codes_and_then_none(person, outbox):
    answers = [
        Client().post(PHONE, {"name": "王小明", "phone": "13800138000"}).status_code for _ask in range(4)
    ]
    assert (answers, len(sent(outbox))) == ([302, 302, 302, 429], 3)


def test_the_code_stands_in_no_log_and_not_in_the_session(person, outbox, caplog):
    caplog.set_level(logging.DEBUG)
    client = asked()
    code = code_in(outbox)
    kept = json.dumps(dict(client.session))
    client.post(CODE, {"code": code})
    for place in (caplog.text, kept):
        assert f'"{code}"' not in place
        assert "13800138000" not in place


def test_without_a_carrier_there_is_no_code(person):
    assert reverse("certificates:look-up-phone") not in body(Client().get(LOOK_UP))
    assert [Client().get(address).status_code for address in (PHONE, CODE)] == [404, 404]
