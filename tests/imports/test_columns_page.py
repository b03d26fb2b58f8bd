"""A ledger whose headings are not understood: the page that asks, and the layout that is remembered."""

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from bureaus.models import AuditEvent
from courses.models import Enrolment
from ledgers.importing import mapping
from ledgers.importing.recovery import take_up_abandoned
from ledgers.models import HeadingSynonym, ImportWork, LedgerImport, LedgerLayout
from tests.imports.conftest import ANNA, BO

State = LedgerImport.State
HEADINGS = "编码,受训者,证件,联络,所属,何时,成效"
PROGRAMME = "乡村致富带头人培训计划"


def odd_ledger(*people: tuple[str, str, str], title: str = "", headings: str = HEADINGS) -> bytes:
    """A ledger none of whose headings are known. `title` goes above the header."""
    lines = [f"{title},,,,,,"] if title else []
    lines.append(headings)
    for at, (name, number, employer) in enumerate(people, start=1):
        lines.append(f"{at},{name},{number},1390000000{at},{employer},2024-03-05,合格")
    return "\n".join(lines).encode()


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def client(login, officer):
    return login(officer)


@pytest.fixture
def programme(plan):
    return plan.programmes.get(name=PROGRAMME)


@pytest.fixture
def send(client, bureau, django_capture_on_commit_callbacks):
    def upload(content: bytes, name: str = "2024年名册.csv") -> LedgerImport:
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(
                "/imports/new/", {"file": SimpleUploadedFile(name, content), "bureau": bureau.pk}
            )
        assert response.status_code == 302
        return LedgerImport.objects.latest("uploaded_at")

    return upload


@pytest.fixture
def post(client, django_capture_on_commit_callbacks):
    """Posts to a step of an import; gives the import anew and the answer."""

    def sent(batch: LedgerImport, step: str, data=None, by=None):
        with django_capture_on_commit_callbacks(execute=True):
            response = (by or client).post(reverse(f"ledgers:import-{step}", args=[batch.pk]), data or {})
        return LedgerImport.objects.get(pk=batch.pk), response

    return sent


def page_of(client, batch, query=""):
    return client.get(reverse("ledgers:import", args=[batch.pk]) + query)


def filled_in(client, batch, programme, **changes) -> dict:
    """What the page offers, as a browser would send it, with the class that the file does not name."""
    form = page_of(client, batch).context["form"]
    data = {name: form[name].value() for name in form.fields}
    data |= {f"header_{sheets.at}": sheets.chosen for sheets in form.sheets}
    data |= {"programme": programme.pk, "year": 2024, "set_run": "第1期", "remember": "on"} | changes
    return {name: value for name, value in data.items() if value not in (None, False)}


def column(client, batch, heading: str) -> str:
    """The name of the field that asks for this heading."""
    form = page_of(client, batch).context["form"]
    return next(one.bound.name for sheets in form.sheets for one in sheets.columns if one.heading == heading)


# --- The page -----------------------------------------------------------------------------------


def test_a_file_without_known_headings_opens_the_page_with_guesses(client, send):
    batch = send(odd_ledger(ANNA, BO))
    assert batch.state == State.MAPPING
    page = page_of(client, batch)
    guessed = {one.heading: one.bound.value() for one in page.context["form"].sheets[0].columns}
    assert guessed == {
        "编码": "",
        "受训者": "name",
        "证件": "id_number",
        "联络": "phone",
        "所属": "employer",
        "何时": "dates",
        "成效": "assessment",
    }
    words = page.content.decode()
    assert "不用改文件" in words
    assert "再上传" not in words
    assert ANNA[0] in words
    assert ANNA[1] not in words
    assert "13900000001" not in words


def test_the_samples_are_kept_sealed_and_go_with_the_file(send, post):
    batch = send(odd_ledger(ANNA, BO))
    with default_storage.open(batch.columns_name) as file:
        assert ANNA[0].encode() not in file.read()
    assert ANNA[0] not in str(batch.understood)
    name = batch.columns_name
    post(batch, "drop")
    assert not default_storage.exists(name)


def test_what_was_said_leads_straight_to_the_preview_and_into_the_figures(client, send, post, programme):
    batch = send(odd_ledger(ANNA, BO))
    batch, _ = post(batch, "columns", filled_in(client, batch, programme, set_hours="8"))
    assert (batch.state, batch.figures["good"]) == (State.PREVIEW, 2)
    post(batch, "confirm")
    assert Enrolment.objects.filter(run__name="第1期", hours=8).count() == 2


def test_id_numbers_under_an_unknown_heading_are_asked_for_and_never_left_out_silently(client, send):
    content = f"姓名,证件,单位\n{','.join(ANNA)}\n{','.join(BO)}\n".encode()
    batch = send(content)
    assert batch.state == State.MAPPING
    assert "身份证号" in batch.message
    form = page_of(client, batch).context["form"]
    assert [one.bound.value() for one in form.sheets[0].columns] == ["name", "id_number", "employer"]


def test_a_file_in_which_nothing_looks_like_a_ledger_is_refused(send):
    assert send("甲,乙\n1,2\n".encode()).state == State.FAILED


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"所属": "name"}, "已经选给了"),
        ({"受训者": ""}, "没有选“姓名”一列"),
        ({"受训者": "headcount", "何时": ""}, "讲座台账还缺日期"),
        ({"受训者": "nonsense"}, "nonsense"),
    ],
)
def test_what_cannot_be_read_is_told_at_the_page(client, send, post, programme, changes, words):
    batch = send(odd_ledger(ANNA, BO))
    named = {column(client, batch, heading): key for heading, key in changes.items()}
    batch, response = post(batch, "columns", filled_in(client, batch, programme) | named)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert batch.state == State.MAPPING


def test_what_every_row_needs_and_no_column_gives_is_asked_for(client, send, post, programme):
    batch = send(odd_ledger(ANNA, BO))
    batch, response = post(batch, "columns", filled_in(client, batch, programme) | {"set_run": ""})
    assert response.status_code == 422
    assert "请选一列，或在这里填写" in response.content.decode()


def test_columns_all_left_out_are_refused(client, send, post, programme):
    batch = send(odd_ledger(ANNA, BO))
    data = filled_in(client, batch, programme)
    data = {name: "" if name.startswith("column_") else value for name, value in data.items()}
    _, response = post(batch, "columns", data)
    assert response.status_code == 422
    assert "每一列都选了不导入" in response.content.decode()


def test_another_row_can_be_chosen_as_the_header(client, send, post, programme):
    content = odd_ledger(ANNA, BO).decode().splitlines()
    batch = send("\n".join(["人员,受训,证明,电联,归属,时段,结论", *content]).encode())
    form = page_of(client, batch).context["form"]
    headers = [one.rows for one in form.sheets[0].place.candidates]
    assert {(1,), (2,)} <= set(headers)
    other = headers.index((2,))
    page = page_of(client, batch, f"?header_0={other}")
    assert "受训者" in [one.heading for one in page.context["form"].sheets[0].columns]


@pytest.mark.parametrize("number", ["99", "x", "-7", "²"])
def test_a_header_that_is_not_there_is_no_fault(client, send, number):
    batch = send(odd_ledger(ANNA))
    assert page_of(client, batch, f"?header_0={number}").status_code == 200


def test_only_who_uploaded_says_what_columns_mean(
    client, send, post, programme, login, administrator, outsider
):
    batch = send(odd_ledger(ANNA, BO))
    data = filled_in(client, batch, programme)
    assert "等待上传人" in page_of(login(administrator), batch).content.decode()
    assert post(batch, "columns", data, by=login(administrator))[1].status_code == 403
    assert post(batch, "columns", data, by=login(outsider))[1].status_code == 404
    assert client.get(reverse("ledgers:import-columns", args=[batch.pk])).status_code == 405


# --- A file that was understood -----------------------------------------------------------------


def test_a_file_that_was_understood_can_be_adjusted_and_left_as_it_was(client, send, post, programme):
    content = "姓名,身份证号,联络办法,班次,学时\n{},{},13900000001,第1期,8\n".format(*ANNA[:2]).encode()
    batch = send(content)
    assert batch.state == State.ASKING
    assert "联络办法" in page_of(client, batch).content.decode()
    assert "可能是“联系电话”" in page_of(client, batch).content.decode()
    batch, _ = post(batch, "adjust")
    assert batch.state == State.MAPPING
    batch, _ = post(batch, "reopen")
    assert batch.state == State.ASKING
    batch, _ = post(batch, "adjust")
    data = filled_in(client, batch, programme) | {column(client, batch, "学时"): "days", "set_run": ""}
    batch, _ = post(batch, "columns", data)
    assert batch.state == State.PREVIEW
    post(batch, "confirm")
    assert Enrolment.objects.get().hours == 64


def test_terms_cannot_be_sent_while_columns_are_asked_for(client, send, post, programme):
    batch = send(odd_ledger(ANNA))
    batch, _ = post(batch, "terms", {"programme": programme.pk, "year": 2024})
    assert batch.state == State.MAPPING
    batch, _ = post(batch, "reopen")
    assert batch.state == State.MAPPING


def test_a_killed_worker_lists_the_columns_again(client, send, post):
    batch, _ = post(send("姓名,身份证号\n{},{}\n".format(*ANNA[:2]).encode()), "adjust")
    LedgerImport.objects.filter(pk=batch.pk).update(state=State.READING, stage="columns")
    ImportWork.objects.filter(pk=batch.pk).update(heard_at="2020-01-01T00:00:00Z")
    assert take_up_abandoned() == 1
    batch.refresh_from_db()
    assert batch.state == State.MAPPING


# --- What is remembered -------------------------------------------------------------------------


@pytest.fixture
def remembered(client, send, post, programme) -> LedgerLayout:
    batch = send(odd_ledger(ANNA))
    post(batch, "columns", filled_in(client, batch, programme, set_hours="8", name="村级名册"))
    return LedgerLayout.objects.get()


def test_the_next_file_of_that_shape_goes_straight_to_the_preview_and_says_so(client, send, remembered):
    batch = send(odd_ledger(ANNA, BO, title="2024年春季名册"))
    assert (batch.state, batch.figures["good"]) == (State.PREVIEW, 2)
    assert "按已记住的版式“村级名册”识别，可修改" in page_of(client, batch).content.decode()
    remembered.refresh_from_db()
    assert remembered.times_used == 1
    assert remembered.last_used_at is not None


def test_without_a_year_in_the_file_it_is_asked_for(send, remembered):
    assert send(odd_ledger(BO), "名册.csv").state == State.ASKING


def test_a_layout_reads_no_file_of_another_bureau_or_shape(send, remembered, other_bureau):
    assert send(odd_ledger(ANNA, headings=HEADINGS + "甲")).state == State.MAPPING
    remembered.bureau = other_bureau
    remembered.save()
    assert send(odd_ledger(ANNA)).state == State.MAPPING


def test_an_import_is_written_by_what_its_preview_was_read_by(send, post, remembered):
    batch = send(odd_ledger(ANNA, BO))
    remembered.delete()
    batch, _ = post(batch, "confirm")
    assert batch.state == State.APPLIED
    assert Enrolment.objects.count() == 2


def test_a_corrected_programme_is_remembered_with_the_layout(send, post, plan, remembered):
    other = plan.programmes.get(name="培训科技辅导员")
    batch, _ = post(send(odd_ledger(BO)), "reopen")
    post(batch, "terms", {"programme": other.pk, "year": 2024, "set_run": "第2期"})
    remembered.refresh_from_db()
    assert (remembered.programme, remembered.constants) == (other, {"run": "第2期"})


def test_the_same_shape_said_again_changes_the_layout_and_another_gets_a_name_of_its_own(
    client, send, post, programme, remembered
):
    batch, _ = post(send(odd_ledger(ANNA)), "adjust")
    post(batch, "columns", filled_in(client, batch, programme, name="村级名册"))
    assert LedgerLayout.objects.count() == 1
    batch = send(odd_ledger(ANNA, headings=HEADINGS + "甲"))
    post(batch, "columns", filled_in(client, batch, programme, name="村级名册"))
    assert set(LedgerLayout.objects.values_list("name", flat=True)) == {"村级名册", "村级名册 2"}


def test_nothing_is_remembered_unless_wanted(client, send, post, programme):
    batch = send(odd_ledger(ANNA))
    data = filled_in(client, batch, programme)
    del data["remember"]
    batch, _ = post(batch, "columns", data)
    assert batch.state == State.PREVIEW
    assert not LedgerLayout.objects.exists()


def test_remembering_a_layout_is_a_line_of_the_audit(remembered, officer, bureau):
    line = AuditEvent.objects.get(deed=AuditEvent.Deed.LAYOUT_CHANGED)
    assert (line.user, line.bureau) == (officer, bureau)
    assert "受训者 → 姓名" in line.after["columns"]


def test_learned_headings_act_on_files_of_other_shapes_until_they_are_removed(client, send, post, programme):
    batch = send(odd_ledger(ANNA))
    post(batch, "columns", filled_in(client, batch, programme, learn="bureau"))
    other = f"受训者,证件,班次\n{ANNA[0]},{ANNA[1]},第1期\n".encode()
    assert send(other).state == State.ASKING
    client.post(reverse("ledgers:heading-delete", args=[HeadingSynonym.objects.get(heading="受训者").pk]))
    assert send(other).state == State.MAPPING


def test_only_the_city_learns_for_all_bureaus(
    client, send, post, programme, login, coordinator, other_bureau
):
    batch = send(odd_ledger(ANNA))
    _, response = post(batch, "columns", filled_in(client, batch, programme, learn="city"))
    assert response.status_code == 422
    LedgerImport.objects.filter(pk=batch.pk).update(uploaded_by=coordinator)
    _, response = post(
        batch, "columns", filled_in(login(coordinator), batch, programme, learn="city"), by=login(coordinator)
    )
    assert response.status_code == 302
    assert mapping.synonyms_for(other_bureau)["受训者"] == "name"


def test_a_bureaus_own_heading_prevails_over_the_citys(bureau, other_bureau):
    HeadingSynonym.objects.create(bureau=None, heading="内容物", key="course")
    HeadingSynonym.objects.create(bureau=bureau, heading="内容物", key="activity")
    HeadingSynonym.objects.create(bureau=bureau, heading="旧列", key="no_more")
    assert mapping.synonyms_for(bureau) == {"内容物": "activity"}
    assert mapping.synonyms_for(other_bureau) == {"内容物": "course"}


# --- Several sheets, several rows ---------------------------------------------------------------


def test_a_header_of_two_rows_below_titles_is_proposed_and_read(client, send, post, programme, book):
    rows = [["附件"], ["2024年情况一览"], [], ["人员", "", "课", ""], ["称呼", "号码", "所在村组", "成效"]]
    rows += [[ANNA[0], ANNA[1], "南山村", "合格"], [BO[0], BO[1], "北山村", "合格"]]
    batch = send(book({"表": rows}, "A4:B4", "C4:D4"), "一览.xlsx")
    form = page_of(client, batch).context["form"]
    at = [one.rows for one in form.sheets[0].place.candidates].index((4, 5))
    data = filled_in_from(page_of(client, batch, f"?header_0={at}").context["form"], programme)
    batch, _ = post(batch, "columns", data)
    assert (batch.state, batch.figures["good"]) == (State.PREVIEW, 2)
    assert batch.understood["tables"][0]["header_rows"] == [4, 5]


def test_sheets_that_are_laid_out_alike_are_asked_for_once(client, send, post, programme, book):
    heading = HEADINGS.split(",")
    sheets = {
        "雨湖区": [heading, [1, *ANNA[:2], "", ANNA[2], "2024-03-05", "合格"]],
        "岳塘区": [heading, [1, *BO[:2], "", BO[2], "2024-03-05", "合格"]],
    }
    batch = send(book(sheets), "2024.xlsx")
    form = page_of(client, batch).context["form"]
    assert [one.place.sheets for one in form.sheets] == [("雨湖区", "岳塘区")]
    batch, _ = post(batch, "columns", filled_in(client, batch, programme))
    assert (batch.state, batch.figures["good"]) == (State.PREVIEW, 2)


def filled_in_from(form, programme) -> dict:
    data = {name: form[name].value() for name in form.fields if name.startswith("column_")}
    data |= {f"header_{sheets.at}": sheets.chosen for sheets in form.sheets}
    return data | {"programme": programme.pk, "year": 2024, "set_run": "第1期"}


def test_going_back_after_a_preview_by_itself_still_counts_the_rows(client, send, post, remembered):
    batch, _ = post(send(odd_ledger(ANNA, BO)), "reopen")
    assert "共 2 行数据" in page_of(client, batch).content.decode()
