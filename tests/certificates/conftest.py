"""A bureau that issues: a template, a rule, a run that is over with three people in it."""

import datetime
from decimal import Decimal
from typing import Any

import pytest

from certificates.issuing import Issue
from certificates.models import Issuer, IssueRule, Template, TemplateVersion
from courses.models import ClassRun, Enrolment, Programme
from learners.models import Holder, Learner

YEAR = 2026
DAY = datetime.date(YEAR, 11, 20)
PATTERN = "潭农培〔{year}〕{seq:04}号"


def enrol(run: ClassRun, *names: str, **values: Any) -> list[Enrolment]:
    """People who completed `run` with 24 hours and passed."""
    values = {
        "state": Enrolment.State.COMPLETED,
        "assessment": Enrolment.Assessment.PASSED,
        "hours": Decimal(24),
        "district": run.district,
        "employer": "韶山村合作社",
    } | values
    found = []
    for name in names:
        learner = Learner.objects.create(name=name, gender="female", birth="1985")
        Holder.objects.create(learner=learner, bureau=run.bureau)
        found.append(Enrolment.objects.create(run=run, learner=learner, name=name, **values))
    return found


@pytest.fixture
def programme(plan) -> Programme:
    return Programme.objects.get(name="乡村致富带头人培训计划")


@pytest.fixture
def run(programme, bureau) -> ClassRun:
    return ClassRun.objects.create(
        programme=programme,
        name="第一期",
        bureau=bureau,
        district=programme.plan.city,
        year=YEAR,
        starts_on=datetime.date(YEAR, 11, 2),
        ends_on=datetime.date(YEAR, 11, 6),
        state=ClassRun.State.FINISHED,
    )


@pytest.fixture
def people(run) -> list[Enrolment]:
    return enrol(run, "王小明", "李秀英", "张建国")


@pytest.fixture
def issuer(bureau) -> Issuer:
    return Issuer.objects.create(name=bureau.name, bureau=bureau, pattern=PATTERN, signatory="周局长")


@pytest.fixture
def version(bureau) -> TemplateVersion:
    template = Template.objects.create(bureau=bureau, name="结业证书", title="结业证书")
    return TemplateVersion.objects.create(template=template, number=1, layout={})


@pytest.fixture
def rule(programme, version) -> IssueRule:
    return IssueRule.objects.create(
        programme=programme, template=version.template, least_hours=Decimal(24), needs_pass=True
    )


@pytest.fixture
def terms(issuer, version) -> Issue:
    return Issue(issuer, version, DAY)
