"""Two records of one person, with everything that may hang on a learner."""

import datetime
import random
import uuid
from decimal import Decimal

import pytest
from django.apps import apps
from django.utils import timezone

from bureaus.models import Bureau, User
from certificates.models import Certificate, Issuer
from courses.models import Appeal, Attendance, ClassRun, Enrolment, Mark, Notice, Programme, Session
from learners.models import (
    AccountLink,
    DataRequest,
    Exemption,
    Holder,
    HoursRequirement,
    Identity,
    Learner,
    LearnerAlias,
    Standing,
    TargetGroup,
)
from ledgers.models import Doubt, LedgerImport, LedgerRow, PersonDecision

# What a merge that was taken back leaves behind on purpose.
TRACES = ("ledgers.Merge", "bureaus.AuditEvent")


def dump() -> dict[str, list[dict]]:
    """Every row of our apps but the traces."""
    models = [
        model
        for app in ("bureaus", "learners", "courses", "certificates", "ledgers")
        for model in apps.get_app_config(app).get_models()
        if model._meta.label not in TRACES
    ]
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in models}


class Town:
    """Makes learners with a random share of everything; all are of the cast's bureau."""

    def __init__(self, bureau: Bureau, seed: int) -> None:
        self.bureau = bureau
        self.chance = random.Random(seed)
        self.programme = Programme.objects.select_related("plan").get(name="乡村致富带头人培训计划")
        self.home = {"bureau": bureau, "district": self.programme.plan.city, "year": 2024}
        self.runs = [self.run(f"第{n}期") for n in (1, 2, 3)]
        self.sessions = [
            Session.objects.create(
                programme=self.programme, run=run, title=f"课{n}", held_on=f"2024-03-0{n}", **self.home
            )
            for run in self.runs
            for n in (1, 2)
        ]
        self.issuer = Issuer.objects.create(name="农广校")
        self.users = [User.objects.create(username=f"u{n}") for n in range(3)]
        self.batch = LedgerImport.objects.create(
            bureau=bureau, file_name="台账.xlsx", state="preview", year=2024
        )
        self.numbers = 0

    def run(self, name: str) -> ClassRun:
        return ClassRun.objects.create(programme=self.programme, name=name, **self.home)

    def some(self, items):
        return [one for one in items if self.chance.random() < 0.6]

    def next(self) -> int:
        self.numbers += 1
        return self.numbers

    def learner(self, name: str = "王小明") -> Learner:
        learner = Learner.objects.create(
            name=name, gender=self.chance.choice(["", "male"]), birth=self.chance.choice(["", "1985"])
        )
        Holder.objects.create(
            learner=learner, bureau=self.bureau, phone=self.chance.choice(["", "13800000001", "13800000002"])
        )
        kind, value, digest = Identity.by_employer(name, f"单位{self.next()}")
        Identity.objects.create(learner=learner, kind=kind, value=value, digest=digest)
        for run in self.some(self.runs):
            self.enrol(learner, run)
        self.hang_on(learner)
        return learner

    def enrol(self, learner: Learner, run: ClassRun, **given) -> Enrolment:
        enrolment = Enrolment.objects.create(
            run=run,
            learner=learner,
            **{
                "name": learner.name,
                "employer": f"单位{self.next()}",
                "district": run.district,
                "state": self.chance.choice(["completed", "no_show", "admitted", "attending"]),
                "hours": Decimal(self.chance.randrange(0, 30)),
                "particulars": {"note": str(self.next())},
            }
            | given,
        )
        for session in self.some(run.sessions.all()):
            state = self.chance.choice(["present", "absent"])
            Attendance.objects.create(enrolment=enrolment, session=session, state=state, hours=Decimal(4))
            Mark.objects.create(
                key=uuid.uuid4(),
                session=session,
                enrolment=enrolment,
                state=state,
                marked_at=timezone.now(),
                outcome="written",
            )
            Appeal.objects.create(enrolment=enrolment, session=session, kind="excuse", words="生病")
        Notice.objects.create(
            key=f"k{self.next()}", kind="admitted", run=run, enrolment=enrolment, due_at=timezone.now()
        )
        number = self.next()
        Certificate.objects.create(
            issuer=self.issuer,
            number=f"号{number}",
            learner=learner,
            enrolment=enrolment,
            name=learner.name,
            year=2024,
        )
        LedgerRow.objects.create(batch=self.batch, number=number, state="new", enrolment=enrolment)
        return enrolment

    def hang_on(self, learner: Learner) -> None:
        for user in self.some(self.users):
            relation = self.chance.choice(["self", "helper"])
            AccountLink.objects.create(
                user=user, learner=learner, relation=relation, consented_at=timezone.now()
            )
        for group in self.some(TargetGroup.objects.all()[:2]):
            Standing.objects.create(learner=learner, group=group, level=self.chance.choice(["", "科级"]))
        for requirement in self.some(HoursRequirement.objects.all()[:2]):
            Exemption.objects.create(
                learner=learner,
                requirement=requirement,
                valid_from=datetime.date(2024, 1, 1),
                valid_to=datetime.date(2024, 6, 30),
                reason="产假",
            )
        DataRequest.objects.create(learner=learner, words="单位写错了")
        for name in self.some(["王晓明", "王小名"]):
            LearnerAlias.objects.create(learner=learner, name=name)
        for key in self.some(["a" * 64, "b" * 64]):
            decision = PersonDecision.objects.create(learner=learner, key=key, same=False, bureau=self.bureau)
            Doubt.objects.create(
                batch=self.batch, number=1, kind="other_number", key=key, learner=learner, decision=decision
            )


@pytest.fixture
def town(bureau):
    return lambda seed=1: Town(bureau, seed)
