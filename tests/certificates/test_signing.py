"""The statement in a code: what it says, that nothing of it can be changed, that keys are changed."""

import datetime
import string

import pytest
import segno
from django.core.management import call_command
from django.db import connection
from django.test import Client

from certificates.issuing import issue
from certificates.models import Certificate, Issuer, SigningKey
from certificates.signing import public_keys, qr_text, rotate, sign, signer, statement_of, verify
from tests.certificates.conftest import DAY, enrol

SITE = "https://peixun.xiangtan.gov.cn"
WRITTEN = string.ascii_letters + string.digits + "-_"


@pytest.fixture
def certificate(run, people, terms) -> Certificate:
    return issue(run, people[:1], terms, user=None)[0]


def checked(certificate, **values):
    values = {"code": certificate.code, "keys": public_keys()} | values
    return verify(values.pop("statement", certificate.statement), **values)


def test_it_says_what_is_on_the_paper(certificate):
    said = checked(certificate)
    assert (said.number, said.issuer, said.title, said.hours) == (
        certificate.number,
        "市农业农村局",
        "结业证书",
        "24",
    )
    assert (said.issued_on, said.expires_on) == ("2026-11-20", "")


def test_the_name_is_masked_and_can_be_compared(certificate):
    said = checked(certificate)
    assert said.name == "王*明"
    assert said.is_name("王 小明", code=certificate.code)
    assert not said.is_name("王大明", code=certificate.code)


@pytest.mark.parametrize("name", ["阿依古丽·买买提", "䶮𬱖", "𠮷田", "John O'Neil", "王\n小明"])
def test_hard_names_are_signed(run, terms, name):
    [certificate] = issue(run, enrol(run, name), terms, user=None)
    said = checked(certificate)
    assert said.is_name(name.replace("·", "•"), code=certificate.code)


def test_every_changed_character_is_refused(certificate):
    statement = certificate.statement
    for place, sign_there in enumerate(statement):
        other = WRITTEN[(WRITTEN.index(sign_there) + 1) % 64]
        assert checked(certificate, statement=statement[:place] + other + statement[place + 1 :]) is None


def test_it_fits_its_own_code_only(run, people, terms):
    first, second, _third = issue(run, people, terms, user=None)
    assert checked(first, code=second.code) is None


@pytest.mark.parametrize(
    "text", ["", "A", "潭", "=" * 8, "A" * 87, "A" * 200, "A" * 20_000, "\x00", "AA==", " "]
)
def test_what_is_no_statement_is_refused(certificate, text):
    assert checked(certificate, statement=text) is None


@pytest.mark.parametrize("more", ["=", "\n", " ", "A", "."])
def test_nothing_may_stand_behind_it(certificate, more):
    assert checked(certificate, statement=certificate.statement + more) is None


def test_a_statement_by_nobodys_key_is_refused(certificate):
    own = public_keys()
    by = signer()
    rotate()
    stranger = signer()
    forged = statement_of(certificate, stranger)
    assert checked(certificate, statement=forged, keys=own) is None
    claimed = statement_of(certificate, type(by)(by.kid, stranger.key))
    assert checked(certificate, statement=claimed) is None


def test_all_of_a_batch_are_signed_by_one_key_made_on_first_use(run, people, terms):
    issue(run, people, terms, user=None)
    assert SigningKey.objects.count() == 1
    assert all(checked(certificate) for certificate in Certificate.objects.all())


def test_the_same_certificate_says_the_same_ever_after(certificate):
    before = qr_text(certificate, SITE)
    call_command("rotate_signing_key")
    assert qr_text(Certificate.objects.get(pk=certificate.pk), SITE) == before


def test_old_keys_verify_and_sign_no_more(run, people, terms, certificate):
    call_command("rotate_signing_key")
    [later] = issue(run, people[1:2], terms, user=None)
    kids = [checked(one).kid for one in (certificate, later)]
    assert kids[0] != kids[1]
    assert SigningKey.objects.get(kid=kids[0]).retired_at
    assert SigningKey.objects.filter(retired_at=None).count() == 1


def test_the_private_half_is_sealed_and_never_told(certificate, django_assert_num_queries):
    with django_assert_num_queries(1):
        response = Client().get("/v/keys.json")
    [key] = response.json()["keys"]
    assert sorted(key) == ["alg", "crv", "kid", "kty", "use", "x", "y"]
    assert "PRIVATE" in SigningKey.objects.get().private
    with connection.cursor() as cursor:
        cursor.execute("SELECT private FROM certificates_signingkey")
        assert "PRIVATE" not in str(cursor.fetchall())


def test_the_code_stays_coarse_enough_for_a_phone(certificate):
    text = qr_text(certificate, SITE)
    assert text.startswith(f"{SITE}/v/{certificate.code}/#")
    assert segno.make_qr(text, error="m").version <= 12


def test_a_long_one_is_no_finer_than_it_must_be(run):
    issuer = Issuer(name="湘潭市人力资源和社会保障局职业技能鉴定指导中心")
    certificate = Certificate(
        issuer=issuer,
        number="潭人社职培证〔2026〕000123号",
        title="职业技能提升培训结业证书",
        name="阿卜杜热合曼·麦麦提吐尔逊·艾则孜",
        code="0123456789ABCDEF",
        issued_on=DAY,
        expires_on=DAY + datetime.timedelta(days=1000),
        frozen={"hours": "120"},
    )
    sign([certificate])
    assert segno.make_qr(qr_text(certificate, SITE), error="m").version <= 15


def test_the_page_for_checking_without_a_network_is_open_and_holds_nothing_personal(certificate):
    response = Client().get("/v/offline/")
    assert response.status_code == 200
    assert "csrfmiddlewaretoken" not in response.content.decode().split("<main")[1]
