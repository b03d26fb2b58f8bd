"""Signing in: by user name or the account's own phone; no sign-up; limits that fit a training room."""

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from bureaus.models import User

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


def test_sixty_people_behind_one_address_sign_in(db):
    users = [User(username=f"u{number}") for number in range(60)]
    for user in users:
        user.password = "md5$salt$" + "0" * 32
    User.objects.bulk_create(users)
    first = User.objects.create_user("last", password=PASSWORD)
    for user in users:
        sign_in(user.username, "wrong")
    assert sign_in(first.username).status_code == 302


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
