"""A class under way: a run of the officer's bureau with a session today, taught by the trainer."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from bureaus.models import Bureau
from courses.models import ClassRun, Enrolment, Programme, Session, Trainer
from learners.models import Holder, Learner

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
def text():
    """The text of a page that was shown."""

    def shown(response) -> str:
        assert response.status_code == 200, response.status_code
        return response.content.decode()

    return shown
