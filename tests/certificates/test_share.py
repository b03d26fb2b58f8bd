"""Links to one certificate: made, used by a stranger, run out, withdrawn."""

import datetime

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bureaus.models import User
from certificates.issuing import issue
from certificates.models import Certificate, ShareLink
from learners.models import AccountLink, Learner

from .conftest import enrol


@pytest.fixture
def certificate(run, terms, learner_user, learner) -> Certificate:
    (enrolment,) = enrol(run, "王小明")
    enrolment.learner = learner
    enrolment.save()
    return issue(run, [enrolment], terms, user=None)[0]


@pytest.fixture
def link(certificate) -> ShareLink:
    return ShareLink.objects.create(certificate=certificate)


def shared(link: ShareLink):
    return Client().get(reverse("certificates:shared", args=[link.key]))


@pytest.mark.parametrize(("lasts", "days"), [("7", 7), ("30", 30), ("365", 365), ("0", None)])
def test_the_holder_makes_a_link_for_so_long(certificate, login, learner_user, lasts, days):
    answer = login(learner_user).post(
        reverse("certificates:share", args=[certificate.pk]), {"lasts": lasts}, follow=True
    )
    link = ShareLink.objects.get()
    today = timezone.localdate()
    assert link.until == (None if days is None else today + datetime.timedelta(days=days))
    address = "http://testserver" + reverse("certificates:shared", args=[link.key])
    assert f'<span class="own-link">{address}</span>' in answer.content.decode()


def test_a_stranger_sees_the_certificate_with_the_full_name_and_no_more(certificate, link, learner):
    other = Certificate.objects.create(
        issuer=certificate.issuer, number="别的证书9号", learner=learner, name="王小明", year=2026
    )
    answer = shared(link)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert certificate.number in page
    assert "王小明" in page
    assert other.number not in page
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer["Cache-Control"] == "no-store"


def test_a_link_shows_a_certificate_that_was_revoked_as_revoked(certificate, link):
    certificate.state, certificate.revoked_on = "revoked", timezone.localdate()
    certificate.save()
    assert "已作废" in shared(link).content.decode()


def test_the_last_day_counts_and_the_next_does_not(link):
    link.until = timezone.localdate()
    link.save()
    assert shared(link).status_code == 200
    link.until -= datetime.timedelta(days=1)
    link.save()
    answer = shared(link)
    assert answer.status_code == 404
    assert "王小明" not in answer.content.decode()


def test_a_link_that_was_withdrawn_shows_nothing(link, login, learner_user):
    address = reverse("certificates:share-withdraw", args=[link.pk])
    assert login(learner_user).get(address).status_code == 405
    assert login(learner_user).post(address).status_code == 302
    assert shared(link).status_code == 404
    withdrawn = ShareLink.objects.get().withdrawn_at
    login(learner_user).post(address)
    assert ShareLink.objects.get().withdrawn_at == withdrawn


def test_a_guessed_key_finds_nothing(link):
    assert Client().get(reverse("certificates:shared", args=["x" * 32])).status_code == 404


@pytest.mark.parametrize("lasts", ["8", "x", "-1", ""])
def test_another_length_is_refused(certificate, login, learner_user, lasts):
    answer = login(learner_user).post(reverse("certificates:share", args=[certificate.pk]), {"lasts": lasts})
    assert answer.status_code == 422
    assert not ShareLink.objects.exists()


def test_only_so_many_links_are_open_at_once(certificate, login, learner_user):
    ShareLink.objects.bulk_create(ShareLink(certificate=certificate) for _number in range(10))
    answer = login(learner_user).post(reverse("certificates:share", args=[certificate.pk]), {"lasts": "7"})
    assert answer.status_code == 422


def test_nobody_else_shares_or_withdraws(certificate, link, login, officer, coordinator):
    other = Learner.objects.create(name="李四")
    AccountLink.objects.create(user=officer, learner=other)
    for user in (officer, coordinator):
        share = reverse("certificates:share", args=[certificate.pk])
        assert login(user).post(share, {"lasts": "7"}).status_code == 404
        assert login(user).post(reverse("certificates:share-withdraw", args=[link.pk])).status_code == 404
    assert ShareLink.objects.count() == 1
    assert shared(link).status_code == 200


def test_a_link_ends_with_the_consent_to_the_helper_who_made_it(certificate, learner):
    daughter = User.objects.create_user("daughter")
    kept = {"relation": "helper", "consented_at": timezone.now(), "consented_how": "written"}
    helper = AccountLink.objects.create(user=daughter, learner=learner, **kept)
    link = ShareLink.objects.create(certificate=certificate, made_by=daughter)
    badge = reverse("certificates:shared-credential", args=[link.key])
    assert (shared(link).status_code, Client().get(badge).status_code) == (200, 200)
    helper.until = timezone.localdate() - datetime.timedelta(days=1)
    helper.save()
    assert (shared(link).status_code, Client().get(badge).status_code) == (404, 404)


def test_badges_of_links_and_lists_of_status_are_limited(link, settings):
    """Each is signed anew: nobody is to keep the server busy with it."""
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"certificate": "3/m/ip"}
    addresses = [
        reverse("certificates:shared-credential", args=["x" * 32]),
        reverse("certificates:status-list", args=[link.certificate.issuer_id]),
    ]
    for address in addresses:
        cache.clear()
        assert [Client().get(address).status_code == 429 for _ask in range(5)] == [False] * 3 + [True] * 2
