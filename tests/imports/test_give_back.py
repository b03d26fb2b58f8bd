"""The bureau's own workbook back: what is wrong stands in it, nothing else moves, and mended it imports."""

import re
import zipfile
from io import BytesIO

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill

from bureaus.models import AuditEvent, Bureau, Membership, User
from learners import id_numbers
from ledgers.importing import giving_back
from ledgers.models import LedgerImport
from ledgers.reading.container import open_container
from ledgers.reading.headings import GIVEN_BACK, is_given_back
from ledgers.reading.messages import FAULTS, WARNINGS
from ledgers.reading.words import find_marks
from ledgers.returning.orders import Note
from ledgers.returning.styles import FAULT, WARNING
from tests.conftest import account
from tests.imports.conftest import ANNA, BO, LEDGERS, row, text_ledger
from tests.imports.test_five_ledgers import NAMES, expected_of, options_of

State = LedgerImport.State


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def client(login, officer):
    return login(officer)


@pytest.fixture
def bring(login, officer, plan, django_capture_on_commit_callbacks):
    """Uploads a file as far as the preview, or to its end; gives the import."""

    def upload(content, name, *, programme="乡村致富带头人培训计划", bureau="", confirm=False):
        bureau = Bureau.objects.get(name=bureau) if bureau else officer.memberships.get().bureau
        user = officer if bureau == officer.memberships.get().bureau else of_bureau(bureau)
        client = login(user)

        def post(step, *, of=None, **data):
            with django_capture_on_commit_callbacks(execute=True):
                answer = client.post(reverse(f"ledgers:import-{step}", args=of and [of.pk]), data)
            assert answer.status_code == 302, answer.content.decode()

        post("new", file=SimpleUploadedFile(name, content), bureau=bureau.pk)
        batch = LedgerImport.objects.latest("uploaded_at")
        programme = plan.programmes.get(name=programme)
        post("terms", of=batch, programme=programme.pk, year=2024)
        if confirm:
            post("confirm", of=batch)
        return LedgerImport.objects.get(pk=batch.pk)

    return upload


def of_bureau(bureau):
    found = User.objects.filter(memberships__bureau=bureau).first()
    return found or account(f"经办{bureau.pk}", bureau, Membership.Role.OFFICER)


def returned(batch):
    content, _name = giving_back.give_back(batch, user=batch.uploaded_by)
    open_container(content)  # it passes the gate that it came through
    return content


def book_of(content, **options):
    return openpyxl.load_workbook(BytesIO(content), **options)


def own_column(sheet):
    return next(cell.column for line in sheet.iter_rows() for cell in line if is_given_back(cell.value))


def valid_number(number):
    digits = f"43999919880202{number:03}"
    return next(digits + last for last in "0123456789X" if id_numbers.fault(digits + last) is None)


def mend(content, batch):
    """Mends the faulty cells as a person would in Excel; a second row of a person is made another's."""
    book = book_of(content, data_only=True)
    for at, found in enumerate(batch.rows.filter(state="faulty")):
        sheet = book[found.sheet] if found.sheet else book.active
        coloured = [cell for cell in sheet[found.number] if cell.fill.fgColor.rgb == FAULT]
        cell = next((one for one in coloured if one.column < own_column(sheet)), None)
        assert cell is not None, (found.sheet, found.number, found.column)
        assert found.message in cell.comment.text
        cell.value = {
            "name_missing": f"补名{'甲乙丙丁戊己'[at]}",
            "id_number_numeric": valid_number(at),
            "id_number_format": valid_number(at),
            "id_number_checksum": valid_number(at),
            "id_number_missing": valid_number(at),
            "hours_invalid": 8,
            "date_invalid": "2024-04-15",
            "run_missing": "补录班",
            "headcount_invalid": 60,
            "formula_error": 40,
            "duplicate_row": cell.value,
            "date_order": "2024-04-15",
        }[found.code]
        if found.code == "date_order" and found.column.endswith("结业日期"):
            cell.value = "2024-12-20"
        if found.code in ("duplicate_row", "name_missing"):  # else the number is known under another name
            cells = [one for one in sheet[found.number] if id_numbers.fault(str(one.value)) is None]
            for one in cells[:1]:
                one.value = valid_number(at)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_a_ledger_given_back_and_mended_imports_only_the_mended_rows(bring, name):
    expected = expected_of(name)
    options = options_of(expected)
    batch = bring((LEDGERS / name).read_bytes(), name, confirm=True, **options)
    assert batch.figures["faulty"] == expected["faulty"]
    again = bring(returned(batch), "退回的.xlsx", **options)
    figures = again.figures
    assert (figures["new"], figures["changed"], figures["same"]) == (0, 0, expected["good"])
    assert figures["faulty"] == expected["faulty"]
    ignored = [heading for table in again.understood["tables"] for heading in table["ignored"]]
    assert not any("问题" in heading for heading in ignored)
    before = [heading for table in batch.understood["tables"] for heading in table["ignored"]]
    assert ignored == before

    mended = bring(mend(returned(batch), batch), "改好的.xlsx", confirm=True, **options)
    faults = list(mended.rows.filter(state="faulty").values_list("sheet", "number", "code", "message"))
    assert faults == []
    figures = mended.figures
    assert (figures["new"], figures["changed"]) == (expected["faulty"], 0)
    assert figures["same"] == expected["good"]


def looks_of(sheet):
    """Everything of a sheet that is not its cells' values."""
    return {
        "merges": {str(merge) for merge in sheet.merged_cells.ranges},
        "widths": {
            key: (one.min, one.max, one.width, one.hidden) for key, one in sheet.column_dimensions.items()
        },
        "heights": {key: one.height for key, one in sheet.row_dimensions.items()},
        "print": (sheet.print_title_rows, str(sheet.print_area), sheet.page_setup.orientation),
        "margins": (sheet.page_margins.left, sheet.page_margins.top),
        "frozen": sheet.freeze_panes,
        "state": sheet.sheet_state,
        "lists": [(str(one.sqref), one.formula1) for one in sheet.data_validations.dataValidation],
        "rules": sorted(str(one.sqref) for one in sheet.conditional_formatting),
        "filter": sheet.auto_filter.ref,
    }


def bureau_book():
    """A workbook as a bureau may have one: a two-row header, merges, formulas, lists, comments."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "农民培训"
    sheet["A1"] = "2024年高素质农民培训台账"
    sheet.merge_cells("A1:I1")
    heads = ["序号", "姓名", "身份证号", "单位", "班次", "培训时间", "学时", None, "问题"]
    for column, text in enumerate(heads, start=1):
        sheet.cell(2, column, text).font = Font(bold=True)
        if column not in (7, 8):
            sheet.merge_cells(start_row=2, end_row=3, start_column=column, end_column=column)
    sheet.merge_cells("G2:H2")
    sheet["G3"], sheet["H3"] = "理论", "实操"
    people = [ANNA, BO, ("王强", valid_number(1), "石鼓镇农技站"), ("", valid_number(2), "梅林桥镇")]
    for at, (name, number, employer) in enumerate(people):
        values = [at + 1, name, number, employer, "第1期", "2024-03-05", 16, 8, "本单位自己的话"]
        for column, value in enumerate(values, start=1):
            sheet.cell(4 + at, column, value)
    sheet["G5"] = "若干"
    sheet["D4"].fill = PatternFill("solid", fgColor="FFDDEEFF")
    sheet["B7"].comment = Comment("原有的批注", "张三")
    sheet["B6"].comment = Comment("另一条", "张三")
    sheet["F8"], sheet["G8"] = "合计", "=SUM(G4:G7)"
    sheet.column_dimensions["C"].width = 24
    sheet.row_dimensions[2].height = 30
    sheet.freeze_panes = "A4"
    sheet.print_title_rows = "2:3"
    sheet.print_area = "A1:I8"
    sheet.page_setup.orientation = "landscape"
    rule = openpyxl.worksheet.datavalidation.DataValidation(type="list", formula1='"第1期,第2期"')
    rule.add("E4:E50")
    sheet.add_data_validation(rule)
    hidden = book.create_sheet("字典")
    hidden["A1"] = "第1期"
    hidden.sheet_state = "hidden"
    other = book.create_sheet("第二张")
    other.append(["姓名", "身份证号", "单位", "班次", "培训时间", "学时"])
    other.append(["赵敏", valid_number(3), "云湖桥镇", "第2期", "2024-13-05", 8])
    other.append([None])
    other.append(["第二个表"])
    other.append(["姓名", "身份证号", "单位", "班次", "培训时间", "学时", "联系电话"])
    other.append(["孙立", valid_number(4), "云湖桥镇", "第3期", "2024-05-05", 8, "123"])
    file = BytesIO()
    book.save(file)
    return with_result(file.getvalue())


def with_result(content):
    """The workbook with the last result of its formula, as Excel writes it and openpyxl does not."""
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name).replace(b"<f>SUM(G4:G7)</f><v />", b"<f>SUM(G4:G7)</f><v>48</v>")
            new.writestr(name, data.replace(b"<f>SUM(G4:G7)</f><v></v>", b"<f>SUM(G4:G7)</f><v>48</v>"))
        new.writestr("xl/media/own.png", b"\x89PNG a picture")
    assert b"<v>48</v>" in zipfile.ZipFile(target).read("xl/worksheets/sheet1.xml")
    return target.getvalue()


def test_everything_else_of_the_workbook_stays_as_it_was(bring):
    content = bureau_book()
    batch = bring(content, "本局的表.xlsx", programme="高素质农民培育计划")
    assert batch.figures["faulty"] == 3
    back = returned(batch)
    old, new = book_of(content), book_of(back)
    assert new.sheetnames == old.sheetnames
    for sheet in old:
        ours, theirs = looks_of(new[sheet.title]), looks_of(sheet)
        ours["merges"] -= {"J2:J3"}
        ours["widths"].pop("J", None), ours["widths"].pop("H" if sheet.title == "第二张" else "J", None)
        assert ours == theirs, sheet.title
        for line in sheet.iter_rows():
            for cell in line:
                same = new[sheet.title].cell(cell.row, cell.column)
                assert (same.value, same.data_type, same.number_format) == (
                    cell.value,
                    cell.data_type,
                    cell.number_format,
                )
                if same.fill.fgColor.rgb not in (FAULT, WARNING):
                    assert repr((same.font, same.fill, same.border)) == repr(
                        (cell.font, cell.fill, cell.border)
                    )
    with zipfile.ZipFile(BytesIO(back)) as archive:
        assert archive.read("xl/media/own.png") == b"\x89PNG a picture"
        assert b"<f>SUM(G4:G7)</f><v>48</v>" in archive.read("xl/worksheets/sheet1.xml")
    assert book_of(back, data_only=True)["农民培训"]["G8"].value == 48


def test_the_faults_are_coloured_said_in_comments_and_in_the_added_column(bring):
    back = book_of(returned(bring(bureau_book(), "本局的表.xlsx", programme="高素质农民培育计划")))
    sheet = back["农民培训"]
    assert sheet["J2"].value == GIVEN_BACK
    assert sheet["J2"].font.bold
    assert sheet["G5"].fill.fgColor.rgb == FAULT
    assert sheet["G5"].comment.text == FAULTS["hours_invalid"]
    assert FAULTS["hours_invalid"] in sheet["J5"].value
    assert sheet["B7"].fill.fgColor.rgb == FAULT
    assert sheet["B7"].comment.text.endswith("原有的批注")
    assert FAULTS["name_missing"] in sheet["J7"].value
    assert sheet["J4"].value is None
    other = back["第二张"]
    assert other["E2"].fill.fgColor.rgb == FAULT
    assert other["G6"].fill.fgColor.rgb == WARNING
    assert other["G6"].comment.text == f"提醒：{WARNINGS['phone_invalid']}"
    assert other["H6"].value.startswith("提醒：")
    assert [other["H1"].value, other["H5"].value] == [GIVEN_BACK, GIVEN_BACK]


def test_a_column_of_the_bureaus_own_with_that_heading_is_not_ours(bring):
    batch = bring(bureau_book(), "本局的表.xlsx", programme="高素质农民培育计划")
    again = bring(returned(batch), "退回.xlsx", programme="高素质农民培育计划")
    tables = again.understood["tables"]
    assert [heading for table in tables for heading in table["ignored"]] == []
    assert [heading for table in tables for heading, _guess in table["unknown"]] == ["问题"]


def test_given_back_a_second_time_the_old_marks_are_gone(bring):
    batch = bring(bureau_book(), "本局的表.xlsx", programme="高素质农民培育计划")
    book = book_of(returned(batch), data_only=True)
    book["农民培训"]["G5"].value = 12
    file = BytesIO()
    book.save(file)
    second = bring(file.getvalue(), "改过一处.xlsx", programme="高素质农民培育计划")
    sheet = book_of(returned(second))["农民培训"]
    assert sheet["G5"].fill.fgColor.rgb != FAULT
    assert sheet["G5"].comment is None
    assert not sheet["J5"].value
    assert sheet["K2"].value is None
    assert FAULTS["name_missing"] in sheet["J7"].value
    assert sheet["B6"].comment.text.endswith("另一条")


def test_no_sentence_of_ours_is_taken_for_a_total_or_a_footer():
    notes = [Note("", 1, "总学时", text) for text in (*FAULTS.values(), *WARNINGS.values())]
    marks = find_marks([[note.words] for note in notes] + [[f"提醒：{note.words}"] for note in notes])
    assert not marks.totals | marks.footers


def test_of_a_long_file_only_the_faulty_rows_come_back(bring, monkeypatch):
    monkeypatch.setattr(giving_back, "MOST_ROWS", 4)
    batch = bring(bureau_book(), "很长的表.xlsx", programme="高素质农民培育计划")
    back = returned(batch)
    sheet = book_of(back)["农民培训"]
    assert [sheet.cell(line, 3).value for line in (4, 5)] == [BO[1], valid_number(2)]
    assert sheet.max_row == 5
    assert "（原表第 5 行）" in sheet["J4"].value
    assert sheet.column_dimensions["C"].width == 24
    assert ANNA[1].encode() not in b"".join(
        zipfile.ZipFile(BytesIO(back)).read(n) for n in zipfile.ZipFile(BytesIO(back)).namelist()
    )
    again = bring(back, "退回.xlsx", programme="高素质农民培育计划")
    assert (again.figures["read"], again.figures["faulty"]) == (3, 3)


@pytest.mark.parametrize("name", ["teachers-2024.xlsx", "workers-2024.xls", "seniors-2024.csv"])
def test_the_faulty_rows_alone_keep_what_merged_cells_say(bring, name, monkeypatch):
    monkeypatch.setattr(giving_back, "MOST_ROWS", 4)
    expected = expected_of(name)
    batch = bring((LEDGERS / name).read_bytes(), name, **options_of(expected))
    again = bring(returned(batch), "退回.xlsx", **options_of(expected))
    codes = [problem["code"] for problem in expected["problems"] if problem["code"] != "duplicate_row"]
    assert list(again.rows.filter(state="faulty").values_list("code", flat=True)) == codes


def test_text_cells_of_a_text_file_never_become_formulas(bring):
    batch = bring(text_ledger(row(1, ANNA, 单位="=1+1", 学时="若干")), "台账.csv")
    sheet = book_of(returned(batch)).active
    assert (sheet["D2"].value, sheet["D2"].data_type) == ("=1+1", "s")
    assert sheet["C2"].value == ANNA[1]


def test_a_workbook_with_prefixed_elements_and_cells_without_addresses_is_written_too(bring):
    batch = bring(text_ledger(row(1, ANNA), row(2, BO, 学时="若干")), "台账.csv")
    content = returned(batch)
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                data = re.sub(rb"<legacyDrawing[^>]*>", b"", data)
                data = re.sub(rb"(<c) r=\"[A-Z]+\d+\"", rb"\1", data)
                data = re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:", data).replace(b"xmlns=", b"xmlns:x=")
            new.writestr(name, data)
    again = returned(bring(target.getvalue(), "怪表.xlsx"))
    sheet = book_of(again).active
    assert FAULTS["hours_invalid"] in sheet.cell(3, own_column(sheet)).value
    assert sheet["G3"].fill.fgColor.rgb == FAULT


# --- Who may


def address(batch):
    return reverse("ledgers:import-give-back", args=[batch.pk])


def test_the_page_offers_it_and_the_file_comes_with_its_name_and_a_line_in_the_audit(bring, client):
    batch = bring(text_ledger(row(1, ANNA), row(2, BO, 学时="若干")), "培训台账.csv")
    assert address(batch) in client.get(reverse("ledgers:import", args=[batch.pk])).content.decode()
    answer = client.post(address(batch))
    assert answer.status_code == 200
    assert (
        "%E5%9F%B9%E8%AE%AD%E5%8F%B0%E8%B4%A6%EF%BC%88%E6%9C%89%E9%97%AE%E9%A2%98%201%20%E8%A1%8C"
        in (answer["Content-Disposition"])
    )
    line = AuditEvent.objects.get(deed=AuditEvent.Deed.LEDGER_GIVEN_BACK)
    assert (line.user.username, line.after["faulty"]) == ("李经办", 1)
    assert ANNA[1] not in str(line.after)


def test_a_colleague_who_may_import_gets_it_others_do_not(bring, login, administrator, reviewer, outsider):
    batch = bring(text_ledger(row(1, ANNA, 学时="若干")), "台账.csv")
    assert login(administrator).post(address(batch)).status_code == 200
    assert login(reviewer).post(address(batch)).status_code == 403
    assert login(outsider).post(address(batch)).status_code == 404
    assert login(administrator).get(address(batch)).status_code == 405
    assert AuditEvent.objects.filter(deed=AuditEvent.Deed.LEDGER_GIVEN_BACK).count() == 1


def test_once_the_file_is_gone_a_sentence_says_so(bring, client):
    batch = bring(text_ledger(row(1, ANNA, 学时="若干")), "台账.csv")
    batch.drop_file()
    answer = client.post(address(batch), follow=True)
    assert "原文件已到期或已删除" in answer.content.decode()
    assert address(batch) not in answer.content.decode()


def test_a_file_that_cannot_be_written_into_is_refused_with_a_way_out(bring, client, monkeypatch):
    batch = bring(text_ledger(row(1, ANNA, 学时="若干")), "台账.csv")
    monkeypatch.setattr(giving_back, "MODULE", "ledgers.returning.nothing")
    assert "下载有问题的行" in client.post(address(batch), follow=True).content.decode()
    assert not AuditEvent.objects.filter(deed=AuditEvent.Deed.LEDGER_GIVEN_BACK).exists()
