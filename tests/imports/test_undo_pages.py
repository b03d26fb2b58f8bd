"""An import back, in the browser: weighed, looked at, done with a reason; its rows, its file, its history."""

import datetime
from io import BytesIO

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from bureaus.models import AuditEvent, YearClose
from courses.models import Enrolment
from ledgers.importing import jobs, taking_back, undoing
from ledgers.models import ImportWork, LedgerImport
from tests.imports.conftest import ANNA, BO, row, text_ledger
from tests.imports.test_import_pages import page_of

pytestmark = pytest.mark.usefixtures("_jobs_inline")
State = LedgerImport.State


@pytest.fixture
def applied(send, go, programme):
    """Two rows that were brought in."""
    batch = go(send(text_ledger(row(1, ANNA), row(2, BO))), "terms", programme=programme.pk, year=2024)
    return go(batch, "confirm")


def undo_page(client, batch):
    response = client.get(reverse("ledgers:import-undo", args=[batch.pk]))
    assert response.status_code == 200
    return response.content.decode()


def edit(name):
    Enrolment.objects.get(name=name).save()


def digest_of(batch):
    return batch.undo_report["digest"]


def test_before_it_is_done_the_page_tells_rows_reasons_and_figures(client, go, applied):
    edit(ANNA[0])
    assert "不会改动任何数据" in undo_page(client, applied)
    batch = go(applied, "weigh")
    assert batch.state == State.APPLIED
    page = undo_page(client, batch)
    assert "收回 1 行" in page
    assert "后来有人改过" in page
    assert "<del>2</del> → <ins>1</ins>" in page
    assert "<del>48</del> → <ins>24</ins>" in page
    assert Enrolment.objects.count() == 2


def test_it_is_done_with_a_reason_and_tells_what_became_of_each_row(client, go, applied):
    edit(ANNA[0])
    batch = go(applied, "weigh")
    batch = go(batch, "undo", reason="传错了文件", digest=digest_of(batch))
    assert batch.state == State.PARTLY
    assert Enrolment.objects.get().name == ANNA[0]
    line = AuditEvent.objects.get(deed=AuditEvent.Deed.LEDGER_UNDONE)
    assert (line.reason, line.user.username) == ("传错了文件", "李经办")
    assert {name: line.after[name] for name in ("reversed", "kept_rows", "failed")} == {
        "reversed": 1,
        "kept_rows": 1,
        "failed": 0,
    }
    page = page_of(client, batch)  # what was kept stands first
    assert "参训记录后来改过" in page
    assert BO[0] not in page
    assert BO[0] in page_of(client, batch, "?state=reversed")
    assert "再撤销保留的行" in page


def test_the_page_tells_the_history_of_the_import(client, go, applied):
    edit(ANNA[0])
    batch = go(applied, "weigh")
    batch = go(batch, "undo", reason="第一次", digest=digest_of(batch))
    Enrolment.objects.update(changed_at=batch.applied_at)
    batch = go(batch, "weigh")
    batch = go(batch, "undo", reason="第二次", digest=digest_of(batch))
    assert batch.state == State.UNDONE
    page = " ".join(page_of(client, batch).split())
    told = ["上传", "预览", "确认导入", "收回 1 行", "保留 1 行", "第一次", "收回 1 行", "第二次"]
    at = 0
    for words in told:
        assert words in page[at:], words
        at = page.index(words, at) + 1


def test_the_rows_that_stayed_can_be_downloaded_with_the_reasons(client, go, applied):
    edit(ANNA[0])
    batch = go(applied, "weigh")
    batch = go(batch, "undo", reason="传错了", digest=digest_of(batch))
    response = client.get(reverse("ledgers:import-undone", args=[batch.pk]))
    sheet = load_workbook(BytesIO(response.content)).active
    assert sheet.max_row == 3
    assert [sheet[f"{letter}3"].value for letter in "BCE"] == ["2", "保留", ANNA[0]]
    assert "后来改过" in sheet["D3"].value


def test_without_a_reason_nothing_is_done(client, go, applied):
    batch = go(applied, "weigh")
    address = reverse("ledgers:import-undo", args=[batch.pk])
    assert client.post(address, {"digest": digest_of(batch)}).status_code == 422
    assert Enrolment.objects.count() == 2


def test_a_report_that_is_no_longer_the_newest_does_nothing(client, go, applied):
    batch = go(applied, "weigh")
    batch = go(batch, "undo", reason="传错了", digest="x")
    assert batch.state == State.APPLIED
    assert Enrolment.objects.count() == 2


def test_what_changed_since_the_look_is_shown_anew_and_nothing_is_done(client, go, applied):
    batch = go(applied, "weigh")
    edit(ANNA[0])
    batch = go(batch, "undo", reason="传错了", digest=digest_of(batch))
    assert (batch.state, batch.undo_report["kept"]) == (State.APPLIED, 1)
    assert "核对之后数据有了变化" in undo_page(client, batch)
    assert Enrolment.objects.count() == 2


def test_a_closed_year_says_so_instead_of_a_report(client, go, applied, bureau):
    YearClose.objects.create(bureau=bureau, year=2024)
    batch = go(applied, "weigh")
    assert (batch.state, batch.undo_report) == (State.APPLIED, {})
    assert "已封账" in undo_page(client, batch)


def test_an_outsider_finds_no_import_and_a_reader_may_not(login, go, applied, outsider, reviewer):
    for name in ("weigh", "undo"):
        address = reverse(f"ledgers:import-{name}", args=[applied.pk])
        assert login(outsider).post(address).status_code == 404
        assert login(reviewer).post(address).status_code == 403
    assert login(outsider).get(reverse("ledgers:import-undone", args=[applied.pk])).status_code == 404
    assert login(reviewer).get(reverse("ledgers:import-undone", args=[applied.pk])).status_code == 200


def test_an_officer_of_the_bureau_may_undo_what_another_uploaded(login, go, applied, administrator):
    client = login(administrator)
    response = client.get(reverse("ledgers:import", args=[applied.pk]))
    assert "撤销这次导入" in response.content.decode()
    assert client.post(reverse("ledgers:import-weigh", args=[applied.pk])).status_code == 302


def test_pressing_twice_queues_one_job(applied):
    assert taking_back.start_weighing(applied)
    assert not taking_back.start_weighing(applied)


def test_while_it_is_done_the_page_waits(client, applied):
    LedgerImport.objects.filter(pk=applied.pk).update(state=State.UNDOING, stage="undo")
    assert "正在撤销" in page_of(client, applied)
    assert "正在撤销" in undo_page(client, applied)


def test_a_killed_worker_of_an_undo_is_replaced(go, applied):
    batch = go(applied, "weigh")
    LedgerImport.objects.filter(pk=batch.pk).update(state=State.UNDOING, stage="undo", undo_reason="传错了")
    long_ago = timezone.now() - datetime.timedelta(minutes=10)
    ImportWork.objects.filter(pk=batch.pk).update(heard_at=long_ago)
    call_command("tidy_imports")
    batch.refresh_from_db()
    assert batch.state == State.UNDONE


def test_a_defect_leaves_the_import_as_it_was_with_a_sentence(applied, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(undoing, "weigh", broken)
    LedgerImport.objects.filter(pk=applied.pk).update(state=State.UNDOING, stage="weigh")
    with pytest.raises(RuntimeError):
        jobs.work.call(str(applied.pk))
    applied.refresh_from_db()
    assert applied.state == State.APPLIED
    assert "没有改动任何数据" in applied.message


def test_an_import_that_was_undone_has_nothing_more_to_undo(client, go, applied):
    batch = go(applied, "weigh")
    batch = go(batch, "undo", reason="传错了", digest=digest_of(batch))
    assert client.get(reverse("ledgers:import-undo", args=[batch.pk])).status_code == 302
    assert "撤销这次导入" not in page_of(client, batch)
