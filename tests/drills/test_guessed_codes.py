"""Somebody guesses codes of certificates: none is hit, and after a few dozen a minute there is no answer.

Short by default; `make drills` sets PEIXUN_DRILLS=full. The clock stands still: all falls into one minute.
"""

import logging
import os
import random
from collections import Counter

import pytest
import time_machine
from django.core.cache import cache
from django.core.handlers.base import BaseHandler
from django.test import Client, RequestFactory

from certificates.models import Certificate, Issuer
from certificates.models.certificates import LETTERS, new_code

FULL = os.environ.get("PEIXUN_DRILLS") == "full"
GUESSES = 100_000 if FULL else 500
A_MINUTE = 30
A_MINUTE_IN_ALL = 600
pytestmark = pytest.mark.django_db


@pytest.fixture
def certificates(learner):
    """Their numbers can be guessed: one follows the other."""
    issuer = Issuer.objects.create(name="市农业农村局")
    kept = {"issuer": issuer, "learner": learner, "name": learner.name, "year": 2026}
    return [
        Certificate.objects.create(number=f"潭农培〔2026〕{number:04}号", code=new_code(), **kept)
        for number in range(1, 101)
    ]


@pytest.fixture(autouse=True)
def one_minute():
    cache.clear()
    with time_machine.travel("2026-12-01T12:00:00+08:00", tick=False):
        yield
    cache.clear()


@pytest.fixture(autouse=True)
def no_lines_kept():
    """pytest keeps each line of the log with its request: of 100,000 refusals that is all the memory."""
    logger = logging.getLogger("django.request")
    logger.disabled = True
    yield
    logger.disabled = False


def guessed(number, *, addresses=1):
    """How often each status was answered to `number` guesses.

    The site is called with all its middleware, as a server does. A test client would also keep a copy of the
    context of each template of each page: that is most of its time.
    """
    dice = random.Random(2026)  # noqa: S311 (the same guesses in each run)
    site = BaseHandler()
    site.load_middleware()
    answers: Counter[int] = Counter()
    for guess in range(number):
        place = guess % addresses
        code = "".join(dice.choices(LETTERS, k=16))
        address = f"10.{place // 62_500}.{place // 250 % 250}.{place % 250}"
        answers[site.get_response(RequestFactory(REMOTE_ADDR=address).get(f"/v/{code}/")).status_code] += 1
    return answers


def test_one_address_hits_nothing_and_is_slowed(certificates):
    assert guessed(GUESSES) == {404: A_MINUTE, 429: GUESSES - A_MINUTE}


def test_many_addresses_are_slowed_together(certificates):
    number = max(GUESSES // 10, A_MINUTE_IN_ALL + 50)
    assert guessed(number, addresses=100) == {404: A_MINUTE_IN_ALL, 429: number - A_MINUTE_IN_ALL}


def test_a_true_code_is_answered_meanwhile(certificates):
    guessed(A_MINUTE + 5)
    client = Client(REMOTE_ADDR="10.0.0.0")
    assert {client.get(f"/v/{one.code}/").status_code for one in Certificate.objects.all()} == {200}


def test_without_the_limit_nothing_slows_them(certificates, settings):
    limits = settings.ACCOUNT_RATE_LIMITS
    settings.ACCOUNT_RATE_LIMITS = {
        name: rate for name, rate in limits.items() if not name.startswith("certificate")
    }
    assert guessed(100) == {404: 100}
