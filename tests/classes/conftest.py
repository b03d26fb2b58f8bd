"""A class under way: a run of the officer's bureau with a session today, taught by the trainer."""

import datetime
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from bureaus.models import Bureau
from courses.models import ClassRun, Enrolment, Programme, Session, Trainer
from learners import id_numbers
from learners.models import Holder, Identity, Learner

DAY = datetime.timedelta(days=1)


class Classes:
    """Makes rows around today."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau = bureau
        self.today = timezone.localdate()
        self.programme = Programme.objects.get(name="乡村致富带头人培训计划")
        self.lectures = Programme.objects.get(name="智慧助老行动")
        self.city = self.programme.plan.city

    def run(self, name: str = "第一期", **values: Any) -> ClassRun:
        starts, ends = self.today - DAY, self.today + DAY
        values = {
            "programme": self.programme,
            "bureau": self.bureau,
            "district": self.city,
            "year": ends.year,
            "starts_on": starts,
            "ends_on": ends,
            "state": ClassRun.State.RUNNING,
        } | values
        return ClassRun.objects.create(name=name, **values)

    def session(self, run: ClassRun | None, title: str = "水稻栽培", **values: Any) -> Session:
        day = values.pop("held_on", self.today)
        values = {
            "run": run,
            "programme": run.programme if run else self.lectures,
            "bureau": run.bureau if run else self.bureau,
            "district": run.district if run else self.city,
            "year": run.year if run else day.year,
            "held_on": day,
            "starts_at": datetime.time(9),
            "ends_at": datetime.time(12),
        } | values
        return Session.objects.create(title=title, **values)

    def enrol(self, run: ClassRun, *names: str, **values: Any) -> list[Enrolment]:
        values = {
            "state": Enrolment.State.ADMITTED,
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
def classes(bureau) -> Classes:
    return Classes(bureau)


@pytest.fixture
def run(classes) -> ClassRun:
    """Three people are admitted."""
    run = classes.run()
    classes.enrol(run, "王小明", "李秀英", "张建国")
    return run


@pytest.fixture
def teacher(bureau, trainer) -> Trainer:
    """Whom the trainer's account is."""
    return Trainer.objects.create(name="罗老师", bureau=bureau, user=trainer)


@pytest.fixture
def session(classes, run, teacher) -> Session:
    """Of `run`, today from 9 to 12: 180 minutes are 4 hours of 45 minutes."""
    session = classes.session(run)
    session.trainers.add(teacher)
    return session


@pytest.fixture
def enrolments(run) -> list[Enrolment]:
    return list(run.enrolments.order_by("pk"))


@pytest.fixture
def clock(session):
    """Stands at 8:50 on the session's day; `clock(9, 5)` sets it."""

    def moment(hour: int, minute: int, second: int = 0) -> datetime.datetime:
        return timezone.make_aware(
            datetime.datetime.combine(session.held_on, datetime.time(hour, minute, second))
        )

    with time_machine.travel(moment(8, 50), tick=False) as traveller:
        yield lambda *time: traveller.move_to(moment(*time))


@pytest.fixture
def numbers(enrolments) -> list[str]:
    """The ID numbers of the run's people; the second also has a phone that ends in 5678."""
    found = []
    for enrolment, digits in zip(
        enrolments, ("43030419850612001", "43030419600101002", "4303041970010100"), strict=True
    ):
        seventeen = digits.ljust(17, "9")
        number = seventeen + id_numbers.check_digit(seventeen)
        kind, value, mark = Identity.by_id_number(number)
        Identity.objects.create(learner=enrolment.learner, kind=kind, value=value, digest=mark)
        found.append(number)
    Holder.objects.filter(learner=enrolments[1].learner).update(phone="0731-5828 1234、138 0000 5678")
    return found


@pytest.fixture
def text():
    """The text of a page that was shown."""

    def shown(response) -> str:
        assert response.status_code == 200, response.status_code
        return response.content.decode()

    return shown
