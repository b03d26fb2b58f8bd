"""A little training: two runs and a lecture of the officer's bureau, a run of another bureau."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from bureaus.models import Bureau, District
from certificates.models import Certificate, Issuer
from courses.models import Attendance, ClassRun, Enrolment, Programme, Session, Trainer
from learners.models import Holder, Identity, Learner

YEAR = 2024


class Training:
    """Makes rows; a page that shows them finds what it needs."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau = bureau
        self.programme = Programme.objects.get(name="乡村致富带头人培训计划")
        self.lectures = Programme.objects.get(name="智慧助老行动")
        self.city = self.programme.plan.city
        self.county = District.objects.get(name="湘潭县")

    def run(self, name: str, **values: Any) -> ClassRun:
        values = {
            "programme": self.programme,
            "bureau": self.bureau,
            "district": self.city,
            "year": YEAR,
            "starts_on": datetime.date(YEAR, 3, 4),
            "ends_on": datetime.date(YEAR, 3, 8),
            "state": ClassRun.State.FINISHED,
        } | values
        return ClassRun.objects.create(name=name, **values)

    def learner(self, name: str, bureau: Bureau | None = None, phone: str = "") -> Learner:
        learner = Learner.objects.filter(name=name).first()
        learner = learner or Learner.objects.create(name=name, gender="female", birth="1985-06-12")
        Holder.objects.get_or_create(learner=learner, bureau=bureau or self.bureau, defaults={"phone": phone})
        return learner

    def enrol(self, run: ClassRun, *names: str, **values: Any) -> list[Enrolment]:
        values = {
            "state": Enrolment.State.COMPLETED,
            "assessment": Enrolment.Assessment.PASSED,
            "hours": Decimal(24),
            "district": run.district,
            "employer": "韶山村合作社",
        } | values
        return [
            Enrolment.objects.create(run=run, learner=self.learner(name, run.bureau), name=name, **values)
            for name in names
        ]

    def session(self, title: str, **values: Any) -> Session:
        values = {
            "programme": self.lectures,
            "bureau": self.bureau,
            "district": self.city,
            "year": YEAR,
            "held_on": datetime.date(YEAR, 5, 20),
            "state": Session.State.HELD,
        } | values
        return Session.objects.create(title=title, **values)

    def attend(self, session: Session, *enrolments: Enrolment, state: str = "present") -> None:
        for enrolment in enrolments:
            Attendance.objects.create(enrolment=enrolment, session=session, state=state)

    def certificate(self, enrolment: Enrolment, number: str, **values: Any) -> Certificate:
        issuer, _made = Issuer.objects.get_or_create(name="市科协")
        values = {"year": YEAR, "issued_on": datetime.date(YEAR, 3, 9), "title": "结业证书"} | values
        return Certificate.objects.create(
            issuer=issuer,
            number=number,
            learner=enrolment.learner,
            enrolment=enrolment,
            name=enrolment.name,
            **values,
        )

    def id_number(self, learner: Learner, number: str = "439999198506122826") -> None:
        kind, value, digest = Identity.by_id_number(number)
        Identity.objects.create(learner=learner, kind=kind, value=value, digest=digest)

    def trainer(self, session: Session, user: Any) -> None:
        session.trainers.add(Trainer.objects.create(name=user.name, bureau=self.bureau, user=user))


@pytest.fixture
def training(bureau) -> Training:
    return Training(bureau)


@pytest.fixture
def first(training) -> ClassRun:
    """A run of three, one of whom never came."""
    run = training.run("第一期", place="市农校")
    training.enrol(run, "王小明", "李秀英")
    training.enrol(run, "赵未到", state=Enrolment.State.NO_SHOW, hours=0, assessment="")
    return run


@pytest.fixture
def second(training, first) -> ClassRun:
    """王小明 comes again, and does not pass."""
    run = training.run("第二期", starts_on=datetime.date(YEAR, 6, 3), ends_on=datetime.date(YEAR, 6, 5))
    training.enrol(run, "王小明", assessment="failed", state=Enrolment.State.NOT_COMPLETED)
    return run


@pytest.fixture
def lecture(training) -> Session:
    return training.session("智能手机讲座", headcount=80, women=45, elders=70, place="社区礼堂")


@pytest.fixture
def foreign(training, other_bureau) -> ClassRun:
    """A run of the outsider's bureau; 王小明 was there too."""
    run = training.run("外单位的班", bureau=other_bureau)
    training.enrol(run, "王小明", "孙外人")
    return run


@pytest.fixture
def text():
    """The text of a page that was shown."""

    def shown(response) -> str:
        assert response.status_code == 200, response.status_code
        return response.content.decode()

    return shown


@pytest.fixture
def queries(django_assert_max_num_queries, login):
    """How many queries a page takes."""

    def count(user: Any, address: str) -> int:
        client = login(user)
        with django_assert_max_num_queries(60) as captured:
            assert client.get(address).status_code == 200
        return len(captured.captured_queries)

    return count


@pytest.fixture
def today() -> datetime.date:
    return timezone.localdate()
