"""A small city: three bureaus in two lines, two groups, three places, an umbrella with a part, lectures."""

import datetime
from decimal import Decimal
from typing import Any

from bureaus.models import Bureau, District, Membership, User
from certificates.models import Certificate, Issuer
from courses.models import (
    Action,
    ActionBureau,
    Attendance,
    ClassRun,
    Enrolment,
    Plan,
    Programme,
    Quota,
    Session,
)
from learners.models import Learner, TargetGroup

YEAR = 2024
MIDSUMMER = datetime.date(2024, 7, 1)


class City:
    def __init__(self) -> None:
        self.centre = District.objects.create(code="1", name="潭城市", short="市本级", is_city=True)
        self.county = District.objects.create(code="2", name="潭县", order=1)
        self.park = District.objects.create(
            code="3", name="高新区", is_park=True, lies_in=self.county, order=2
        )
        self.science = Bureau.objects.create(name="市科协", order=0)
        self.county_science = Bureau.objects.create(
            name="潭县科协", parent=self.science, district=self.county, order=1
        )
        self.health = Bureau.objects.create(name="市卫生健康委", order=2)
        self.teachers = TargetGroup.objects.create(code="teachers", name="教师", order=0)
        self.seniors = TargetGroup.objects.create(code="seniors", name="老年人", order=1)
        self.plan = Plan.objects.create(
            name="方案", first_year=2021, last_year=2025, coordinator=self.science, city=self.centre
        )
        self.action = Action.objects.create(plan=self.plan, name="青少年行动", group=self.teachers)
        ActionBureau.objects.create(action=self.action, bureau=self.science, role="lead")
        self.umbrella = self.programme("教师提升工程", kind="umbrella")
        self.tutors = self.programme("培训科技辅导员", part_of=self.umbrella)
        self.talks = self.programme("智慧助老行动", kind="lecture", counts="session", group=self.seniors)

    def programme(self, name: str, **values: Any) -> Programme:
        values = {"action": self.action, "group": self.teachers, "order": Programme.objects.count()} | values
        return Programme.objects.create(plan=self.plan, name=name, **values)

    def quota(self, *programmes: Programme, value: int | None = None, **values: Any) -> Quota:
        values = {"plan": self.plan, "order": Quota.objects.count(), "value": value} | values
        if value is not None:
            values.setdefault("unit", "人次")
        quota = Quota.objects.create(**values)
        quota.programmes.set(programmes)
        return quota

    def run(self, name: str, programme: Programme | None = None, **values: Any) -> ClassRun:
        year = values.get("year", YEAR)
        values = {
            "programme": programme or self.tutors,
            "bureau": self.science,
            "district": self.centre,
            "year": year,
            "starts_on": datetime.date(year, 3, 1),
            "ends_on": datetime.date(year, 3, 5),
            "state": "finished",
        } | values
        return ClassRun.objects.create(name=name, **values)

    def learner(self, name: str, gender: str = "female") -> Learner:
        known = Learner.objects.filter(name=name).first()
        return known or Learner.objects.create(name=name, gender=gender)

    def enrol(self, run: ClassRun, *names: str, **values: Any) -> list[Enrolment]:
        """Enrols people, known by their names; completed, with 8 学时, unless said otherwise."""
        values = {"state": "completed", "hours": Decimal(8), "district": run.district} | values
        return [
            Enrolment.objects.create(run=run, learner=self.learner(name), name=name, **values)
            for name in names
        ]

    def lecture(self, title: str, headcount: int | None = None, **values: Any) -> Session:
        values = {
            "programme": self.talks,
            "bureau": self.health,
            "district": self.centre,
            "year": YEAR,
            "held_on": datetime.date(values.get("year", YEAR), 5, 20),
            "state": "held",
        } | values
        return Session.objects.create(title=title, headcount=headcount, **values)

    def attend(self, session: Session, *enrolments: Enrolment, state: str = "present") -> None:
        for enrolment in enrolments:
            Attendance.objects.create(enrolment=enrolment, session=session, state=state)

    def certificate(self, enrolment: Enrolment, number: str, **values: Any) -> Certificate:
        issuer, _made = Issuer.objects.get_or_create(name="市科协", defaults={"bureau": self.science})
        values = {"year": YEAR, "issued_on": datetime.date(YEAR, 3, 6)} | values
        return Certificate.objects.create(
            issuer=issuer,
            number=number,
            learner=enrolment.learner,
            enrolment=enrolment,
            name=enrolment.name,
            **values,
        )

    def user(self, name: str, bureau: Bureau, role: str = "officer", reach: str = "own") -> User:
        user = User.objects.create_user(name)
        Membership.objects.create(user=user, bureau=bureau, role=role, reach=reach)
        return user
