"""Years later: another template, another name, another bureau – and the certificate says what was issued."""

import pytest
from django.test import Client
from django.urls import reverse

from bureaus.models import Bureau, BureauAlias
from certificates.drawing.defaults import default_layouts
from certificates.drawing.pdf import picture
from certificates.issuing import Issue, issue
from certificates.models import Certificate, TemplateVersion
from certificates.preparing import save_issuer
from certificates.printing import pages_of
from certificates.replacing import replace
from learners.models import DataRequest
from tests.certificates.conftest import DAY, enrol
from tests.certificates.papers import text_in

SITE = "https://peixun.example.cn"
OLD, NEW = "市农业农村局", "市乡村事务局"


@pytest.fixture(autouse=True)
def address(settings):
    settings.PEIXUN_ADDRESS = SITE


@pytest.fixture
def version(version) -> TemplateVersion:
    return version.template.versions.create(number=2, layout=default_layouts()["结业证书"])


@pytest.fixture
def certificate(run, people, terms, officer) -> Certificate:
    return issue(run, people[:1], terms, user=officer)[0]


def printed(client, certificate) -> str:
    """The text of its PDF, as an officer downloads it."""
    return text_in(client.get(reverse("certificates:certificate-pdf", args=[certificate.pk])).content)


def drawn(certificate) -> bytes:
    stored = Certificate.objects.select_related("version__template").get(pk=certificate.pk)
    [page] = pages_of([stored], site=SITE)
    return picture(page)


def change_the_template(version) -> TemplateVersion:
    return version.template.versions.create(number=version.number + 1, layout=default_layouts()["合格证书"])


def correct_the_name(client, enrolment, name) -> None:
    asked = DataRequest.objects.create(learner=enrolment.learner, words="名字写错了")
    page = reverse("certificates:data-request", args=[asked.pk])
    form = client.get(page).context["form"]
    said = {name: field.initial or "" for name, field in form.fields.items()}
    client.post(page, said | {"state": "done", "answer": "已更正", "name": name})


def rename_the_bureau(bureau, issuer, officer) -> None:
    BureauAlias.objects.create(bureau=bureau, name=OLD)
    Bureau.objects.filter(pk=bureau.pk).update(name=NEW)
    issuer.name, issuer.signatory = NEW, "新局长"
    save_issuer(issuer, user=officer, changed=["name"])


def test_after_all_three_the_old_one_is_as_it_was_and_a_new_one_is_not(
    login, officer, run, people, terms, version, bureau, issuer, certificate
):
    client = login(officer)
    text, look = printed(client, certificate), drawn(certificate)
    assert all(words in text for words in ("王小明", OLD, "结业", "24学时"))

    newest = change_the_template(version)
    correct_the_name(client, people[0], "王晓明")
    rename_the_bureau(bureau, issuer, officer)

    assert printed(client, certificate) == text
    assert drawn(certificate) == look
    checked = Client().get(reverse("certificates:check", args=[certificate.code])).content.decode()
    assert (OLD in checked, NEW in checked) == (True, False)
    assert "王*明" in checked

    issuer.refresh_from_db()
    [other] = enrol(run, "王晓明")
    [later] = issue(run, [other], Issue(issuer, newest, DAY), user=officer)
    fresh = printed(client, later)
    assert ("王晓明" in fresh, NEW in fresh, OLD in fresh) == (True, True, False)
    assert drawn(later) != look


def test_a_corrected_one_has_the_new_name_and_the_old_one_can_still_be_printed(
    login, officer, people, terms, bureau, issuer, certificate
):
    client = login(officer)
    text = printed(client, certificate)
    correct_the_name(client, people[0], "王晓明")
    again = Issue(issuer, terms.version, DAY, None, "姓名更正", Certificate.Ground.CORRECTION)
    new = replace(certificate, again, user=officer, name="王晓明")
    assert printed(client, certificate) == text
    said = printed(client, new)
    assert ("王晓明" in said, "王小明" in said, new.number in said) == (True, False, True)
