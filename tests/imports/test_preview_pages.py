"""The preview: what changes in words, found and sorted, and what became different since it was shown."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bureaus.models import Bureau
from certificates.models import Certificate
from courses.models import Enrolment, Session
from ledgers.models import LedgerImport
from tests.imports.conftest import ANNA, BO, person, row, text_ledger
from tests.imports.test_import_pages import page_of

pytestmark = pytest.mark.usefixtures("_jobs_inline")
State = LedgerImport.State
HEADINGS = [
    *(
        "姓名",
        "身份证号",
        "工作单位",
        "职务",
        "县市区",
        "班次",
        "开始日期",
        "结束日期",
        "理论课时",
        "实操课时",
    ),
    *("联系电话", "考核结果", "证书编号", "证书名称", "发证日期", "发证单位", "备注"),
]
FIRST = [
    *(ANNA[0], ANNA[1], ANNA[2], "教师", "雨湖区", "第1期", "2024-03-05", "2024-03-07", "16", "8"),
    *("13800000001", "合格", "测培1号", "结业证书", "2024-03-08", "甲学院", "住校"),
]
SECOND = [
    *(ANNA[0], ANNA[1], "别的学校", "校长", "岳塘区", "第1期", "2024-03-04", "2024-03-09", "10", "6"),
    *("13900000009", "不合格", "测培2号", "合格证书", "2024-03-10", "乙学院", "走读"),
]
LABELS = (
    *(
        "工作单位",
        "职务",
        "县市区",
        "开班日期",
        "结业日期",
        "理论课时",
        "实操课时",
        "学时",
        "联系电话",
        "考核结果",
    ),
    *("状态", "证书编号", "证书名称", "发证日期", "发证单位", "备注"),
)


def changes_of(page):
    """Label → (old, new) of the changes on a page."""
    found = {}
    for part in page.split('<span class="change">')[1:]:
        label, _mark, rest = part.partition("：<del>")
        old, _mark, rest = rest.partition("</del> → <ins>")
        found[label] = (old, rest.partition("</ins>")[0])
    return found


def previewed(send, go, programme, *rows, headings=None):
    content = text_ledger(*rows, headings=headings) if headings else text_ledger(*rows)
    return go(send(content), "terms", programme=programme.pk, year=2024)


def test_every_field_that_changes_is_told_in_words(client, send, go, programme):
    go(previewed(send, go, programme, FIRST, headings=HEADINGS), "confirm")
    batch = previewed(send, go, programme, SECOND, headings=HEADINGS)
    told = changes_of(page_of(client, batch, "?state=changed"))
    assert set(LABELS) <= set(told)
    assert told["状态"] == ("结业", "未结业")
    assert told["发证单位"] == ("甲学院", "乙学院")
    assert told["理论课时"] == ("16", "10")
    assert told["县市区"] == ("雨湖区", "岳塘区")
    assert told["联系电话"][1] != ""


def test_a_phone_is_shown_masked(client, send, go, programme):
    go(previewed(send, go, programme, row(1, ANNA)), "confirm")
    batch = previewed(send, go, programme, row(1, ANNA, 联系电话="13900000009"))
    page = page_of(client, batch, "?state=changed")
    assert "13900000009" not in page
    assert "13800000001" not in page


def test_a_lecture_that_changes_is_told_in_words(client, send, go, plan):
    lecture = plan.programmes.get(name="智慧助老行动")
    text = "日期,活动名称,地点,参加人数,其中女性,县市区\n2024-05-06,智能手机课,社区,{},{},雨湖区\n"
    go(go(send(text.format(30, 20).encode()), "terms", programme=lecture.pk, year=2024), "confirm")
    assert Session.objects.get().headcount == 30
    batch = go(send(text.format(40, 25).encode()), "terms", programme=lecture.pk, year=2024)
    assert changes_of(page_of(client, batch, "?state=changed")) == {
        "参加人数": ("30", "40"),
        "其中女性": ("20", "25"),
    }


def test_rows_are_found_by_what_is_shown_of_them(client, send, go, programme):
    batch = previewed(send, go, programme, row(1, ANNA), row(2, BO))
    address = reverse("ledgers:import", args=[batch.pk]) + "?state=all"
    page = client.post(address, {"q": BO[0]}, follow=True).content.decode()
    assert BO[0] in page
    assert ANNA[0] not in page
    assert BO[0] not in client.post(address, {"q": BO[0]})["Location"]


def test_rows_are_sorted_as_the_address_says(client, send, go, programme):
    batch = previewed(send, go, programme, row(1, ANNA), row(2, BO))
    page = page_of(client, batch, "?state=all&sort=-row")
    assert page.index(BO[0]) < page.index(ANNA[0])
    assert "sort=result" in page


def test_a_long_preview_opens_with_as_few_queries_as_a_short_one(client, send, go, programme):
    def queries(count):
        rows = [row(number, person(number)) for number in range(1, count + 1)]
        batch = previewed(send, go, programme, *rows)
        with CaptureQueriesContext(connection) as made:
            page_of(client, batch, "?state=new&page=2")
        return len(made)

    few = queries(60)
    assert queries(180) == few
    assert few <= 18


def test_rows_that_differ_from_the_confirmed_preview_are_shown_by_themselves(
    client, send, go, programme, bring_in, ledger
):
    batch = previewed(send, go, programme, row(1, ANNA), row(2, BO))
    bring_in(ledger(row(1, ANNA)), programme=programme.name, bureau="市农业农村局")
    batch = go(batch, "confirm")
    assert batch.state == State.PREVIEW
    assert "1 行的结果和上次预览不同" in batch.message
    page = page_of(client, batch)
    assert "与上次预览不同" in page
    assert ANNA[0] in page
    assert BO[0] not in page
    assert go(batch, "confirm").state == State.APPLIED
    assert Enrolment.objects.count() == 2


def test_a_row_whose_old_value_changed_meanwhile_differs(client, send, go, programme):
    go(previewed(send, go, programme, row(1, ANNA), row(2, BO)), "confirm")
    batch = previewed(send, go, programme, row(1, ANNA, 学时="16"), row(2, BO, 学时="16"))
    Enrolment.objects.filter(name=ANNA[0]).update(hours=20)
    batch = go(batch, "confirm")
    assert (batch.state, batch.figures["differs"]) == (State.PREVIEW, 1)
    assert changes_of(page_of(client, batch))["学时"] == ("20", "16")


def test_another_officer_sees_the_preview_and_cannot_confirm_it(send, go, programme, login, administrator):
    batch = previewed(send, go, programme, row(1, ANNA))
    reader = login(administrator)
    page = reader.get(reverse("ledgers:import", args=[batch.pk])).content.decode()
    assert reverse("ledgers:import-confirm", args=[batch.pk]) not in page
    assert reader.post(reverse("ledgers:import-confirm", args=[batch.pk])).status_code == 403
    assert not Certificate.objects.exists()
    assert Bureau.objects.filter(name="市农业农村局").exists()


def test_only_rows_that_are_new_or_changed_count_as_written(client, send, go, programme):
    go(previewed(send, go, programme, row(1, ANNA), row(2, BO)), "confirm")
    batch = previewed(send, go, programme, row(1, ANNA, 学时="9"), row(2, BO))
    assert "导入 1 行" in page_of(client, batch)
    page = page_of(client, go(batch, "confirm"))
    assert "写入 1 行；另外 1 行以前导入过，没有变化。" in page
    assert "写入 1 行" in page.partition("确认导入")[2]
    batch = previewed(send, go, programme, row(1, ANNA, 学时="9"), row(2, BO))
    page = page_of(client, batch)
    assert "没有新内容，结束导入" in page
    assert "导入 2 行" not in page
    go(batch, "confirm")
    shown = client.get(reverse("ledgers:imports")).context["page"].object_list
    assert [one.writes for one in shown] == [0, 1, 2]


def test_what_stands_in_two_columns_is_told_apart(client, send, go, programme):
    page = page_of(client, previewed(send, go, programme, FIRST, headings=HEADINGS), "?state=all")
    assert "16 + 8" in page


def test_a_colleague_reads_whose_turn_it_is(client, send, go, programme, login, administrator, officer):
    batch = previewed(send, go, programme, row(1, ANNA))
    words = f"等待上传人 {officer} 确认导入。"
    assert words in page_of(login(administrator), batch)
    assert words not in page_of(client, batch)
