"""The named cast: one account for each role, an outsider, a learner; and the plan that is shipped."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client

from bureaus import sms_codes
from bureaus.models import AuditEvent, Bureau, BureauAlias, District, DistrictAlias, Membership, User
from courses.catalogue import read_catalogue
from courses.loading import load_catalogue
from courses.management.commands.load_plan import SHIPPED
from courses.models import (
    Action,
    ActionBureau,
    Coverage,
    HourRule,
    Plan,
    PlanReview,
    PlanTarget,
    Programme,
    ProgrammeBureau,
    Quota,
    QuotaPeriod,
)
from learners.models import AccountLink, HoursRequirement, Learner, TargetGroup
from ledgers.reading import apart

Role, Reach = Membership.Role, Membership.Reach


def pytest_configure() -> None:
    """Makes a password's digest cheap: its cost is the library's affair."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_collection_finish() -> None:
    """What is imported by now stays: the garbage collector need not go through it again and again."""
    gc.freeze()


# What loading the plan writes, in the order of its foreign keys.
REGISTERS = (
    *(District, DistrictAlias, Bureau, BureauAlias, TargetGroup, Plan, PlanReview, PlanTarget),
    *(Action, ActionBureau, Programme, ProgrammeBureau, Coverage, HourRule),
    *(Quota, Quota.programmes.through, QuotaPeriod, HoursRequirement),
)
inserts: list[tuple[str, tuple]] = []


@pytest.fixture
def plan(db) -> Plan:
    """The plan that is shipped. Loaded once a process; after that the same rows are inserted again."""
    if inserts:
        with connection.cursor() as cursor:
            for statement, values in inserts:
                cursor.execute(statement, values)
    else:
        load_catalogue(read_catalogue(SHIPPED), user=None)
        AuditEvent.objects.all()._raw_delete("default")
        inserts.extend(inserts_of(REGISTERS))
    return Plan.objects.get()


def inserts_of(models: Iterable[type[Model]]) -> list[tuple[str, tuple]]:
    """The statements that insert what is stored now, with their values."""
    found = []

    def note(execute, statement, values, many, context):
        found.append((statement, values))
        return execute(statement, values, many, context)

    with transaction.atomic():
        rows = {model: list(model._default_manager.order_by("pk")) for model in models}
        for model in reversed(rows):
            model._default_manager.all()._raw_delete("default")
        with connection.execute_wrapper(note):
            for model, some in rows.items():
                model._default_manager.bulk_create(some)
        transaction.set_rollback(True)
    return [(statement, values) for statement, values in found if statement.startswith("INSERT")]


@contextmanager
def answers_here(content: bytes, order: apart.Order) -> Iterator[Iterator[Any]]:
    pipe = BytesIO()
    apart.respond(pipe, order, content)
    pipe.seek(0)
    yield apart.answers_in(pipe)


@pytest.fixture(autouse=True)
def _files_are_read_here(request, monkeypatch):
    """Starting a process for each file would take most of the tests' time; `apart` asks for the true one."""
    if "apart" not in request.fixturenames:
        monkeypatch.setattr(apart, "answers_to", answers_here)


@pytest.fixture(name="apart")
def _apart() -> None:
    """Files are read by a process of their own, as in earnest."""


def account(name: str, bureau: Bureau, role: Role, reach: Reach = Reach.OWN) -> User:
    user = User.objects.create(username=name, name=name)
    Membership.objects.create(user=user, bureau=bureau, role=role, reach=reach)
    return user


class AtOnce:
    """Stands for a pool of threads."""

    def submit(self, deed, *given):
        deed(*given)


@pytest.fixture
def codes_at_once(monkeypatch):
    """A code by SMS is with the carrier before the page answers."""
    monkeypatch.setattr(sms_codes, "outgoing", AtOnce())


@pytest.fixture
def bureau(plan) -> Bureau:
    """Where the officer, the administrator, the reviewer, the auditor and the trainer work."""
    return Bureau.objects.get(name="市农业农村局")


@pytest.fixture
def other_bureau(plan) -> Bureau:
    return Bureau.objects.get(name="市人力资源社会保障局")


@pytest.fixture
def coordinator(plan) -> User:
    return account("陈统筹", Bureau.objects.get(name="市科协"), Role.COORDINATOR)


@pytest.fixture
def administrator(bureau) -> User:
    return account("周管理", bureau, Role.ADMINISTRATOR, Reach.BELOW)


@pytest.fixture
def officer(bureau) -> User:
    return account("李经办", bureau, Role.OFFICER)


@pytest.fixture
def reviewer(bureau) -> User:
    return account("吴审核", bureau, Role.REVIEWER)


@pytest.fixture
def auditor(bureau) -> User:
    return account("郑审计", bureau, Role.AUDITOR)


@pytest.fixture
def trainer(bureau) -> User:
    return account("罗老师", bureau, Role.TRAINER)


@pytest.fixture
def technician(bureau) -> User:
    return account("何技术", bureau, Role.TECHNICIAN)


@pytest.fixture
def outsider(other_bureau) -> User:
    """An officer of another bureau."""
    return account("钱外人", other_bureau, Role.OFFICER)


@pytest.fixture
def learner(plan) -> Learner:
    return Learner.objects.create(name="王小明", gender=Learner.Gender.MALE, birth="1985-06-12")


@pytest.fixture
def learner_user(learner) -> User:
    """The account of `learner`, without any role."""
    user = User.objects.create(username="王小明", name="王小明")
    AccountLink.objects.create(user=user, learner=learner)
    return user


@pytest.fixture
def login():
    """A client signed in as that user."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in
