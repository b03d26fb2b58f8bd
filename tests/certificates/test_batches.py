"""The job: resumed after a kill without a gap or a double, and judged again."""

import datetime

import pytest
from django.db import DatabaseError, OperationalError
from django.urls import reverse
from django.utils import timezone

from certificates import jobs
from certificates.models import Certificate, IssueBatch
from courses.models import Enrolment
from tests.certificates.conftest import YEAR, enrol

pytestmark = pytest.mark.django_db
State = IssueBatch.State


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(jobs, "CHUNK", 2)


@pytest.fixture
def batch(run, people, terms, rule, officer) -> IssueBatch:
    """Five people, not begun."""
    five = [*people, *enrol(run, "陈刚", "刘芳")]
    return jobs.start(run, terms, [one.pk for one in five], user=officer, rule=rule)


def work(batch: IssueBatch) -> IssueBatch:
    jobs.work.call(str(batch.pk))
    batch.refresh_from_db()
    return batch


def numbers() -> list[str]:
    return list(Certificate.objects.order_by("number").values_list("number", flat=True))


def first(count: int) -> list[str]:
    return [f"潭农培〔{YEAR}〕{at:04}号" for at in range(1, count + 1)]


def test_it_goes_on_to_the_end_and_counts(batch):
    work(batch)
    assert (batch.state, batch.done, batch.skipped) == (State.DONE, 5, 0)
    assert numbers() == first(5)


def test_a_killed_worker_leaves_whole_chunks_and_the_next_goes_on(batch, monkeypatch):
    class Killed(BaseException):
        pass

    issue, calls = jobs.issue, []

    def killed_in_the_second(*args, **kwargs):
        made = issue(*args, **kwargs)
        calls.append(made)
        if len(calls) == 2:
            raise Killed
        return made

    monkeypatch.setattr(jobs, "issue", killed_in_the_second)
    with pytest.raises(Killed):
        jobs.work.call(str(batch.pk))
    batch.refresh_from_db()
    assert (batch.state, batch.done, numbers()) == (State.RUNNING, 2, first(2))
    assert work(batch).done == 5
    assert numbers() == first(5)


def test_the_page_that_waits_starts_a_silent_job_again(
    batch, login, officer, django_capture_on_commit_callbacks
):
    IssueBatch.objects.update(state=State.RUNNING, alive_at=timezone.now() - datetime.timedelta(minutes=4))
    status = reverse("certificates:batch-status", args=[batch.pk])
    with django_capture_on_commit_callbacks(execute=True):
        login(officer).get(status)
    assert numbers() == first(5)
    assert login(officer).get(status)["HX-Refresh"] == "true"


def test_one_that_lives_is_left_alone(batch, login, officer, django_capture_on_commit_callbacks):
    IssueBatch.objects.update(state=State.RUNNING, alive_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        response = login(officer).get(reverse("certificates:batch-status", args=[batch.pk]))
    assert "HX-Refresh" not in response
    assert not Certificate.objects.exists()


def silent(batch: IssueBatch, **values) -> None:
    """As a killed worker leaves it."""
    long_ago = timezone.now() - datetime.timedelta(minutes=2)
    IssueBatch.objects.filter(pk=batch.pk).update(alive_at=long_ago, **values)


def test_a_silent_batch_is_gone_on_with_though_nobody_looks(batch):
    silent(batch, state=State.RUNNING)
    assert jobs.take_up_abandoned() == 1
    assert numbers() == first(5)
    assert jobs.take_up_abandoned() == 0


def test_a_batch_whose_task_was_lost_is_found(batch):
    assert jobs.take_up_abandoned() == 0
    silent(batch)
    assert jobs.take_up_abandoned() == 1
    assert numbers() == first(5)


def test_a_hundred_that_ends_every_worker_ends_the_batch_with_a_sentence(batch, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "issue_chunk", lambda batch_id: False)
        for _attempt in range(jobs.MOST_ATTEMPTS):
            silent(batch, state=State.RUNNING)
            assert jobs.take_up_abandoned() == 1
    silent(batch, state=State.RUNNING)
    assert jobs.take_up_abandoned() == 0
    batch.refresh_from_db()
    assert (batch.state, "连续几次" in batch.error) == (State.FAILED, True)
    jobs.resume(batch)
    assert work(batch).done == 5


def test_a_lost_connection_does_not_fail_a_batch(batch, monkeypatch):
    def lost(*args, **kwargs):
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "issue", lost)
        with pytest.raises(jobs.BatchFailed, match="^OperationalError$"):
            jobs.work.call(str(batch.pk))
    silent(batch)
    assert jobs.take_up_abandoned() == 1
    assert numbers() == first(5)


def test_two_jobs_for_one_batch_issue_once(batch):
    work(batch)
    work(batch)
    assert numbers() == first(5)


def test_who_does_not_qualify_any_more_is_left_out(batch, people):
    Enrolment.objects.filter(pk=people[1].pk).update(state=Enrolment.State.NOT_COMPLETED)
    work(batch)
    assert (batch.done, batch.skipped) == (4, 1)
    assert numbers() == first(4)


def test_with_a_reason_the_rule_is_not_asked_again(run, people, terms, rule, officer):
    Enrolment.objects.filter(pk=people[1].pk).update(assessment="failed")
    by_hand = jobs.Issue(terms.issuer, terms.version, terms.issued_on, None, "补考合格")
    batch = jobs.start(run, by_hand, [people[1].pk], user=officer, rule=rule)
    assert work(batch).done == 1


def test_who_withdrew_meanwhile_gets_none_even_by_hand(run, people, terms, officer):
    by_hand = jobs.Issue(terms.issuer, terms.version, terms.issued_on, None, "名单")
    batch = jobs.start(run, by_hand, [people[0].pk], user=officer)
    Enrolment.objects.update(state=Enrolment.State.WITHDRAWN)
    assert (work(batch).done, batch.skipped) == (0, 1)


def test_a_failed_one_is_shown_and_gone_on_with(
    batch, login, officer, monkeypatch, django_capture_on_commit_callbacks
):
    def broken(*args, **kwargs):
        raise DatabaseError("王小明")

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "issue", broken)
        with pytest.raises(jobs.BatchFailed, match="^DatabaseError$"):
            jobs.work.call(str(batch.pk))
    client = login(officer)
    shown = client.get(reverse("certificates:batch", args=[batch.pk])).content.decode()
    assert "制发时出了错" in shown
    assert "王小明" not in shown
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("certificates:batch-resume", args=[batch.pk]))
    batch.refresh_from_db()
    assert (batch.state, batch.done, batch.error) == (State.DONE, 5, "")


def test_others_do_not_see_a_batch(batch, login, outsider, reviewer):
    address = reverse("certificates:batch", args=[batch.pk])
    assert login(outsider).get(address).status_code == 404
    assert login(reviewer).get(address).status_code == 403
    assert login(reviewer).get(reverse("certificates:batch-resume", args=[batch.pk])).status_code in (
        403,
        405,
    )
