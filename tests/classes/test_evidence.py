"""A photo of the hall: checked, made small, freed of its place, sealed; seen by few, removable."""

from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from bureaus.models import AuditEvent
from courses import evidence
from courses.evidence import NotAPicture, content_of, keep
from courses.models import Attendance, Evidence

GPS = 0x8825


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def photo(size=(40, 30), kind="JPEG", colour="green", **more) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **more)
    return out.getvalue()


def with_place() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "相机"
    exif.get_ifd(GPS)[1] = "N"
    exif[0x0112] = 6  # lies on its side
    return photo((2400, 1200), exif=exif, comment=b"hello from the village")


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_picture_is_kept_small_upright_and_without_its_place(session, trainer):
    kept = Image.open(BytesIO(content_of(keep(session, with_place(), user=trainer))))
    assert (kept.format, kept.size) == ("JPEG", (800, 1600))
    assert dict(kept.getexif()) == {}
    assert "comment" not in kept.info
    assert AuditEvent.objects.get().deed == AuditEvent.Deed.EVIDENCE_ADDED


def test_it_lies_sealed_under_a_name_of_our_own(session, trainer, media):
    keep(session, photo(), user=trainer)
    [file] = files(media)
    assert file.name.endswith(".sealed")
    assert b"JFIF" not in file.read_bytes()


def test_the_same_picture_twice_is_kept_once(session, trainer, media):
    one = keep(session, photo(), user=trainer)
    assert keep(session, photo(), user=trainer) == one
    assert (Evidence.objects.count(), AuditEvent.objects.count(), len(files(media))) == (1, 1, 1)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_pictures_become_jpeg(session, kind):
    assert content_of(keep(session, photo(kind=kind), user=None))[:2] == b"\xff\xd8"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "不是 JPEG"),
        (b"%PDF-1.7 nothing", "不是 JPEG"),
        (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "不是 JPEG"),
        (photo((400, 300))[:300], "损坏"),
        (photo((9000, 9000), "PNG"), "像素太多"),
        (photo((20_000, 20_000), "PNG"), "像素太多"),
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(session, media, data, words):
    with pytest.raises(NotAPicture, match=words):
        keep(session, data, user=None)
    assert files(media) == []


def test_one_that_is_too_large_is_refused_unread(session, settings):
    settings.PEIXUN_UPLOAD_MAX_MIB = 1
    with pytest.raises(NotAPicture, match="1 MB"):
        keep(session, bytes(2 * 1024 * 1024), user=None)


def test_nothing_is_left_behind_when_it_cannot_be_written_down(session, media, monkeypatch):
    def fail(*args, **values):
        raise RuntimeError

    monkeypatch.setattr(evidence, "keep_once", fail)
    with pytest.raises(RuntimeError):
        keep(session, photo(), user=None)
    assert files(media) == []


def test_the_roster_brings_one_photo_along(login, trainer, session, enrolments):
    sent = {f"state-{row.pk}": "present" for row in enrolments}
    upload = SimpleUploadedFile("IMG_0001.jpg", photo())
    login(trainer).post(reverse("courses:register", args=[session.pk]), sent | {"photo": upload})
    assert Evidence.objects.get().added_by == trainer
    page = login(trainer).get(reverse("courses:session", args=[session.pk])).content.decode()
    assert reverse("courses:evidence", args=[Evidence.objects.get().pk]) in page


def test_a_bad_photo_stops_the_roster_with_a_sentence(login, trainer, session, enrolments):
    sent = {f"state-{row.pk}": "present" for row in enrolments}
    upload = SimpleUploadedFile("IMG_0001.jpg", b"no picture")
    response = login(trainer).post(reverse("courses:register", args=[session.pk]), sent | {"photo": upload})
    assert response.status_code == 422
    assert "不是 JPEG" in response.content.decode()
    assert not Attendance.objects.exists()


def test_it_is_shown_to_who_sees_the_session_and_kept_by_no_browser(
    login, trainer, reviewer, outsider, auditor, learner_user, session
):
    address = reverse("courses:evidence", args=[keep(session, photo(), user=None).pk])
    for user in (trainer, reviewer):
        response = login(user).get(address)
        assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
        assert response["Content-Disposition"] == "inline"
        assert "no-store" in response["Cache-Control"]
    assert login(outsider).get(address).status_code == 404
    assert [login(user).get(address).status_code for user in (auditor, learner_user)] == [403, 403]
    assert login(trainer).post(address).status_code == 405


def test_a_picture_whose_file_is_gone_is_not_found(login, trainer, session):
    one = keep(session, photo(), user=None)
    default_storage.delete(one.file.name)
    assert login(trainer).get(reverse("courses:evidence", args=[one.pk])).status_code == 404


def test_an_officer_removes_it_with_a_reason(
    login, officer, session, media, django_capture_on_commit_callbacks
):
    one = keep(session, photo(), user=None)
    address = reverse("courses:evidence-remove", args=[one.pk])
    assert login(officer).post(address, {"reason": ""}).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):
        response = login(officer).post(address, {"reason": "拍到了无关的人"})
    assert response["Location"] == reverse("courses:session", args=[session.pk])
    assert (Evidence.objects.count(), files(media)) == (0, [])
    event = AuditEvent.objects.get(deed=AuditEvent.Deed.EVIDENCE_REMOVED)
    assert event.reason == "拍到了无关的人"


def test_nobody_else_removes_it(login, trainer, reviewer, outsider, session):
    address = reverse("courses:evidence-remove", args=[keep(session, photo(), user=None).pk])
    assert [login(user).post(address).status_code for user in (trainer, reviewer)] == [403, 403]
    assert login(outsider).post(address).status_code == 404
