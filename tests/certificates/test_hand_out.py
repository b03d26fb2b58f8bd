"""Certificates of a class are downloaded, and their taking is signed for and noted."""

import datetime
import io
import zipfile

import pytest
import time_machine
from django.urls import reverse
from pypdf import PdfReader

from bureaus.models import AuditEvent
from certificates.drawing.defaults import default_layouts
from certificates.issuing import issue
from certificates.models import Certificate
from certificates.replacing import revoke
from tests.certificates.conftest import DAY, YEAR, enrol

pytestmark = pytest.mark.django_db
TODAY = datetime.date(YEAR, 11, 25)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(datetime.datetime(YEAR, 11, 25, 4, tzinfo=datetime.UTC), tick=False):
        yield


@pytest.fixture
def version(version):
    return version.template.versions.create(number=2, layout=default_layouts()["结业证书"])


@pytest.fixture
def certificates(run, people, terms, officer) -> list[Certificate]:
    return issue(run, people, terms, user=officer)


def address(name, run, **query) -> str:
    return reverse(f"certificates:{name}", args=[run.pk], query=query)


def test_the_list_has_names_numbers_and_room_to_sign(login, reviewer, run, certificates):
    shown = login(reviewer).get(address("hand-out", run)).content.decode()
    assert "签名" in shown
    assert all(one.name in shown and one.number in shown for one in certificates)
    assert "登记勾选的已领取" not in shown


def test_revoked_ones_are_not_on_it(login, officer, run, certificates):
    revoke(certificates[0], on=DAY, reason="错", user=officer)
    listed = login(officer).get(address("hand-out", run)).context["certificates"]
    assert listed == certificates[1:]


def test_taking_is_noted_and_taken_back(login, officer, run, certificates):
    client, mark = login(officer), address("handed-out", run)
    two = [one.pk for one in certificates[:2]]
    client.post(mark, {"chosen": two, "day": f"{YEAR}-11-21"})
    days = Certificate.objects.order_by("number").values_list("handed_out_on", flat=True)
    assert list(days) == [datetime.date(YEAR, 11, 21)] * 2 + [None]
    client.post(mark, {"chosen": two, "day": f"{YEAR}-11-23"})
    assert list(days.all())[0] == datetime.date(YEAR, 11, 21)
    client.post(mark, {"chosen": two[:1], "back": "1"})
    assert list(days.all()) == [None, datetime.date(YEAR, 11, 21), None]


def test_each_note_is_a_line_of_the_audit(login, officer, administrator, run, certificates):
    client, mark = login(officer), address("handed-out", run)
    two = [one.pk for one in certificates[:2]]
    client.post(mark, {"chosen": two, "day": f"{YEAR}-11-21"})
    client.post(mark, {"chosen": two, "day": f"{YEAR}-11-23"})  # both have it already
    client.post(mark, {"chosen": two[:1], "back": "1"})
    back, noted = AuditEvent.objects.filter(deed=AuditEvent.Deed.CERTIFICATE_HANDED_OUT)
    numbers = [one.number for one in certificates]
    assert (noted.user, noted.bureau, noted.object_key) == (officer, run.bureau, str(run.pk))
    assert noted.after == {"certificates": 2, "numbers": numbers[:2], "handed_out_on": f"{YEAR}-11-21"}
    assert (back.before["numbers"], back.after) == (numbers[:1], {"deleted": 1})
    page = login(administrator).get(reverse("bureaus:audit")).content.decode()
    assert "登记证书领取" in page
    assert numbers[1] in page
    assert "handed_out_on" not in page


@pytest.mark.parametrize("sent", [{}, {"chosen": ["999999"]}, {"chosen": ["x"]}])
def test_what_cannot_be_noted_is_said(login, officer, run, certificates, sent):
    assert login(officer).post(address("handed-out", run), sent).status_code == 422


def test_not_on_a_day_to_come(login, officer, run, certificates):
    sent = {"chosen": [certificates[0].pk], "day": f"{YEAR}-11-26"}
    assert login(officer).post(address("handed-out", run), sent).status_code == 422


def test_all_in_one_pdf_or_singly_in_a_zip(login, officer, run, certificates):
    client = login(officer)
    pdf = client.get(address("run-pdf", run))
    assert len(PdfReader(io.BytesIO(pdf.content)).pages) == 3
    packed = zipfile.ZipFile(io.BytesIO(client.get(address("run-zip", run)).content))
    assert len(packed.namelist()) == 3
    assert not any(one.name in name for one in certificates for name in packed.namelist())


def test_many_come_in_parts(login, officer, run, people, terms, monkeypatch):
    monkeypatch.setattr("certificates.printing.MOST_AT_ONCE", 2)
    issue(run, [*people, *enrol(run, "陈刚", "刘芳")], terms, user=officer)
    client = login(officer)
    assert list(client.get(address("hand-out", run)).context["parts"]) == [1, 2, 3]
    sizes = [
        len(PdfReader(io.BytesIO(client.get(address("run-pdf", run, part=part)).content)).pages)
        for part in (1, 2, 3)
    ]
    assert sizes == [2, 2, 1]
    for part in ("4", "0", "x", "²", "9" * 30):
        assert client.get(address("run-pdf", run, part=part)).status_code == 404


def test_without_any_there_is_nothing_to_download(login, officer, run, people):
    client = login(officer)
    assert client.get(address("run-zip", run)).status_code == 404
    assert "还没有制发证书" in client.get(address("hand-out", run)).content.decode()


def test_who_may_not(login, outsider, reviewer, trainer, run, certificates):
    mark, sent = address("handed-out", run), {"chosen": [certificates[0].pk]}
    assert login(outsider).post(mark, sent).status_code == 404
    assert login(reviewer).post(mark, sent).status_code == 403
    assert login(reviewer).get(mark).status_code == 405
    assert login(outsider).get(address("run-pdf", run)).status_code == 404
    assert login(trainer).get(address("run-pdf", run)).status_code == 403
    assert not Certificate.objects.exclude(handed_out_on=None).exists()


def test_the_list_takes_the_same_number_of_queries_for_any_number(
    login, officer, run, people, terms, django_assert_max_num_queries
):
    issue(run, enrol(run, *(f"学员{number}" for number in range(30))), terms, user=officer)
    client = login(officer)
    with django_assert_max_num_queries(14):
        client.get(address("hand-out", run))
