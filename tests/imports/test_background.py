"""A step in the background: the lease, its beats, cancelling, and being taken up after a kill."""

import datetime
import threading
import time

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import OperationalError, connections
from django.urls import reverse
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from bureaus.models import AuditEvent
from courses.models import Enrolment
from ledgers.importing import jobs, progress
from ledgers.importing.boards import Progress, board
from ledgers.importing.progress import MOST_ATTEMPTS, Cancelled, LeaseLost, Stage, take
from ledgers.models import ImportWork, LedgerImport
from ledgers.sweeping import sweep
from tests.imports.conftest import ANNA, BO, row, text_ledger

State = LedgerImport.State
LONG = datetime.timedelta(minutes=2)


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def left_to_workers(settings):
    """Tasks stand in the table until somebody calls them."""
    settings.PEIXUN_JOBS = "worker"
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "ENQUEUE_ON_COMMIT": True}}


@pytest.fixture
def client(login, officer):
    return login(officer)


@pytest.fixture
def go(client, django_capture_on_commit_callbacks):
    """Posts to a step of an import and gives it anew; jobs run at once."""

    def post(batch: LedgerImport, step: str, **data) -> LedgerImport:
        with django_capture_on_commit_callbacks(execute=True):
            assert client.post(address(batch, step), data).status_code == 302
        return fresh(batch)

    return post


@pytest.fixture
def uploaded(client, officer, plan) -> LedgerImport:
    """Stored and not read: its task was lost."""
    file = SimpleUploadedFile("台账.csv", text_ledger(row(1, ANNA), row(2, BO)))
    client.post("/imports/new/", {"file": file, "bureau": officer.memberships.get().bureau_id})
    return LedgerImport.objects.get()


@pytest.fixture
def previewed(uploaded, go, plan) -> LedgerImport:
    jobs.work.call(str(uploaded.pk))
    programme = plan.programmes.get(name="乡村致富带头人培训计划")
    go(uploaded, "terms", programme=programme.pk, year=2024)
    jobs.work.call(str(uploaded.pk))  # nothing to do where jobs run at once
    return fresh(uploaded)


@pytest.fixture
def confirmed(previewed, client) -> LedgerImport:
    """Confirmed; the task for writing was lost."""
    client.post(address(previewed, "confirm"))
    return fresh(previewed)


def address(batch: LedgerImport, name: str = "") -> str:
    return reverse(f"ledgers:import-{name}" if name else "ledgers:import", args=[batch.pk])


def fresh(batch: LedgerImport) -> LedgerImport:
    return LedgerImport.objects.get(pk=batch.pk)


def silent(batch: LedgerImport, **values) -> None:
    """As a killed worker leaves it."""
    ImportWork.objects.filter(pk=batch.pk).update(heard_at=timezone.now() - LONG, **values)


# --- The lease


@pytest.mark.django_db
def test_one_worker_at_a_time_has_an_import_in_hand(uploaded):
    held = take(uploaded.pk)
    assert held is not None
    assert take(uploaded.pk) is None
    held.give_back()
    assert take(uploaded.pk) is not None


@pytest.mark.django_db
def test_the_lease_of_a_silent_worker_goes_to_the_next_and_the_first_stops(uploaded):
    first = take(uploaded.pk)
    silent(uploaded)
    second = take(uploaded.pk)
    first.listen()
    with pytest.raises(LeaseLost):
        first.tell(1, 2)
    second.listen()
    second.tell(1, 2)


@pytest.mark.django_db
def test_who_was_taken_for_dead_changes_nothing_any_more(uploaded):
    first = take(uploaded.pk)
    silent(uploaded)
    assert take(uploaded.pk) is not None
    jobs.read_step(fresh(uploaded), first)
    assert fresh(uploaded).state == State.READING


@pytest.mark.django_db
def test_two_tasks_for_one_import_write_once(confirmed):
    jobs.work.call(str(confirmed.pk))
    jobs.work.call(str(confirmed.pk))
    assert fresh(confirmed).state == State.APPLIED
    assert Enrolment.objects.count() == 2
    assert AuditEvent.objects.filter(deed=AuditEvent.Deed.LEDGER_IMPORTED).count() == 1


# --- Beats


@pytest.mark.usefixtures("left_to_workers")
@pytest.mark.django_db(transaction=True)
def test_a_step_is_seen_to_go_on_while_its_transaction_is_open(uploaded, monkeypatch):
    monkeypatch.setattr(progress, "BEAT", 0.02)
    seen = threading.Event()

    def long_step(batch, held):
        held.enter(Stage.WRITE)
        with jobs.transaction.atomic():
            LedgerImport.objects.select_for_update().filter(pk=batch.pk).update(message="wird")
            held.tell(700, 1000)
            seen.wait(10)

    monkeypatch.setattr(jobs, "read_step", long_step)
    worker = threading.Thread(target=call_in_thread, args=(uploaded,))
    worker.start()
    found = wait_for(lambda: known(uploaded).done == 700 and known(uploaded))
    seen.set()
    worker.join(10)
    assert (found.stage, found.done, found.total) == ("write", 700, 1000)
    assert known(uploaded) == Progress()  # and nothing is left of it


@pytest.mark.usefixtures("left_to_workers")
@pytest.mark.django_db(transaction=True)
def test_cancelling_while_the_transaction_is_open_rolls_it_back(confirmed, client, monkeypatch):
    """Also on SQLite, where nobody else can write meanwhile."""
    monkeypatch.setattr(progress, "BEAT", 0.02)
    writing = threading.Event()
    write = jobs.apply

    def slow_apply(*args, tell, **kwargs):
        def tell_for_long(done, total):
            tell(done, total)
            writing.set()
            wait_for(lambda: is_told(tell, done, total), until=Cancelled)

        return write(*args, tell=tell_for_long, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "apply", slow_apply)
        worker = threading.Thread(target=call_in_thread, args=(confirmed,))
        worker.start()
        assert writing.wait(10)
        assert client.post(address(confirmed, "cancel")).status_code == 302
        worker.join(20)
    batch = fresh(confirmed)
    assert (batch.state, Enrolment.objects.count()) == (State.PREVIEW, 0)
    assert "没有写入任何数据" in client.get(address(batch)).content.decode()
    client.post(address(batch, "confirm"))
    jobs.work.call(str(batch.pk))
    assert (fresh(batch).state, Enrolment.objects.count()) == (State.APPLIED, 2)


def is_told(tell, done, total) -> bool:
    tell(done, total)
    return False


def call_in_thread(batch: LedgerImport) -> None:
    try:
        jobs.work.call(str(batch.pk))
    finally:
        connections.close_all()


def known(batch: LedgerImport) -> Progress:
    return board().read([batch.pk]).get(batch.pk, Progress())


def wait_for(what, *, until: type[BaseException] | tuple[()] = (), seconds: float = 15):
    """What `what` gives as soon as that is true; an exception of `until` passes through."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if found := what():
                return found
        except until:
            raise
        time.sleep(0.01)
    raise AssertionError("It did not come about.")


@pytest.mark.django_db
def test_a_short_step_never_beats(uploaded, monkeypatch):
    beats = []
    monkeypatch.setattr(progress.Held, "beat", lambda held: beats.append(held))
    jobs.work.call(str(uploaded.pk))
    assert fresh(uploaded).state == State.ASKING
    assert beats == []


@pytest.mark.django_db
def test_a_beat_outlives_a_database_that_is_away(uploaded, monkeypatch):
    held = take(uploaded.pk)

    def away(_held):
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr(progress.Held, "listen", away)
        patched.setattr(progress.connections, "close_all", lambda: None)
        held.beat()
    held.tell(1, 1)


# --- Cancelling


@pytest.mark.django_db
@pytest.mark.parametrize("step", ["read", "preview", "confirm"])
def test_cancelling_before_a_worker_began_ends_the_step_at_once(step, request, client, go, plan):
    batch = request.getfixturevalue({"read": "uploaded", "confirm": "confirmed"}.get(step, "previewed"))
    if step == "preview":
        client.post(address(batch, "reopen"))
        client.post(address(batch, "terms"), {"programme": batch.programme_id, "year": 2024})
    page = client.get(address(batch)).content.decode()
    assert "取消这一步" in page
    batch = go(batch, "cancel")
    assert batch.state == {"read": State.DROPPED, "preview": State.ASKING, "confirm": State.PREVIEW}[step]
    assert batch.has_file == (step != "read")
    assert not Enrolment.objects.exists()
    jobs.work.call(str(batch.pk))  # the task that was queued comes late
    assert fresh(batch).state == batch.state


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("stage", "understood", "back", "words"),
    [
        ("", {"said": ["a fingerprint"]}, State.MAPPING, "回到指定各列"),
        ("columns", {"tables": []}, State.ASKING, "正在列出各列"),
    ],
)
def test_cancelling_goes_back_to_where_the_columns_were_asked_for(
    stage, understood, back, words, uploaded, client, go
):
    LedgerImport.objects.update(stage=stage, understood=understood)
    assert words in client.get(address(uploaded)).content.decode()
    batch = go(uploaded, "cancel")
    assert (batch.state, batch.has_file) == (back, True)


@pytest.mark.django_db
def test_what_was_called_off_while_a_killed_worker_had_it_is_not_begun_again(confirmed, client, go):
    assert take(confirmed.pk) is not None
    assert go(confirmed, "cancel").state == State.APPLYING
    assert "正在取消" in client.get(address(confirmed, "status")).content.decode()
    silent(confirmed)
    sweep()
    assert fresh(confirmed).state == State.PREVIEW
    assert not Enrolment.objects.exists()


@pytest.mark.django_db
def test_cancelling_what_is_over_changes_nothing(previewed, go):
    assert go(previewed, "cancel").state == State.PREVIEW


@pytest.mark.django_db
def test_only_who_uploaded_may_cancel(confirmed, login, administrator, reviewer, outsider):
    for user, status in ((administrator, 403), (reviewer, 403), (outsider, 404)):
        assert login(user).post(address(confirmed, "cancel")).status_code == status
    assert login(administrator).get(address(confirmed, "cancel")).status_code == 405
    assert "取消这一步" not in login(administrator).get(address(confirmed)).content.decode()


# --- Taken up again


@pytest.mark.django_db
def test_an_import_whose_task_was_lost_is_found(uploaded):
    assert sweep().imports == 0  # it may still be on its way to the queue
    silent(uploaded)
    assert sweep().imports == 1
    assert fresh(uploaded).state == State.ASKING


@pytest.mark.django_db
def test_the_step_of_a_killed_worker_is_done_again(confirmed):
    assert take(confirmed.pk) is not None
    assert sweep().imports == 0
    silent(confirmed)
    assert sweep().imports == 1
    assert fresh(confirmed).state == State.APPLIED
    assert AuditEvent.objects.filter(deed=AuditEvent.Deed.LEDGER_IMPORTED).count() == 1


@pytest.mark.django_db
def test_what_ends_every_worker_ends_with_a_sentence(confirmed):
    for _attempt in range(MOST_ATTEMPTS):
        assert take(confirmed.pk) is not None
        silent(confirmed)
    assert sweep().imports == 0
    batch = fresh(confirmed)
    assert batch.state == State.FAILED
    assert f"连续 {MOST_ATTEMPTS} 次" in batch.message
    assert not Enrolment.objects.exists()


@pytest.mark.django_db
def test_a_lost_connection_does_not_fail_the_import(confirmed, monkeypatch):
    def lost(*args, **kwargs):
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "apply", lost)
        with pytest.raises(jobs.StepFailed, match="^OperationalError$"):
            jobs.work.call(str(confirmed.pk))
    assert fresh(confirmed).state == State.APPLYING
    silent(confirmed)
    assert sweep().imports == 1
    assert fresh(confirmed).state == State.APPLIED


@pytest.mark.django_db
def test_without_workers_opening_the_page_takes_it_up(uploaded, client):
    silent(uploaded)
    assert client.get(address(uploaded, "status"))["HX-Refresh"] == "true"
    assert fresh(uploaded).state == State.ASKING


@pytest.mark.django_db
def test_a_task_that_waits_for_a_worker_is_not_queued_twice(uploaded, left_to_workers):
    silent(uploaded)
    assert [sweep().imports, DBTaskResult.objects.count()] == [1, 1]
    silent(uploaded)
    assert [sweep().imports, DBTaskResult.objects.count()] == [0, 1]


@pytest.mark.django_db
def test_the_task_of_a_killed_worker_does_not_stand_as_running_for_ever(uploaded, left_to_workers):
    jobs.work.enqueue(str(uploaded.pk))
    DBTaskResult.objects.update(status=TaskResultStatus.RUNNING)
    assert take(uploaded.pk) is not None
    silent(uploaded)
    assert sweep().imports == 1
    assert sorted(DBTaskResult.objects.values_list("status", flat=True)) == ["FAILED", "READY"]


@pytest.mark.django_db
def test_an_import_of_the_command_that_was_killed_ends_with_a_sentence(bureau):
    batch = LedgerImport.objects.create(bureau=bureau, file_name="台账.xlsx", state=State.APPLYING)
    assert take(batch.pk) is not None
    sweep()
    assert fresh(batch).state == State.APPLYING
    silent(batch)
    sweep()
    assert "被中断" in fresh(batch).message


# --- Expiry


@pytest.mark.django_db
def test_an_unconfirmed_upload_expires_by_itself(previewed, settings):
    settings.PEIXUN_UPLOAD_KEEP_DAYS = 2
    assert sweep().dropped == 0
    LedgerImport.objects.update(uploaded_at=timezone.now() - datetime.timedelta(days=3))
    assert sweep().dropped == 1
    batch = fresh(previewed)
    assert (batch.state, batch.has_file) == (State.DROPPED, False)
    assert "到期删除" in batch.message
    assert default_storage.listdir("ledgers")[1] == []


@pytest.mark.django_db
def test_what_is_being_written_does_not_expire_under_the_worker(confirmed):
    LedgerImport.objects.update(uploaded_at=timezone.now() - datetime.timedelta(days=99))
    assert sweep().dropped == 0
    assert fresh(confirmed).has_file


@pytest.mark.django_db
def test_a_file_whose_upload_was_killed_is_deleted_after_a_day(uploaded, tmp_path, monkeypatch, capsys):
    stray = tmp_path / "ledgers" / "0c2f1a52-3a57-4f0e-8e5e-5d1f3a0f7c11.sealed"
    stray.write_bytes(b"sealed")
    call_command("tidy_imports")
    assert stray.exists()
    old = timezone.now() - datetime.timedelta(days=2)
    monkeypatch.setattr(default_storage, "get_modified_time", lambda _name: old)
    call_command("tidy_imports")
    assert not stray.exists()
    assert default_storage.exists(uploaded.stored_as)
    assert "1 stray files deleted" in capsys.readouterr().out


# --- What the page says


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("told", "words"),
    [
        (Progress("read"), ["正在读取文件", "正在估算"]),
        (Progress("check", 500, 20_000, 1.0), ["正在逐行检查", "500 / 20,000", "正在估算"]),
        (Progress("compare", 5_000, 20_000, 10.0), ["正在与已有数据比对", "大约还要 30 秒"]),
        (Progress("write", 1_000, 61_000, 10.0), ["正在写入", "大约还要 10 分钟"]),
        (Progress("write", 900, 1_000, 18.0), ["不到 10 秒"]),
    ],
)
def test_the_bar_says_what_is_done_and_how_long_it_may_take(told, words, confirmed, client):
    held = take(confirmed.pk)
    board().write(confirmed.pk, held.holder, told)
    page = client.get(address(confirmed, "status")).content.decode()
    for word in words:
        assert word in page, page


@pytest.mark.django_db
def test_how_it_ended_is_told_on_the_home_page_until_it_is_known(confirmed, client, go, login, administrator):
    assert "处理完了" not in client.get("/").content.decode()
    jobs.work.call(str(confirmed.pk))
    page = client.get("/").content.decode()
    assert "处理完了" in page
    assert "新增 2 行" in page
    assert "处理完了" not in login(administrator).get("/").content.decode()
    assert login(administrator).post(address(confirmed, "seen")).status_code == 403
    go(confirmed, "seen")
    assert "处理完了" not in client.get("/").content.decode()


@pytest.mark.django_db
def test_a_step_in_hand_is_shown_in_a_fixed_number_of_queries(
    confirmed, client, django_assert_max_num_queries
):
    take(confirmed.pk)
    with django_assert_max_num_queries(12):
        client.get(address(confirmed, "status"))
