"""Many check a certificate while it is revoked: no check that starts after the commit says that it is valid.

Short by default; `make drills` sets PEIXUN_DRILLS=full.
"""

import functools
import itertools
import os
import threading

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.utils import timezone

from bureaus.models import Bureau, User
from certificates.issuing import Issue, issue
from certificates.models import Issuer, Template, TemplateVersion
from certificates.replacing import revoke
from certificates.views import checking
from courses.catalogue import read_catalogue
from courses.loading import load_catalogue
from courses.management.commands.load_plan import SHIPPED
from courses.models import ClassRun, Programme
from tests.certificates.conftest import DAY, PATTERN, YEAR, enrol

FULL = os.environ.get("PEIXUN_DRILLS") == "full"
CHECKS = 1_000 if FULL else 50
AT_ONCE = 10 if FULL else 5
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def certificate():
    cache.clear()
    load_catalogue(read_catalogue(SHIPPED), user=None)
    programme = Programme.objects.get(name="乡村致富带头人培训计划")
    bureau = Bureau.objects.get(name="市农业农村局")
    place = {"bureau": bureau, "district": programme.plan.city, "year": YEAR}
    run = ClassRun.objects.create(programme=programme, name="第一期", **place)
    issuer = Issuer.objects.create(name=bureau.name, bureau=bureau, pattern=PATTERN)
    template = Template.objects.create(bureau=bureau, name="结业证书", title="结业证书")
    version = TemplateVersion.objects.create(template=template, number=1, layout={})
    return issue(run, enrol(run, "王小明"), Issue(issuer, version, DAY), user=None)[0]


class Crowd:
    """People who check again and again, each from an address of their own, while one revokes."""

    def __init__(self, certificate):
        self.certificate = certificate
        self.numbers = itertools.count()
        self.answers: list[tuple[bool, str]] = []  # did the check start after the commit; what it said
        self.half_way, self.committed = threading.Event(), threading.Event()

    def check_again_and_again(self):
        try:
            while (number := next(self.numbers)) < CHECKS:
                if number == CHECKS // 2:
                    self.half_way.set()
                if number >= CHECKS * 3 // 4:
                    self.committed.wait(60)
                after = self.committed.is_set()
                self.answers.append((after, self.asked(f"10.0.{number // 250}.{number % 250}")))
        finally:
            connections.close_all()

    def asked(self, address):
        response = Client(REMOTE_ADDR=address).get(f"/v/{self.certificate.code}/")
        text = response.content.decode()
        return next(
            (word for word in ("有效", "已作废") if f"{word}</h2>" in text), str(response.status_code)
        )

    def run(self, officer):
        threads = [threading.Thread(target=self.check_again_and_again) for _number in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        assert self.half_way.wait(60)
        revoke(self.certificate, on=timezone.localdate(), reason="学时登记有误", user=officer)
        self.committed.set()
        for thread in threads:
            thread.join(120)
        return self.answers


def valid_after_the_commit(answers):
    return [said for after, said in answers if after and said != "已作废"]


@pytest.fixture
def officer():
    return User.objects.create(username="经办")


def test_no_check_after_the_commit_says_valid(certificate, officer):
    answers = Crowd(certificate).run(officer)
    assert len(answers) == CHECKS
    assert {said for _after, said in answers} == {"有效", "已作废"}
    assert sum(after for after, _said in answers) >= CHECKS // 4
    assert valid_after_the_commit(answers) == []


def test_with_kept_findings_it_would(certificate, officer, monkeypatch):
    monkeypatch.setattr(checking, "by_code", functools.cache(checking.by_code))
    assert valid_after_the_commit(Crowd(certificate).run(officer)) != []
