"""The log of notices: what was said to whom, what became of it, and the two deeds on it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from courses.models import Notice

State = Notice.State
LOG = "/notices/"


@pytest.fixture
def notice(run, enrolments):
    """A notice to 王小明 that failed."""
    return Notice.objects.create(
        key="enrolment:1:e1:sms:1",
        kind=Notice.Kind.ADMITTED,
        version="admitted",
        channel="sms",
        run=run,
        enrolment=enrolments[0],
        address="13800138000",
        subject="录取通知：第一期",
        body="王小明您好，您已被“第一期”录取。",
        state=State.FAILED,
        error="连不上短信平台。",
        due_at=timezone.now(),
    )


def test_the_log_says_to_whom_and_what_became_of_it(login, officer, notice, text):
    page = text(login(officer).get(LOG))
    for words in ("王小明", "您已被“第一期”录取", "发送失败", "连不上短信平台。"):
        assert words in page


def test_the_number_is_masked(login, officer, notice, text):
    page = text(login(officer).get(LOG))
    assert "138****8000" in page
    assert "13800138000" not in page


def test_an_address_of_mail_is_masked(notice):
    notice.address = "wang@example.cn"
    assert notice.masked_address == "w***@example.cn"


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", True),
        ("state=failed", True),
        ("state=sent", False),
        ("kind=admitted", True),
        ("kind=moved", False),
    ],
)
def test_the_log_is_filtered_by_state_and_kind(login, officer, notice, text, query, shown):
    assert ("王小明" in text(login(officer).get(f"{LOG}?{query}"))) is shown


@pytest.mark.parametrize("query", ["state=nonsense", "kind=%00", "page=x"])
def test_a_filter_that_cannot_be_read_is_left_out(login, officer, notice, text, query):
    assert "王小明" in text(login(officer).get(f"{LOG}?{query}"))


def test_another_bureau_sees_none_of_it(login, outsider, notice, text):
    assert "还没有通知" in text(login(outsider).get(LOG))


def test_without_a_channel_the_page_says_so(login, officer, settings, text):
    settings.PEIXUN_CHANNELS = []
    assert "还没有开通发送渠道" in text(login(officer).get(LOG))


def test_the_log_takes_as_many_queries_for_one_as_for_many(
    login, officer, notice, django_assert_max_num_queries
):
    for number in range(60):
        notice.pk, notice.key = None, f"enrolment:1:e1:sms:{number + 2}"
        notice.save(force_insert=True)
    client = login(officer)
    with django_assert_max_num_queries(14):
        assert client.get(LOG).status_code == 200


def act(client, deed, notice, **data):
    return client.post(reverse(f"courses:notice-{deed}", args=[notice.pk]), data)


def test_what_failed_can_be_sent_again(login, officer, notice):
    response = act(login(officer), "again", notice, next=f"{LOG}?state=failed")
    assert response["Location"] == f"{LOG}?state=failed"
    notice.refresh_from_db()
    assert (notice.state, notice.attempts, notice.error) == (State.QUEUED, 0, "")


def test_what_waits_can_be_dropped(login, officer, notice):
    Notice.objects.update(state=State.QUEUED)
    act(login(officer), "drop", notice)
    notice.refresh_from_db()
    assert notice.state == State.DROPPED


@pytest.mark.parametrize("deed", ["again", "drop"])
@pytest.mark.parametrize("state", [State.SENT, State.SENDING])
def test_what_has_left_stays_as_it_is(login, officer, notice, deed, state):
    Notice.objects.update(state=state)
    act(login(officer), deed, notice)
    notice.refresh_from_db()
    assert notice.state == state


def test_one_is_led_to_our_own_pages_only(login, officer, notice):
    assert act(login(officer), "again", notice, next="https://elsewhere.example")["Location"] == LOG


@pytest.mark.parametrize("deed", ["again", "drop"])
@pytest.mark.parametrize(("role", "status"), [("outsider", 404), ("reviewer", 403), ("trainer", 403)])
def test_others_do_nothing_to_it(login, notice, request, deed, role, status):
    assert act(login(request.getfixturevalue(role)), deed, notice).status_code == status
    notice.refresh_from_db()
    assert notice.state == State.FAILED


@pytest.mark.parametrize("deed", ["again", "drop"])
def test_a_look_changes_nothing(login, officer, notice, deed):
    assert login(officer).get(reverse(f"courses:notice-{deed}", args=[notice.pk])).status_code == 405
