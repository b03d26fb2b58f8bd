"""Classes around today: one under way, one enrolling with a waiting list, one to come, two lectures."""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass

from django.utils import timezone

from bureaus.models import Bureau, District, User
from courses.models import (
    Appeal,
    Attendance,
    ClassRun,
    Course,
    Enrolment,
    Evaluation,
    Programme,
    Session,
    Trainer,
)
from courses.registering import Presence, register
from learners.models import AccountLink

TRAINER = "jiaoshi"
DAY = datetime.timedelta(days=1)
MORNING = (datetime.time(9), datetime.time(12))
AFTERNOON = (datetime.time(14, 30), datetime.time(16))
TOPICS = ("人工智能与科学课", "校园创客实验", "科学竞赛辅导")
WORDS = ("讲得清楚，案例都能用上。", "希望多一些动手实验。", "")


@dataclass(frozen=True, slots=True)
class Host:
    """Who holds the classes, and around which day."""

    bureau: Bureau
    city: District
    trainer: Trainer
    today: datetime.date


def make_classes(today: datetime.date, dice: random.Random) -> None:
    bureau = Bureau.objects.get(name="市科协")
    trainer = Trainer.objects.create(
        name="罗老师", bureau=bureau, user=User.objects.get(username=TRAINER), title="青少年科技教育"
    )
    host = Host(bureau, District.objects.get(is_city=True), trainer, today)
    for topic in TOPICS:
        Course.objects.create(
            name=topic, programme=tutors(), bureau=bureau, outline="目标\n内容\n动手任务", hours=4
        )
    state = ClassRun.State
    under_way = make_run(host, "第5期科技辅导员培训班", -1, state.RUNNING, seats=50)
    enrolling = make_run(host, "第6期科技辅导员培训班", 12, state.OPEN, seats=10)
    make_run(host, "第7期科技辅导员培训班", 33, state.OPEN, seats=50, approval=False)
    known = known_people(under_way, dice)
    enrol(under_way, known[:40], Enrolment.State.ADMITTED)
    enrol(enrolling, known[20:30], Enrolment.State.ADMITTED)
    enrol(enrolling, known[30:33], Enrolment.State.WAITING, waits_from=timezone.now())
    enrol(enrolling, known[33:38], Enrolment.State.APPLIED)
    hold_yesterday(under_way, dice)
    make_lectures(host)


def tutors() -> Programme:
    return Programme.objects.get(name="培训科技辅导员")


def make_run(
    host: Host, name: str, offset: int, state: ClassRun.State, *, seats: int, approval: bool = True
) -> ClassRun:
    """A run of three mornings that begins `offset` days from today."""
    start = host.today + offset * DAY
    run = ClassRun.objects.create(
        programme=tutors(),
        name=name,
        bureau=host.bureau,
        district=host.city,
        seats=seats,
        approval=approval,
        state=state,
        year=host.bureau.year_of(start, start + 2 * DAY),
        starts_on=start,
        ends_on=start + 2 * DAY,
        enrol_until=start - DAY,
        place="市科技馆三楼报告厅",
        contact="市科协科普部 0731-50000000",
        notice="请自带笔记本电脑。食宿统一安排，往返交通费回原单位报销。",
    )
    for number, topic in enumerate(TOPICS):
        course = Course.objects.get(name=topic, bureau=host.bureau)
        held_on = start + number * DAY
        session = add_session(host, topic, held_on, MORNING, run=run, course=course, place=run.place)
        session.trainers.add(host.trainer)
    return run


def add_session(
    host: Host, title: str, day: datetime.date, times: tuple[datetime.time, datetime.time], **values: object
) -> Session:
    fields: dict[str, object] = {"programme": tutors(), "year": day.year} | values
    if run := fields.get("run"):
        fields["year"] = run.year  # type: ignore[attr-defined]
    return Session.objects.create(
        title=title,
        bureau=host.bureau,
        district=host.city,
        held_on=day,
        starts_at=times[0],
        ends_at=times[1],
        **fields,
    )


def known_people(run: ClassRun, dice: random.Random) -> list[Enrolment]:
    """Forty tutors of earlier runs, each once."""
    earlier = Enrolment.objects.filter(run__programme=run.programme).exclude(run=run)
    by_learner = {enrolment.learner_id: enrolment for enrolment in earlier.order_by("pk")}
    return dice.sample(list(by_learner.values()), 40)


def enrol(run: ClassRun, people: list[Enrolment], state: str, **values: object) -> None:
    """Puts known people into `run`, one after the other."""
    for earlier in people:
        Enrolment.objects.create(
            run=run,
            learner=earlier.learner,
            name=earlier.name,
            employer=earlier.employer,
            district=earlier.district,
            state=state,
            **values,
        )


def hold_yesterday(run: ClassRun, dice: random.Random) -> None:
    """The first session was registered with a few exceptions, and evaluated."""
    session = run.sessions.order_by("held_on")[0]
    state = Attendance.State
    exceptions = {0: state.ABSENT, 7: state.LATE, 15: state.LEAVE, 22: state.ABSENT}
    presences = [
        Presence(pk, exceptions.get(number, state.PRESENT), minutes=120 if number == 7 else None)
        for number, pk in enumerate(run.enrolments.order_by("pk").values_list("pk", flat=True))
    ]
    at = timezone.make_aware(datetime.datetime.combine(session.held_on, datetime.time(12, 5)))
    register(session, presences, user=User.objects.get(username=TRAINER), at=at)
    Evaluation.objects.bulk_create(
        Evaluation(
            session=session,
            content=dice.randint(3, 5),
            teaching=dice.randint(4, 5),
            arrangement=dice.randint(3, 5),
            words=WORDS[number % len(WORDS)],
            made_on=session.held_on,
        )
        for number in range(12)
    )


def make_lectures(host: Host) -> None:
    """An open lecture this afternoon, and one of three days ago that nobody registered yet."""
    seniors = Programme.objects.get(name="智慧助老行动")
    for title, day in (("智能手机防诈骗讲座", host.today), ("手机挂号与缴费讲座", host.today - 3 * DAY)):
        lecture = add_session(host, title, day, AFTERNOON, programme=seniors, place="雨湖区社区礼堂")
        lecture.trainers.add(host.trainer)


def ask_for_correction(user: User) -> None:
    """The learner was marked absent yesterday, and says otherwise."""
    learners = AccountLink.objects.filter(user=user).values("learner")
    absent = Attendance.objects.filter(enrolment__learner__in=learners, state=Attendance.State.ABSENT)
    for attendance in absent.select_related("enrolment", "session"):
        Appeal.objects.create(
            enrolment=attendance.enrolment,
            session=attendance.session,
            kind=Appeal.Kind.APPEAL,
            words="当天到了，签在了第二页。",
            asked_by=user,
        )
