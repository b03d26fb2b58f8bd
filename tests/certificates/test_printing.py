"""What is printed is what was issued, whatever changed since: the same bytes."""

import datetime
import io
import re
import zipfile
from dataclasses import replace as with_values

import pytest
from django.core.files.storage import default_storage
from pypdf import PdfReader

from certificates.designing import change_layout
from certificates.drawing.defaults import default_layouts
from certificates.drawing.parsing import parse
from certificates.issuing import issue
from certificates.models import Certificate, Picture, Template, TemplateVersion
from certificates.pictures import add_picture
from certificates.printing import (
    PictureLost,
    download_name,
    merged_pdf,
    part_of,
    parts,
    pdf_of,
    undrawable,
    zip_of,
)
from courses.models import ClassRun, Programme, Session
from tests.certificates.conftest import DAY, YEAR
from tests.certificates.papers import seal_file

pytestmark = pytest.mark.django_db
LAYOUT = default_layouts()["结业证书"]
SITE = "https://peixun.example.cn"


@pytest.fixture
def version(bureau) -> TemplateVersion:
    template = Template.objects.create(bureau=bureau, name="结业证书", title="结业证书")
    return TemplateVersion.objects.create(template=template, number=1, layout=LAYOUT)


@pytest.fixture
def certificates(run, people, terms, officer) -> list[Certificate]:
    return issue(run, people, terms, user=officer)


def stored(certificate: Certificate) -> Certificate:
    return Certificate.objects.select_related("version__template").get(pk=certificate.pk)


def text_in(pdf: bytes) -> str:
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


def test_a_certificate_says_what_was_issued(certificates):
    text = text_in(pdf_of(stored(certificates[0]), site=SITE))
    for words in (
        "王小明",
        "第一期",
        "24学时",
        f"潭农培〔{YEAR}〕0001号",
        "市农业农村局",
        f"{YEAR}年11月2日至6日",
    ):
        assert words in text


def test_the_bytes_are_the_same_after_everything_has_changed(certificates, run, version, bureau, issuer):
    before = pdf_of(stored(certificates[0]), site=SITE)
    changed = LAYOUT | {"texts": [{"text": "改", "x": 20, "y": 20, "width": 30, "size": 20}]}
    version.template.versions.create(number=2, layout=changed)
    Template.objects.update(name="新版", title="新证书")
    ClassRun.objects.update(name="改名班", starts_on=datetime.date(YEAR, 1, 1))
    Programme.objects.filter(pk=run.programme_id).update(name="改名项目")
    type(bureau).objects.filter(pk=bureau.pk).update(name="改名局")
    issuer.name, issuer.signatory, issuer.pattern = "改名局", "新局长", "新〔{year}〕{seq}号"
    issuer.save()
    enrolment = certificates[0].enrolment
    enrolment.name, enrolment.hours, enrolment.employer = "改名人", 1, "改名单位"
    enrolment.save()
    enrolment.learner.name = "改名人"
    enrolment.learner.save()
    assert pdf_of(stored(certificates[0]), site=SITE) == before


def test_a_replaced_one_can_still_be_printed(certificates):
    before = pdf_of(stored(certificates[0]), site=SITE)
    Certificate.objects.update(state="revoked", revoked_on=DAY)
    assert pdf_of(stored(certificates[0]), site=SITE) == before


def test_the_days_are_those_on_which_it_was_taught(run, people, terms, officer):
    for day in (2, 9, 9):
        Session.objects.create(
            run=run, programme=run.programme, bureau=run.bureau, district=run.district, year=YEAR,
            title="课", held_on=datetime.date(YEAR, 11, day), state=Session.State.HELD,
        )  # fmt: skip
    assert issue(run, people[:1], terms, user=officer)[0].frozen["days"] == 2


def test_without_sessions_they_are_those_from_first_to_last(certificates):
    assert certificates[0].frozen["days"] == 5


def test_merged_has_a_page_each_in_order(certificates):
    pdf = merged_pdf([stored(one) for one in certificates], site=SITE, title="第一期")
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    assert [name in page for name, page in zip(("王小明", "李秀英", "张建国"), pages, strict=True)] == [
        True
    ] * 3


def test_a_zip_has_single_pdfs_named_by_number(certificates):
    packed = zipfile.ZipFile(io.BytesIO(zip_of([stored(one) for one in certificates], site=SITE, day=DAY)))
    assert packed.namelist() == [f"潭农培〔{YEAR}〕000{at}号.pdf" for at in (1, 2, 3)]
    assert packed.read(packed.namelist()[1]) == pdf_of(stored(certificates[1]), site=SITE)


@pytest.fixture
def sealed(version, bureau, officer, settings, tmp_path) -> TemplateVersion:
    """A version with the bureau's seal on it."""
    settings.MEDIA_ROOT = tmp_path
    kept = add_picture(Picture(bureau=bureau, kind="seal", name="公章"), seal_file(), user=officer)
    layout = parse(version.layout | {"seal": version.layout["seal"] | {"digest": kept.digest}})
    return change_layout(version.template, layout, based_on=1, user=officer)


def test_a_sealed_picture_is_printed(run, people, terms, sealed, officer):
    certificate = stored(issue(run, people[:1], with_values(terms, version=sealed), user=officer)[0])
    assert b"/Image" in pdf_of(certificate, site=SITE)


def test_a_picture_that_the_disk_has_lost_stops_the_printing(run, people, terms, sealed, officer):
    certificate = stored(issue(run, people[:1], with_values(terms, version=sealed), user=officer)[0])
    default_storage.delete(Picture.objects.get().file.name)
    with pytest.raises(PictureLost):
        pdf_of(certificate, site=SITE)


def test_a_picture_that_was_never_tied_is_not_printed(run, people, terms, sealed, officer):
    loose = sealed.template.versions.create(number=9, layout=sealed.layout)
    certificate = stored(issue(run, people[:1], with_values(terms, version=loose), user=officer)[0])
    with pytest.raises(PictureLost):
        pdf_of(certificate, site=SITE)


def test_layouts_are_read_once_for_many(certificates, django_assert_num_queries):
    rows = [stored(one) for one in certificates]
    with django_assert_num_queries(0):
        merged_pdf(rows, site=SITE, title="第一期")


def test_characters_that_no_font_has_are_named(certificates):
    certificates[1].frozen["name"] = "李\U0002fffe英"
    assert undrawable(certificates) == [("李秀英", "\U0002fffe")]


def test_parts_of_a_large_run(monkeypatch):
    monkeypatch.setattr("certificates.printing.MOST_AT_ONCE", 200)
    assert list(parts(0)) == []
    assert list(parts(200)) == [1]
    assert list(parts(401)) == [1, 2, 3]
    assert part_of(range(401), 3) == range(400, 401)
    assert list(part_of(range(401), 0)) == list(part_of(range(401), 4)) == []
    assert download_name("一/班", part=2, of=3, ending=".zip") == "一-班 证书（第 2 份，共 3 份）.zip"
