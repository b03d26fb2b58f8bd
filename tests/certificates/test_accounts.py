"""A learner's own account: opened on a check by a bureau that holds the learner, with a first password."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bureaus.models import AuditEvent, Membership, User
from learners.models import AccountLink, Holder, Learner

GIVEN = {"username": "x123456", "phone": "", "checked": "on"}


@pytest.fixture
def held(learner, bureau):
    Holder.objects.create(learner=learner, bureau=bureau)
    return learner


def address(learner, name="account-for"):
    return reverse(f"certificates:{name}", args=[learner.pk])


def password_on(page) -> str:
    return re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", page.content.decode())[0]


def open_it(client, learner, **changed):
    return client.post(address(learner), GIVEN | changed)


def test_the_form_proposes_a_user_name_that_tells_nothing(held, officer, login):
    page = login(officer).get(address(held)).content.decode()
    assert re.search(r'value="x[0-9]{6}"', page)


def test_the_learner_signs_in_with_what_the_slip_says_and_changes_the_password(held, officer, login):
    slip = open_it(login(officer), held)
    assert "x123456" in slip.content.decode()
    assert "no-store" in slip["Cache-Control"]
    client = Client()
    client.post("/accounts/login/", {"login": "x123456", "password": password_on(slip)})
    assert client.get("/")["Location"] == "/accounts/password/change/"
    link = AccountLink.objects.get(user__username="x123456")
    assert (link.learner, link.relation) == (held, AccountLink.Relation.SELF)


def test_the_first_password_is_shown_once(held, officer, login):
    client = login(officer)
    password = password_on(open_it(client, held))
    page = client.get(address(held)).content.decode()
    assert password not in page
    assert "x123456" in page


def test_with_a_phone_one_signs_in_by_it(held, officer, login):
    slip = open_it(login(officer), held, phone="138 0000 0009")
    answer = Client().post("/accounts/login/", {"login": "13800000009", "password": password_on(slip)})
    assert answer.status_code == 302


def test_the_audit_has_a_line_without_name_user_name_or_password(held, officer, login, bureau):
    password = password_on(open_it(login(officer), held))
    line = AuditEvent.objects.get(deed=AuditEvent.Deed.ACCOUNT_OPENED)
    assert (line.user, line.bureau) == (officer, bureau)
    assert [
        word for word in (held.name, "x123456", password) if word in f"{line.object_label}{line.after}"
    ] == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"checked": ""}, "请先核对本人身份证件"),
        ({"username": "X123456"}, "已有人用"),
        ({"username": "13700000007"}, "用户名不能是手机号"),
        ({"username": "439999198506122826"}, "用户名不能是身份证号"),
        ({"phone": "123"}, "11 位手机号"),
        ({"phone": "13800000001"}, "手机号"),
    ],
)
def test_what_cannot_be_is_told_and_opens_nothing(held, officer, login, changed, words):
    User.objects.create_user("x123456", phone="+8613800000001")
    answer = open_it(login(officer), held, **{"username": "x777777", **changed})
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert not held.account_links.exists()


def test_a_learner_gets_one_account_only(held, officer, login):
    client = login(officer)
    open_it(client, held)
    assert open_it(client, held, username="x999999").status_code == 422
    assert held.account_links.count() == 1


def test_a_reset_ends_the_old_password_and_asks_for_a_change(held, officer, login):
    client = login(officer)
    old = password_on(open_it(client, held))
    account = User.objects.get(username="x123456")
    signed_in = login(account)
    new = password_on(client.post(address(held, "account-reset"), {"checked": "on"}))
    account.refresh_from_db()
    assert (account.check_password(old), account.check_password(new)) == (False, True)
    assert account.must_change_password
    assert signed_in.get("/")["Location"].startswith("/accounts/login/")
    assert AuditEvent.objects.filter(deed=AuditEvent.Deed.ACCOUNT_RESET).count() == 1


def test_a_reset_needs_the_check(held, officer, login):
    client = login(officer)
    open_it(client, held)
    was = User.objects.get(username="x123456").password
    assert client.post(address(held, "account-reset"), {}).status_code == 422
    assert User.objects.get(username="x123456").password == was


def test_without_an_account_a_reset_leads_to_opening_one(held, officer, login):
    answer = login(officer).post(address(held, "account-reset"), {"checked": "on"})
    assert answer["Location"] == address(held)


def test_an_account_that_works_at_a_bureau_is_not_reset_here(held, officer, login, reviewer, other_bureau):
    """Else an officer could take over a colleague's account, and its rights."""
    AccountLink.objects.create(user=reviewer, learner=held)
    was = reviewer.password
    answer = login(officer).post(address(held, "account-reset"), {"checked": "on"})
    assert (answer.status_code, "技术管理员" in answer.content.decode()) == (422, True)
    reviewer.refresh_from_db()
    assert reviewer.password == was
    assert Membership.objects.filter(user=reviewer).exists()


def test_an_account_that_opens_records_of_others_is_not_reset_here(held, officer, login, other_bureau):
    """A helper of somebody whom this bureau does not hold: the officer could read that record, too."""
    client = login(officer)
    open_it(client, held)
    account = User.objects.get(username="x123456")
    grandma = Learner.objects.create(name="奶奶")
    Holder.objects.create(learner=grandma, bureau=other_bureau)
    kept = {"relation": "helper", "consented_at": timezone.now(), "consented_how": "written"}
    AccountLink.objects.create(user=account, learner=grandma, **kept)
    answer = client.post(address(held, "account-reset"), {"checked": "on"})
    assert (answer.status_code, "别的单位的学员" in answer.content.decode()) == (422, True)
    assert User.objects.get(username="x123456").password == account.password
    Holder.objects.create(learner=grandma, bureau=held.holders.get().bureau)
    assert client.post(address(held, "account-reset"), {"checked": "on"}).status_code == 200


@pytest.mark.parametrize("name", ["account-for", "account-reset"])
def test_others_find_nothing_and_readers_may_not(held, login, outsider, reviewer, name):
    assert login(outsider).post(address(held, name), GIVEN).status_code == 404
    assert login(reviewer).post(address(held, name), GIVEN).status_code == 403
    assert not held.account_links.exists()
