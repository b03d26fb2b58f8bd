"""The printed sheet: its rows carry codes, its photo fills the roster once a trainer has confirmed."""

import re
import zlib
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from bureaus.models import YearClose
from courses.check_in.reading import Ink, read_sheet
from courses.check_in.sheets import RowCode, read_row_code, row_code
from courses.models import Attendance, Evidence, Session
from courses.registering import Presence, register
from tests.classes.conftest import DAY
from tests.classes.paper import BLACK, BLUE, PAPER, jpeg, photo_of, sheet_of


@pytest.fixture(autouse=True)
def storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def client(login, trainer):
    return login(trainer)


@pytest.fixture
def upload(session, client):
    """Sends these photos."""
    address = reverse("courses:sheet-read", args=[session.pk])

    def send(*photos: bytes, by=client):
        files = [SimpleUploadedFile(f"{number}.jpg", photo) for number, photo in enumerate(photos)]
        return by.post(address, {"photos": files})

    return send


@pytest.fixture
def confirm(session, client):
    """Sends the page of what was read, with these choices in the place of the presets."""
    address = reverse("courses:sheet-confirm", args=[session.pk])

    def send(**choices: str):
        page = client.get(address).content.decode()
        presets = dict(re.findall(r'name="(p\d+)" value="(\w+)"[^>]*checked', page))
        return client.post(address, presets | choices)

    return send


def first_signed(session, enrolments) -> Image.Image:
    """The first two have signed, the third has not."""
    return sheet_of(session, enrolments, {0: BLACK, 1: BLUE})


def states() -> dict[str, str]:
    return {row.enrolment.name: row.state for row in Attendance.objects.select_related("enrolment")}


# --- Printing -----------------------------------------------------------------------------------


def test_the_sheet_has_a_row_with_a_code_for_each_and_empty_rows(session, enrolments, client, text):
    page = text(client.get(reverse("courses:sheet", args=[session.pk])))
    for words in ("市农业农村局培训签到表", "第一期", "水稻栽培", "罗老师", "王小明", "韶山村合作社"):
        assert words in page
    assert page.count('class="segno"') == 3
    assert page.count("<tr>") == 1 + 3 + 6
    assert "授课教师" in page


def test_a_lecture_has_no_sheet(classes, client, trainer, teacher, text):
    lecture = classes.session(None)
    lecture.trainers.add(teacher)
    assert "没有名单" in text(client.get(reverse("courses:sheet", args=[lecture.pk])))


def test_the_sheet_is_for_who_registers_the_session(session, login, outsider, reviewer):
    for name in ("sheet", "sheet-read", "sheet-confirm"):
        address = reverse(f"courses:{name}", args=[session.pk])
        assert login(outsider).get(address).status_code == 404
        assert login(reviewer).get(address).status_code == 403
    assert login(outsider).post(reverse("courses:sheet", args=[session.pk])).status_code == 405


def test_a_long_class_takes_no_more_queries(session, classes, run, client, django_assert_max_num_queries):
    classes.enrol(run, *(f"学员{number}" for number in range(297)))
    with django_assert_max_num_queries(15):
        client.get(reverse("courses:sheet", args=[session.pk]))


def test_a_rows_code_is_short_and_cannot_be_made_up(session, enrolments):
    text = row_code(session, enrolments[0].pk)
    assert read_row_code(text) == RowCode(session.pk, enrolments[0].pk)
    assert len(row_code(session, 1_000_000)) <= 20
    for forged in (
        text[:-1] + ("0" if text[-1] != "0" else "1"),
        text.lower(),
        f"{text}0",
        "PX1:1.1.0000000",
        "",
    ):
        assert read_row_code(forged) is None


# --- Reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"angle": 4, "noise": 10},
        {"angle": -8, "scale": 0.8, "shadow": True},
        {"angle": 90, "noise": 8},
        {"angle": 177, "scale": 1.5},
        {"angle": 20, "scale": 0.7},
        {"scale": 0.6, "noise": 8, "shadow": True},
    ],
    ids=str,
)
def test_codes_and_ink_are_read_however_the_photo_was_taken(session, classes, run, enrolments, values):
    people = enrolments + classes.enrol(run, *(f"学员{number}" for number in range(9)))
    signed = {place: (BLACK, BLUE)[place % 2] for place in range(12) if place % 3}
    rows = read_sheet(photo_of(sheet_of(session, people, signed), **values))
    read = {row.code.enrolment: row.ink for row in rows}
    assert {row.code.session for row in rows} == {session.pk}
    assert read == {
        person.pk: Ink.SIGNED if place in signed else Ink.EMPTY for place, person in enumerate(people)
    }


def test_a_faint_mark_is_left_to_a_person(session, enrolments):
    page = sheet_of(session, enrolments, {})
    page.paste("#1a1a1a", (1150, 545, 1170, 554))
    inks = {row.code.enrolment: row.ink for row in read_sheet(photo_of(page))}
    assert inks[enrolments[0].pk] == Ink.UNCLEAR


def test_a_code_that_was_not_printed_here_is_not_read(session, enrolments, settings):
    settings.PEIXUN_DIGEST_KEY = b"another"
    page = first_signed(session, enrolments)
    settings.PEIXUN_DIGEST_KEY = b"ours"
    assert read_sheet(photo_of(page)) == []


# --- Confirming ---------------------------------------------------------------------------------


def test_a_photo_is_kept_and_its_reading_waits_to_be_confirmed(session, enrolments, upload, client, text):
    response = upload(photo_of(first_signed(session, enrolments), angle=3))
    assert response["Location"] == reverse("courses:sheet-confirm", args=[session.pk])
    evidence = Evidence.objects.get()
    assert evidence.kind == Evidence.Kind.SHEET
    assert not Attendance.objects.exists()
    page = text(client.get(response["Location"]))
    assert reverse("courses:evidence", args=[evidence.pk]) in page
    presets = dict(re.findall(r'name="p(\d+)" value="(\w+)"[^>]*checked', page))
    assert list(presets.values()) == ["present", "present", "absent"]


def test_confirmed_it_fills_the_roster(session, enrolments, upload, confirm, trainer):
    upload(photo_of(first_signed(session, enrolments)))
    assert confirm()["Location"] == reverse("courses:session", args=[session.pk])
    assert states() == {"王小明": "present", "李秀英": "present", "张建国": "absent"}
    assert {row.way for row in Attendance.objects.all()} == {"sheet"}
    session.refresh_from_db()
    assert session.registered_by == trainer


def test_the_trainer_may_say_otherwise(session, enrolments, upload, confirm):
    upload(photo_of(first_signed(session, enrolments)))
    confirm(**{f"p{enrolments[2].pk}": "leave"})
    assert states()["张建国"] == "leave"


def test_whose_row_was_not_read_must_be_decided(session, enrolments, upload, confirm, client, text):
    upload(photo_of(sheet_of(session, enrolments[:2], {0: BLACK})))
    page = text(client.get(reverse("courses:sheet-confirm", args=[session.pk])))
    assert "未读到这一行" in page
    assert confirm().status_code == 422
    assert not Attendance.objects.exists()
    assert confirm(**{f"p{enrolments[2].pk}": "present"}).status_code == 302
    assert states() == {"王小明": "present", "李秀英": "absent", "张建国": "present"}


def test_several_pages_come_together(session, enrolments, upload, confirm):
    upload(photo_of(sheet_of(session, enrolments[:1], {0: BLACK})))
    upload(
        photo_of(sheet_of(session, enrolments[1:2], {})),
        photo_of(sheet_of(session, enrolments[2:], {0: BLUE})),
    )
    assert Evidence.objects.count() == 3
    confirm()
    assert states() == {"王小明": "present", "李秀英": "absent", "张建国": "present"}


def test_two_photos_that_differ_leave_the_row_to_a_person(session, enrolments, upload, client, text):
    upload(photo_of(sheet_of(session, enrolments, {})), photo_of(first_signed(session, enrolments)))
    page = text(client.get(reverse("courses:sheet-confirm", args=[session.pk])))
    assert page.count("签名看不清") == 2


def test_who_checked_in_before_stays_as_noted(session, enrolments, upload, confirm, client, trainer, text):
    late = [Presence(enrolments[0].pk, "late", minutes=90, way="code"), Presence(enrolments[2].pk, "present")]
    register(session, late, user=trainer, at=timezone.now(), done=False)
    upload(photo_of(first_signed(session, enrolments)))
    assert "签名格是空的" in text(client.get(reverse("courses:sheet-confirm", args=[session.pk])))
    assert confirm().status_code == 422
    confirm(**{f"p{enrolments[2].pk}": "keep"})
    assert states() == {"王小明": "late", "李秀英": "present", "张建国": "present"}
    assert Attendance.objects.get(enrolment=enrolments[0]).minutes == 90


def test_a_sheet_of_another_session_is_refused_by_name(session, classes, run, teacher, enrolments, upload):
    other = classes.session(run, "病虫害防治")
    other.trainers.add(teacher)
    response = upload(photo_of(first_signed(session, enrolments)), photo_of(first_signed(other, enrolments)))
    assert response.status_code == 422
    assert "第 2 张是“病虫害防治”" in response.content.decode()
    assert not Evidence.objects.exists()


def test_one_that_the_user_may_not_see_is_not_named(session, classes, enrolments, other_bureau, upload):
    foreign = classes.session(classes.run("外单位的班", bureau=other_bureau), "别人的课")
    page = upload(photo_of(first_signed(foreign, enrolments))).content.decode()
    assert "别的课次的签到表" in page
    assert "别人的课" not in page


def test_a_photo_without_codes_says_how_to_take_a_better_one(upload):
    response = upload(jpeg(Image.new("RGB", (600, 800), PAPER)))
    assert response.status_code == 422
    assert "没有读到小码" in response.content.decode()


def bomb() -> bytes:
    """A PNG that says it is 50,000 by 50,000."""
    out = BytesIO()
    Image.new("L", (1, 1)).save(out, "PNG")
    data = bytearray(out.getvalue())
    data[16:24] = (50_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize(
    "content", [b"", b"no picture", bomb(), jpeg(Image.new("RGB", (40, 40)))[:60]], ids=len
)
def test_what_is_no_photo_is_a_sentence(upload, content):
    response = upload(content)
    assert response.status_code == 422
    assert "id_photos_error" in response.content.decode()
    assert not Evidence.objects.exists()


def test_a_photo_over_the_limit_and_too_many_are_sentences(upload, settings):
    settings.PEIXUN_UPLOAD_MAX_MIB = 1
    assert "超过 1 MB" in upload(b"x" * 1_100_000).content.decode()
    assert "一次最多上传" in upload(*[b"x"] * 6).content.decode()
    assert upload().status_code == 422


def test_nothing_read_leads_back_to_the_upload(session, client):
    response = client.get(reverse("courses:sheet-confirm", args=[session.pk]))
    assert response["Location"] == reverse("courses:sheet-read", args=[session.pk])


def test_long_after_the_registration_a_reason_is_asked(session, enrolments, upload, confirm, trainer):
    register(session, [], user=trainer, at=timezone.now())
    Session.objects.update(held_on=session.held_on - 3 * DAY)
    upload(photo_of(first_signed(session, enrolments)))
    assert confirm().status_code == 422
    assert confirm(reason="补登记签到表").status_code == 302


def test_a_closed_year_is_said_and_nothing_is_lost(session, enrolments, upload, confirm):
    upload(photo_of(first_signed(session, enrolments)))
    YearClose.objects.create(bureau=session.bureau, year=session.year)
    response = confirm()
    assert response.status_code == 422
    assert "已封账" in response.content.decode()


def test_what_was_read_is_for_ones_own_eyes(session, enrolments, upload, login, officer):
    upload(photo_of(first_signed(session, enrolments)))
    assert login(officer).get(reverse("courses:sheet-confirm", args=[session.pk])).status_code == 302


def test_a_reader_uploads_nothing(session, enrolments, upload, login, outsider, reviewer):
    photo = photo_of(first_signed(session, enrolments))
    assert upload(photo, by=login(outsider)).status_code == 404
    assert upload(photo, by=login(reviewer)).status_code == 403
    assert not Evidence.objects.exists()
