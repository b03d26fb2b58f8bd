"""A stranger checks a certificate on a phone: by number and name, and its signature without a network."""

import datetime
import json
import string

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from certificates.models import Certificate, Issuer
from certificates.signing import Signer, jwk, statement_of
from tests.browser.conftest import PHONE, until

pytestmark = pytest.mark.browser
WRITTEN = string.ascii_letters + string.digits + "-_"
CODE = "0123456789ABCDEF"
VERIFIED = """async ([texts, keys]) => {
  const { partsOf, verified } = await import("/static/peixun/verify.js");
  const said = await Promise.all(texts.map((text) => partsOf(text) && verified(partsOf(text), keys)));
  return said.map((one) => one && one.number);
}"""


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer("testtest", ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="module")
def keys(signer):
    return [jwk(signer.kid, signer.key.public_key())]


@pytest.fixture(scope="module")
def scanned(signer) -> str:
    """What stands behind the host in the code of a certificate."""
    certificate = Certificate(
        issuer=Issuer(name="湘潭市农业农村局"),
        number="潭农培〔2026〕0001号",
        title="结业证书",
        name="𠮷·𬱖䶮",
        code=CODE,
        issued_on=datetime.date(2026, 11, 20),
        frozen={"hours": "24"},
    )
    return f"/v/{CODE}/#{statement_of(certificate, signer)}"


@pytest.fixture
def phone(chromium, server, keys):
    """A phone that got these keys from the office; it may lose its network."""
    context = chromium.new_context(base_url=server, locale="zh-CN", viewport=PHONE)
    page = context.new_page()
    page.route("**/v/keys.json", lambda route: route.fulfill(body=json.dumps({"keys": keys})))
    yield page
    context.close()


def changed(text, place):
    other = WRITTEN[(WRITTEN.index(text[place]) + 1) % 64]
    return text[:place] + other + text[place + 1 :]


def test_the_browser_reads_what_the_server_signed(phone, scanned):
    phone.goto("/v/offline/")
    phone.fill("[name=scanned]", f"https://peixun.example.cn{scanned}")
    phone.click("[data-check]")
    phone.wait_for_selector("[data-outcome=good]:not([hidden])")
    said = {
        place.get_attribute("data-field"): place.inner_text() for place in phone.locator("[data-field]").all()
    }
    assert said == {
        "name": "𠮷**䶮",
        "title": "结业证书",
        "number": "潭农培〔2026〕0001号",
        "hours": "24",
        "issuer": "湘潭市农业农村局",
        "issued": "2026-11-20",
        "expires": "长期",
    }
    assert phone.locator("text=离线看不出证书后来是否作废").is_visible()
    phone.fill("[name=name]", "𠮷•𬱖 䶮")
    phone.wait_for_selector("[data-same]:not([hidden])")
    phone.fill("[name=name]", "𠮷·𬱖龑")
    phone.wait_for_selector("[data-differs]:not([hidden])")


def test_every_changed_character_is_refused(phone, scanned, keys):
    phone.goto("/v/offline/")
    places = [place for place in range(len("/v/"), len(scanned)) if scanned[place] not in "/#"]
    texts = [scanned, *(changed(scanned, place) for place in places)]
    found = phone.evaluate(VERIFIED, [texts, keys])
    assert found == ["潭农培〔2026〕0001号"] + [None] * len(places)


def test_a_changed_code_is_told_in_red(phone, scanned):
    phone.goto("/v/offline/")
    phone.fill("[name=scanned]", changed(scanned, len(scanned) - 8))
    phone.click("[data-check]")
    phone.wait_for_selector("[data-outcome=bad]:not([hidden])")
    assert phone.locator("[data-said]").is_hidden()


def test_without_a_network_a_scan_shows_what_was_signed(phone, scanned):
    phone.goto("/v/offline/")
    until(phone, "localStorage.getItem('peixun-keys')")
    phone.evaluate("navigator.serviceWorker.ready.then(() => null)")
    until(phone, "navigator.serviceWorker.controller !== null")
    phone.unroute_all()
    phone.context.set_offline(True)
    phone.goto(scanned)
    phone.wait_for_selector("[data-outcome=good]:not([hidden])")


def test_nobodys_number_is_answered_in_a_sentence(window):
    page = window(size=PHONE)
    page.goto("/v/")
    page.fill("[name=number]", "潭农培〔2026〕9999号")
    page.fill("[name=name]", "王小明")
    page.locator("form.panel button").first.click()
    page.wait_for_selector("text=查无此证")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert "王小明" not in page.url
