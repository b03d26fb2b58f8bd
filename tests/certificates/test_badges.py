"""The badge of a certificate: another program verifies it, and refuses a changed one and a revoked one."""

import base64
import json

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openbadgeslib.ob3 import OB3VerificationError, OB3Verifier

from certificates.issuing import Issue, issue
from certificates.models import Certificate, ShareLink
from certificates.replacing import revoke
from certificates.signing import rotate
from learners.models import AccountLink
from tests.certificates.conftest import DAY

HOST = "peixun.example.cn"


@pytest.fixture(autouse=True)
def secure(settings):
    settings.PEIXUN_ADDRESS = f"https://{HOST}"


@pytest.fixture
def certificate(run, people, terms) -> Certificate:
    return issue(run, people[:1], terms, user=None)[0]


def fetched(address: str) -> bytes:
    """What another program gets from our site: it has nothing else of us."""
    response = Client().get(address.removeprefix(f"https://{HOST}"))
    assert response.status_code == 200
    return response.content


def issuer_of(token: str) -> str:
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["issuer"]["id"]


def verified(token: str):
    verifier = OB3Verifier.for_issuer_did(issuer_of(token), download=fetched)
    return verifier.verify(token, check_status=True, download=fetched)


@pytest.fixture
def token(certificate, login, officer) -> str:
    response = login(officer).get(reverse("certificates:credential", args=[certificate.pk]))
    assert response["Content-Type"] == "application/vc+jwt"
    return response.content.decode()


def test_an_independent_library_verifies_it(token, certificate):
    found = verified(token)
    assert found.issuer.name == "市农业农村局"
    assert found.achievement.name == "乡村致富带头人培训计划 结业证书"
    assert "24 学时" in found.achievement.criteria_narrative
    subject = found.raw["credentialSubject"]
    assert subject["licenseNumber"] == certificate.number
    assert subject["identifier"][0]["identityHash"] == "王小明"
    assert found.id == f"https://{HOST}/v/{certificate.code}/"


def test_a_changed_one_is_refused(token):
    head, body, signature = token.split(".")
    plain = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
    changed = json.dumps(json.loads(plain) | {"name": "博士学位"}).encode()
    forged = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
    for bad in (f"{head}.{forged}.{signature}", f"{head}.{body}.{signature[:-4]}AAAA", f"{head}.{body}."):
        with pytest.raises(OB3VerificationError):
            verified(bad)


def test_a_revoked_one_is_refused_at_once(token, certificate, officer):
    verified(token)
    revoke(certificate, on=DAY, reason="有误", user=officer)
    with pytest.raises(OB3VerificationError, match="revocation"):
        verified(token)


def test_others_stay_valid_when_one_is_revoked(run, people, terms, token, officer):
    [_own, other] = [*Certificate.objects.all(), *issue(run, people[1:2], terms, user=None)]
    revoke(other, on=DAY, reason="有误", user=officer)
    verified(token)


def test_it_is_verified_after_the_key_was_changed(token):
    rotate()
    verified(token)


def test_it_carries_its_last_day(run, people, issuer, version, login, officer):
    terms = Issue(issuer, version, DAY, timezone.localdate().replace(year=timezone.localdate().year + 5))
    [certificate] = issue(run, people[:1], terms, user=None)
    token = login(officer).get(reverse("certificates:credential", args=[certificate.pk])).content.decode()
    assert verified(token).expiration_date.date() > terms.expires_on


def test_the_list_names_nobody_and_no_code(certificate):
    token = fetched(reverse("certificates:status-list", args=[certificate.issuer_id])).decode()
    body = token.split(".")[1]
    text = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
    assert certificate.code not in text
    assert certificate.name not in text


def test_another_bureau_finds_none(certificate, login, outsider):
    assert login(outsider).get(reverse("certificates:credential", args=[certificate.pk])).status_code == 404


def test_the_holder_downloads_it(certificate, login, learner_user):
    address = reverse("certificates:credential", args=[certificate.pk])
    assert login(learner_user).get(address).status_code == 404
    AccountLink.objects.create(user=learner_user, learner=certificate.learner)
    assert login(learner_user).get(address).status_code == 200


def test_a_share_link_gives_it_until_withdrawn(certificate):
    link = ShareLink.objects.create(certificate=certificate)
    address = reverse("certificates:shared-credential", args=[link.key])
    assert Client().get(address).status_code == 200
    ShareLink.objects.update(until="2020-01-01")
    assert Client().get(address).status_code == 404
    ShareLink.objects.update(until=None, withdrawn_at=timezone.now())
    assert Client().get(address).status_code == 404


def test_one_that_is_not_valid_any_more_gets_none(certificate, login, officer):
    revoke(certificate, on=DAY, reason="有误", user=officer)
    response = login(officer).get(reverse("certificates:credential", args=[certificate.pk]))
    assert response.status_code == 409
    assert "现在有效的证书" in response.content.decode()


def test_get_only(certificate, login, officer):
    address = reverse("certificates:credential", args=[certificate.pk])
    assert login(officer).post(address).status_code == 405
