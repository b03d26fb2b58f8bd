"""Signing in: by user name or the account's own phone, by a code; no sign-up; limits for a training room."""

import json
import logging
import re
import threading

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from bureaus.models import User
from peixun.lib.sms import SmsBackend

LOGIN = "/accounts/login/"
PASSWORD = "a-good-password-of-1983"


@pytest.fixture(autouse=True)
def no_earlier_tries():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def user(db):
    return User.objects.create_user("wangming", password=PASSWORD, name="王明", phone="+8613800000001")


def sign_in(name: str, password: str = PASSWORD, client: Client | None = None):
    return (client or Client()).post(LOGIN, {"login": name, "password": password})


@pytest.mark.parametrize("name", ["wangming", "13800000001", "+8613800000001"])
def test_a_user_signs_in_by_name_or_by_phone(user, name):
    response = sign_in(name)
    assert (response.status_code, response["Location"]) == (302, reverse("ledgers:home"))


@pytest.mark.parametrize("name", ["wangming", "nobody", "13800000001", "13900000009"])
def test_a_wrong_password_and_an_unknown_account_answer_alike(user, name):
    response = sign_in(name, "wrong")
    assert response.status_code == 200
    assert "不正确" in response.content.decode()


def test_five_wrong_tries_lock_that_account_and_no_other(user):
    User.objects.create_user("liying", password=PASSWORD)
    for _ in range(6):
        sign_in("wangming", "wrong")
    assert sign_in("wangming").status_code == 200
    assert sign_in("liying").status_code == 302


def test_the_lock_of_an_account_holds_for_every_name_that_it_has(user):
    for name in ("wangming", "WangMing", "13800000001", "+8613800000001", "138 0000 0001"):
        sign_in(name, "wrong")
    assert [sign_in(name).status_code for name in ("wangming", "13800000001")] == [200, 200]


@pytest.mark.parametrize("names", [("wangming",), ("nobody",), ("13900000009", "+8613900000009")])
def test_a_locked_account_and_an_unknown_one_answer_alike(user, names):
    answers = [body(sign_in(names[number % len(names)], "wrong")) for number in range(7)]
    assert [("不正确" in answer, "次数" in answer) for answer in answers] == [(True, False)] * 5 + [
        (False, True)
    ] * 2


def body(response) -> str:
    return response.content.decode()


def test_a_password_is_hashed_for_an_unknown_name_too(user, monkeypatch):
    hashed = []
    for name in ("check_password", "set_password"):
        was = getattr(User, name)
        monkeypatch.setattr(User, name, lambda self, raw, was=was: hashed.append(raw) or was(self, raw))
    for name in ("wangming", "nobody", "13900000009"):
        sign_in(name, "wrong")
    assert len(hashed) == 3


def test_the_sign_in_page_offers_what_needs_no_account(db):
    page = body(Client().get(LOGIN))
    assert [reverse(name) in page for name in ("certificates:look-up", "certificates:check-form")] == [
        True,
        True,
    ]
    assert [reverse(name) in page for name in ("bureaus:type", "bureaus:language")] == [True, True]


# --- By a code ----------------------------------------------------------------------------------

CODE, CONFIRM = "/accounts/login/code/", "/accounts/login/code/confirm/"


@pytest.fixture
def outbox(settings, tmp_path, codes_at_once):
    """Codes are sent: the folder where the carrier finds them."""
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    settings.PEIXUN_SMS_FOLDER = tmp_path / "sms"
    return settings.PEIXUN_SMS_FOLDER


def sent(outbox) -> list[dict[str, str]]:
    return [json.loads(file.read_text()) for file in outbox.glob("*.json")]


def code_in(outbox) -> str:
    [message] = sent(outbox)
    return re.search(r"[0-9]{6}", message["text"])[0]


def test_a_code_to_ones_own_phone_signs_in(user, outbox):
    client = Client()
    asked = client.post(CODE, {"phone": "138 0000 0001"})
    assert asked["Location"] == CONFIRM
    assert [message["to"] for message in sent(outbox)] == ["13800000001"]
    confirmed = client.post(CONFIRM, {"code": code_in(outbox)})
    assert (confirmed.status_code, confirmed["Location"]) == (302, reverse("ledgers:home"))
    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_known_and_an_unknown_phone_answer_alike(user, outbox):
    pages = []
    for phone in ("13800000001", "13900000009"):
        client = Client()
        asked = client.post(CODE, {"phone": phone}, follow=True)
        wrong = client.post(CONFIRM, {"code": "000000"})
        pages.append([re.sub(r'value="[^"]{30,}"', "", body(page)) for page in (asked, wrong)])
    assert pages[0] == pages[1]
    assert len(sent(outbox)) == 1


def test_three_wrong_codes_end_it(user, outbox):
    client = Client()
    client.post(CODE, {"phone": "13800000001"})
    right = code_in(outbox)
    for _try in range(3):
        client.post(CONFIRM, {"code": "abc"})
    assert client.post(CONFIRM, {"code": right})["Location"].startswith(LOGIN)
    assert "_auth_user_id" not in client.session


def test_a_phone_is_sent_three_codes_and_then_none(user, outbox):
    for _ask in range(5):
        Client().post(CODE, {"phone": "13800000001"})
    assert len(sent(outbox)) == 3


def test_what_is_no_phone_is_told_in_a_sentence(db, outbox):
    assert "请填写 11 位手机号" in body(Client().post(CODE, {"phone": "12345"}))


def test_a_code_stands_in_no_log(user, outbox, caplog):
    caplog.set_level(logging.DEBUG)
    client = Client()
    client.post(CODE, {"phone": "13800000001"})
    code = code_in(outbox)
    client.post(CONFIRM, {"code": code})
    assert [word for word in (code, "13800000001") if word in caplog.text] == []


def test_a_carrier_that_fails_answers_as_ever_and_is_logged_without_the_number(user, outbox, caplog):
    outbox.write_text("no folder")
    assert Client().post(CODE, {"phone": "13800000001"})["Location"] == CONFIRM
    assert "NotSent" in caplog.text
    assert "13800000001" not in caplog.text


class Slow(SmsBackend):
    """A carrier that takes its time, until it is let go."""

    let_go, taken = threading.Event(), threading.Event()

    def send(self, sms):
        self.taken.set()
        assert self.let_go.wait(30)


def test_a_page_does_not_wait_for_the_carrier(user, settings):
    """A known number would be told from an unknown one by the time that the page takes."""
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    settings.PEIXUN_SMS_BACKEND = f"{__name__}.Slow"
    try:
        assert Client().post(CODE, {"phone": "13800000001"})["Location"] == CONFIRM
        assert Slow.taken.wait(30)
    finally:
        Slow.let_go.set()


def test_without_a_carrier_there_are_no_codes(db):
    assert CODE not in body(Client().get(LOGIN))
    assert [Client().get(address).status_code for address in (CODE, CONFIRM)] == [404, 404]


# --- First passwords ----------------------------------------------------------------------------

CHANGE = "/accounts/password/change/"
OWN = "another-good-one-of-1990"


@pytest.fixture
def newcomer(user):
    user.must_change_password = True
    user.save()
    return user


def signed_in(password=PASSWORD) -> Client:
    client = Client()
    sign_in("wangming", password, client)
    return client


def change(client: Client, password: str):
    return client.post(CHANGE, {"oldpassword": PASSWORD, "password1": password, "password2": password})


def test_a_first_password_is_changed_before_all_else(newcomer):
    client = signed_in()
    for address in ("/", reverse("certificates:own"), reverse("courses:open")):
        assert client.get(address)["Location"] == CHANGE
    assert client.get(CHANGE).status_code == 200


def test_with_a_first_password_one_may_sign_out_and_choose_type_and_language(newcomer):
    client = signed_in()
    client.post(reverse("bureaus:type"), {"type": "large", "next": CHANGE})
    client.post(reverse("bureaus:language"), {"language": "en", "next": CHANGE})
    assert (client.cookies["type"].value, client.cookies["django_language"].value) == ("large", "en")
    client.post("/accounts/logout/")
    assert "_auth_user_id" not in client.session


def test_ones_own_password_opens_the_rest(newcomer):
    client = signed_in()
    assert change(client, OWN)["Location"] == reverse("ledgers:home")
    assert client.get(reverse("courses:open")).status_code == 200
    assert signed_in(OWN).get(reverse("courses:open")).status_code == 200


def test_the_first_password_again_is_no_change(newcomer):
    client = signed_in()
    assert "不能和单位给的初始密码一样" in body(change(client, PASSWORD))
    assert client.get("/")["Location"] == CHANGE


def test_who_chose_the_password_is_not_asked_to_change_it(user):
    assert signed_in().get(reverse("courses:open")).status_code == 200


def test_a_phone_is_no_user_name(user):
    other = User(username="13700000007", password="!")
    with pytest.raises(ValidationError, match="用户名不能是手机号"):
        other.full_clean()


def test_nobody_makes_an_account_for_oneself(db):
    response = Client().post(
        "/accounts/signup/", {"username": "x", "password1": PASSWORD, "password2": PASSWORD}
    )
    assert not User.objects.exists()
    assert "单位" in response.content.decode()


def test_a_disabled_account_does_not_come_in(user):
    user.is_active = False
    user.save()
    assert sign_in("wangming")["Location"] == reverse("account_inactive")


def test_two_accounts_have_not_the_same_phone_but_many_have_none(user):
    User.objects.create_user("a", phone="")
    User.objects.create_user("b", phone="")
    assert User.objects.filter(phone=None).count() == 2


def test_pages_are_chinese_whatever_the_browser_asks_for(db):
    page = Client().get(LOGIN, headers={"accept-language": "en-US,en"})
    assert 'lang="zh-hans"' in page.content.decode()


def test_english_is_there_for_who_chose_it(db):
    client = Client()
    client.cookies["django_language"] = "en"
    assert 'lang="en"' in client.get(LOGIN).content.decode()


def test_the_admin_has_no_sign_in_of_its_own(user):
    user.is_staff = True
    user.save()
    tried = Client().post("/admin/login/", {"username": "wangming", "password": PASSWORD})
    assert tried["Location"].startswith(LOGIN)
    assert "sessionid" not in tried.cookies
    assert Client().get("/admin/login/?next=/admin/")["Location"] == f"{LOGIN}?next=%2Fadmin%2F"


def test_who_is_signed_in_without_a_right_to_the_admin_is_refused(user):
    client = Client()
    client.force_login(user)
    assert client.get("/admin/login/").status_code == 403
