"""Backgrounds, seals and signatures: checked, sealed, shown small, deleted only where nothing draws them."""

import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from bureaus.models import AuditEvent
from certificates.designing import change_layout
from certificates.drawing.defaults import default_layouts
from certificates.drawing.parsing import parse
from certificates.models import Picture, Template
from certificates.pictures import add_picture, content_of, drawn_anew
from tests.certificates.papers import seal_file

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def seal(bureau, officer) -> Picture:
    return add_picture(Picture(bureau=bureau, kind="seal", name="大印"), seal_file(), user=officer)


def upload(bureau, content: bytes, **given: object) -> dict[str, object]:
    file = SimpleUploadedFile("seal.png", content, "image/png")
    return {"kind": "seal", "name": "大印", "bureau": bureau.pk, "file": file} | given


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def background(width: int = 1600, kind: str = "JPEG") -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (width, width * 7 // 10), "#fdf6e3").save(held, kind)
    return held.getvalue()


def test_an_upload_is_kept_sealed_and_noted(login, officer, bureau, media):
    response = login(officer).post(reverse("certificates:picture-new"), upload(bureau, seal_file()))
    assert response["Location"] == reverse("certificates:pictures")
    kept = Picture.objects.get()
    assert (kept.bureau, kept.added_by, kept.kind) == (bureau, officer, "seal")
    [file] = files(media)
    assert b"PNG" not in file.read_bytes()
    line = AuditEvent.objects.get(deed=AuditEvent.Deed.TEMPLATE_CHANGED)
    assert line.after == {"added": "印章 大印"}


def test_the_paper_around_a_seal_goes_and_its_colour_stays(seal):
    drawn = Image.open(io.BytesIO(content_of(seal)))
    assert drawn.mode == "RGBA"
    assert drawn.getpixel((2, 2))[3] == 0
    ring = drawn.getpixel((200, 50))
    on_paper = Image.alpha_composite(Image.new("RGBA", (1, 1), "white"), Image.new("RGBA", (1, 1), ring))
    assert all(abs(a - b) <= 2 for a, b in zip(on_paper.getpixel((0, 0))[:3], (200, 20, 30), strict=True))


def test_a_background_becomes_a_jpeg_without_what_the_camera_wrote(bureau):
    held = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "SECRET-PLACE"
    Image.new("RGB", (3000, 2100), "#fdf6e3").save(held, "JPEG", exif=exif)
    kept = drawn_anew(held.getvalue(), "background")
    assert kept.startswith(b"\xff\xd8\xff")
    assert b"SECRET-PLACE" not in kept
    assert max(Image.open(io.BytesIO(kept)).size) == 2400


@pytest.mark.parametrize(
    ("content", "kind", "sentence"),
    [
        (b"", "seal", "空"),
        (b"GIF89a not a picture", "seal", "不是完整的 PNG 或 JPEG"),
        (seal_file()[:200], "seal", "不是完整的 PNG 或 JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "seal", "不是完整的 PNG 或 JPEG"),
        (seal_file(size=100), "seal", "长边须在 280 像素以上"),
        (seal_file(), "background", "长边须在 1400 像素以上"),
        (seal_file(), "stamp", "没有“stamp”这个选项"),
    ],
)
def test_what_is_no_fit_picture_is_refused(login, officer, bureau, media, content, kind, sentence):
    response = login(officer).post(reverse("certificates:picture-new"), upload(bureau, content, kind=kind))
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Picture.objects.exists()
    assert files(media) == []


def test_a_file_that_is_too_large_is_refused(login, officer, bureau, settings):
    settings.PEIXUN_UPLOAD_MAX_MIB = 1
    big = seal_file() + b"0" * 1024 * 1024
    response = login(officer).post(reverse("certificates:picture-new"), upload(bureau, big))
    assert response.status_code == 422
    assert "图片超过 1 MB" in response.content.decode()
    assert not Picture.objects.exists()


def test_a_bomb_is_not_opened(monkeypatch, bureau):
    monkeypatch.setattr("certificates.pictures.MOST_PIXELS", 1000)
    with pytest.raises(Exception, match="像素太多"):
        drawn_anew(seal_file(), "seal")


def test_the_same_picture_is_kept_once(login, officer, bureau, seal, media):
    response = login(officer).post(reverse("certificates:picture-new"), upload(bureau, seal_file()))
    assert response.status_code == 422
    assert "已经上传过了" in response.content.decode()
    assert len(files(media)) == 1


def test_it_is_shown_small_and_to_its_own_office_only(login, officer, outsider, coordinator, seal):
    address = reverse("certificates:picture-file", args=[seal.pk])
    shown = login(officer).get(address)
    assert max(Image.open(io.BytesIO(shown.content)).size) <= 240
    assert "no-store" in shown["Cache-Control"]
    assert login(outsider).get(address).status_code == 404
    assert "大印" not in login(outsider).get(reverse("certificates:pictures")).content.decode()
    assert "大印" in login(coordinator).get(reverse("certificates:pictures")).content.decode()


def test_one_whose_file_is_lost_is_not_found(login, officer, seal, media):
    files(media)[0].unlink()
    assert login(officer).get(reverse("certificates:picture-file", args=[seal.pk])).status_code == 404


def test_an_unused_one_is_deleted_with_its_file(
    login, officer, seal, media, django_capture_on_commit_callbacks
):
    address = reverse("certificates:picture-remove", args=[seal.pk])
    client = login(officer)
    assert "删除后不能恢复" in client.get(address).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        client.post(address)
    assert not Picture.objects.exists()
    assert files(media) == []
    line = AuditEvent.objects.filter(deed=AuditEvent.Deed.TEMPLATE_CHANGED).first()
    assert line.before == {"deleted": "印章 大印"}


def test_one_in_use_stays_even_where_no_newer_version_draws_it(login, officer, seal, bureau, media):
    template = Template.objects.create(bureau=bureau, name="结业", title="结业证书")
    plain = default_layouts()["结业证书"]
    stamped = parse(plain | {"seal": plain["seal"] | {"digest": seal.digest}})
    change_layout(template, stamped, based_on=0, user=officer)
    change_layout(template, parse(plain), based_on=1, user=officer)
    client = login(officer)
    address = reverse("certificates:picture-remove", args=[seal.pk])
    assert "结业 · 第 1 版" in client.get(address).content.decode()
    page = client.post(address, follow=True).content.decode()
    assert "不能删除" in page
    assert Picture.objects.filter(pk=seal.pk).exists()
    assert len(files(media)) == 1
    assert not AuditEvent.objects.filter(before__has_key="deleted").exists()


def test_a_bureau_may_use_the_citys_background_and_not_its_seal(bureau, other_bureau, coordinator):
    for kind, content in (("background", background()), ("seal", seal_file())):
        add_picture(Picture(bureau=None, kind=kind, name="全市"), content, user=coordinator)
    own = Template(bureau=bureau, name="一", title="一")
    assert [one.kind for one in Picture.objects.usable_on(own)] == ["background"]
    assert Picture.objects.usable_on(Template(name="二", title="二")).count() == 2


def test_the_list_is_filtered_by_kind_and_says_what_to_do_when_empty(login, officer, seal):
    client = login(officer)
    assert "大印" in client.get(reverse("certificates:pictures"), {"kind": "seal"}).content.decode()
    assert (
        "还没有图片" in client.get(reverse("certificates:pictures"), {"kind": "background"}).content.decode()
    )
