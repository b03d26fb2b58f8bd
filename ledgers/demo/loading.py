"""Loads the made-up year: accounts, county bureaus, ledgers through the importer, classes around today."""

from __future__ import annotations

import datetime
import hashlib
import random
from decimal import Decimal

from django.db import transaction

from bureaus.models import Bureau, District, Membership, User
from courses.models import Allocation, ClassRun, Enrolment, Plan, Programme, Quota
from learners.models import AccountLink
from ledgers.demo.books import Book, Class, cadres, farmers, lectures, teachers, workers
from ledgers.demo.certificates import make_certificates
from ledgers.demo.classes import ask_for_correction, make_classes
from ledgers.importing.applying import apply
from ledgers.importing.jobs import order_for, rule_for
from ledgers.importing.outcomes import Terms
from ledgers.models import LedgerImport
from ledgers.reading.apart import reading

PASSWORD = "peixun-2025"  # noqa: S105 (printed at the start; refused where DEBUG is false)
SEED = 430300
Role, Reach = Membership.Role, Membership.Reach
# User name, name, bureau, role, reach.
ACCOUNTS = (
    ("tongchou", "陈统筹", "市科协", Role.COORDINATOR, Reach.OWN),
    ("guanli", "周管理", "市农业农村局", Role.ADMINISTRATOR, Reach.BELOW),
    ("jingban", "李经办", "市人力资源社会保障局", Role.OFFICER, Reach.OWN),
    ("xianji", "彭县级", "湘潭县农业农村局", Role.OFFICER, Reach.OWN),
    ("shenhe", "吴审核", "市卫生健康委", Role.REVIEWER, Reach.OWN),
    ("shenji", "郑审计", "市科协", Role.AUDITOR, Reach.OWN),
    ("jiaoshi", "罗老师", "市科协", Role.TRAINER, Reach.OWN),
    ("jishu", "何技术", "市大数据和产业创新发展中心", Role.TECHNICIAN, Reach.OWN),
)
LEARNER = ("xueyuan", "学员本人")
COUNTIES = (("湘潭县农业农村局", "湘潭县"), ("湘乡市农业农村局", "湘乡市"), ("韶山市农业农村局", "韶山市"))
DISTRICTS = ("雨湖区", "岳塘区", "湘潭县", "湘乡市", "韶山市", "湘潭高新区", "湘潭经开区")


@transaction.atomic
def load_demo(*, today: datetime.date) -> bool:
    """Loads everything once; False where it is there already. Needs the plan."""
    if User.objects.filter(username=ACCOUNTS[0][0]).exists():
        return False
    dice = random.Random(SEED)  # noqa: S311 (the same data at every start)
    plan = Plan.objects.order_by("-last_year")[0]
    make_bureaus()
    make_accounts()
    year = min(today.year, plan.last_year)
    make_quotas(plan, year)
    for book in books(year, dice):
        bring_in(book)
    make_classes(today, dice)
    make_certificates(today)
    ask_for_correction(link_learner())
    return True


def make_bureaus() -> None:
    parent = Bureau.objects.get(name="市农业农村局")
    for name, district in COUNTIES:
        place = District.objects.get(name=district)
        Bureau.objects.create(name=name, parent=parent, district=place, order=100)


def make_accounts() -> None:
    for username, name, bureau, role, reach in ACCOUNTS:
        staff = role == Role.TECHNICIAN
        user = User.objects.create_user(
            username, password=PASSWORD, name=name, is_staff=staff, is_superuser=staff
        )
        Membership.objects.create(user=user, bureau=Bureau.objects.get(name=bureau), role=role, reach=reach)
    User.objects.create_user(LEARNER[0], password=PASSWORD, name=LEARNER[1], phone="+8613900000000")


def make_quotas(plan: Plan, year: int) -> None:
    """A bureau's own 任务分解 for one year, beside what the plan says."""
    for programme, value, unit, shares in (
        ("乡村致富带头人培训计划", 270, "人", (("湘潭县", 90), ("湘乡市", 90), ("韶山市", 90))),
        ("职业技能提升行动", 240, "人次", ()),
    ):
        quota = Quota.objects.create(
            plan=plan, value=Decimal(value), unit=unit, words=f"{year}年任务分解：{value}{unit}", order=50
        )
        quota.programmes.set([Programme.objects.get(plan=plan, name=programme)])
        quota.periods.exclude(starts_on__year=year).delete()
        for district, share in shares:
            place = District.objects.get(name=district)
            Allocation.objects.create(period=quota.periods.get(), district=place, value=Decimal(share))


def books(year: int, dice: random.Random) -> list[Book]:
    def day(month: int, day: int) -> datetime.date:
        return datetime.date(year, month, day)

    tutors = [
        Class(f"第{number}期科技辅导员培训班", day(month, 11), 3, size, 24)
        for number, month, size in ((1, 3, 58), (2, 5, 55), (3, 9, 61), (4, 11, 45))
    ]
    counties = {
        county: [
            Class(f"{year}年{county}致富带头人第{number}期", day(4 + 3 * number, 8), 6, size, 48)
            for number, size in ((1, 42), (2, 38))
        ]
        for _bureau, county in COUNTIES
    }
    trades = [
        Class("电工 四级/中级工", day(4, 8), 20, 46, 120),
        Class("焊工 五级/初级工", day(6, 3), 15, 40, 96),
        Class("数控车工 三级/高级工", day(8, 5), 20, 44, 144),
    ]
    leading = [
        Class("领导干部科学素质能力提升班", day(3, 11), 5, 42, 40),
        Class("科技创新专题培训班", day(6, 17), 3, 38, 24),
        Class("“莲城大课堂”科学素质专题讲座", day(9, 10), 1, 40, 4),
    ]
    return [
        teachers(year, tutors, DISTRICTS, dice),
        farmers(year, counties, dice),
        workers(year, trades, dice),
        cadres(year, leading, dice),
        lectures(year, day(12, 20), dice),
    ]


def bring_in(book: Book) -> None:
    """Imports a ledger as the bureau's officer would, faulty rows left out."""
    programme = Programme.objects.get(name=book.programme)
    bureau = Bureau.objects.get(name=book.bureau)
    terms = Terms(programme, book.year, bureau, rule_for(programme, book.year))
    batch = LedgerImport(
        bureau=bureau,
        programme=programme,
        year=book.year,
        file_name=book.name,
        file_size=len(book.content),
        file_digest=hashlib.sha256(book.content).hexdigest(),
        state=LedgerImport.State.APPLYING,
    )
    batch.save(force_insert=True)
    with reading(book.content, order_for(terms, shows_all=False)) as found:
        apply(batch, found, terms, user=None)


def link_learner() -> User:
    """The learner's account looks after the first tutor of the class under way."""
    user = User.objects.get(username=LEARNER[0])
    first = Enrolment.objects.filter(run__state=ClassRun.State.RUNNING).order_by("pk")[0]
    user.name = first.name
    user.save(update_fields=["name"])
    AccountLink.objects.create(user=user, learner=first.learner, relation=AccountLink.Relation.SELF)
    return user
