"""A learners' ledger with whole numbers that goes out comes in again as nothing new and nothing changed."""

import datetime
from contextlib import contextmanager
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bureaus.models import Bureau, District
from certificates.models import Certificate, Issuer, number_key
from courses.models import ClassRun, Enrolment, HourRule, Programme
from learners import id_numbers, names
from learners.models import Holder, Identity, Learner
from ledgers.figures import Selection
from ledgers.importing.jobs import order_for
from ledgers.importing.matching import Comparison
from ledgers.importing.outcomes import Tally, Terms
from ledgers.outgoing.exporting import Outgoing, export_learners
from ledgers.reading import read_ledger
from ledgers.reading.apart import judged
from peixun.lib.tables import Form

YEAR = 2024
RARE = "䶮𬱖𠮷㐂镕喆〇"
HAN = st.text(alphabet=RARE + "王李张陈建国秀英明丽买买提阿迪力江艾合", min_size=1, max_size=4)
NAMES = st.one_of(
    HAN,
    st.builds("·".join, st.lists(HAN, min_size=2, max_size=5)),
    st.sampled_from(["Anne-Marie O'Neil", "Łukasz Żółć", "欧阳" * 14]),
)
# Not all white space: what a page stores of a text has something in it.
WORDS = st.text(
    alphabet=st.sampled_from(list("市实验小学分校部,，、;；\n\t \"“”'=+-@0123456789·()（）" + RARE)),
    max_size=40,
).map(lambda text: " ".join(text.split()) and text.strip())
NOTES = WORDS | st.just("甲、乙、丙、" * 60) | st.just("第一行\n第二行")
HOURS = st.decimals(min_value=0, max_value=200, places=2) | st.none()
PAPERS = st.one_of(
    st.integers(0, 10**9).map(lambda seed: (Identity.Kind.ID_NUMBER, resident(seed))),
    st.from_regex(r"[EG]0[0-9]{7}", fullmatch=True).map(lambda n: (Identity.Kind.PASSPORT, n)),
    st.from_regex(r"0[0-9]{7}", fullmatch=True).map(lambda n: ("permit", n)),
    st.from_regex(r"8[123]0000199[0-9]010100[0-9]{2}", fullmatch=True).map(lambda n: ("permit", n)),
    st.none(),
)
# What a cell cannot say: of these words a ledger makes nothing, or a line of sums.
NOTHING = ("无", "暂无", "没有", "/", "\\", "-", "--", "—", "——", "－", "_", "不详", "空")


def resident(seed: int) -> str:
    """An ID number of nobody: the prefix 439999 is no place."""
    day = datetime.date(1950, 1, 1) + datetime.timedelta(days=seed % 20_000)
    body = f"439999{day:%Y%m%d}{seed % 1000:03}"
    return body + id_numbers.check_digit(body)


def written(text: str) -> str:
    return "" if " ".join(text.split()) in NOTHING else text


PERSON = st.fixed_dictionaries(
    {
        "name": NAMES.map(names.normalise),
        "paper": PAPERS,
        "employer": WORDS.map(written),
        "position": WORDS.map(written),
        "level": WORDS.map(written),
        "phone": st.sampled_from(["", "13800000001", "0731-52345678", "8005678901"]),
        "kinds": st.fixed_dictionaries(
            dict.fromkeys(("theory", "practice", "online", "offline", "general"), HOURS)
        ),
        "assessment": st.sampled_from(
            [("", ""), ("passed", "合格"), ("failed", "不合格"), ("passed", "85.5"), ("passed", "")]
        ),
        "state": st.sampled_from(["attending", "completed", "not_completed"]),
        "particulars": st.fixed_dictionaries(
            {}, optional={"note": NOTES, "title": WORDS, "organiser": WORDS, "certificate_issuer": WORDS}
        ).map(lambda found: {key: written(text) for key, text in found.items() if written(text)}),
        "certificate": st.sampled_from([None, "own", "other"]),
        "runs": st.sets(st.integers(0, 2), min_size=1),
        "district": st.integers(0, 3),
    }
)


@pytest.fixture
def ground(plan):
    """A programme, its bureau and three runs of the year."""
    bureau = Bureau.objects.get(name="市科协")
    programme = Programme.objects.get(name="培训科技辅导员")
    first, last = datetime.date(YEAR, 3, 1), datetime.date(YEAR, 3, 5)
    days = [(None, None), (first, None), (first, last)]
    for at, (first, last) in enumerate(days):
        ClassRun.objects.create(
            programme=programme,
            name=["=第1期", "0012", "骨干班（二期）"][at],
            bureau=bureau,
            district=plan.city,
            year=YEAR,
            starts_on=first,
            ends_on=last,
            state="finished",
        )
    return programme, bureau


def store(people, *, programme, bureau):
    """What generated people are in the database; a person comes once, and once into a run."""
    runs, districts = list(ClassRun.objects.order_by("pk")), list(District.objects.all())
    issuers = {
        "own": Issuer.objects.get_or_create(name=bureau.name, defaults={"bureau": bureau})[0],
        "other": Issuer.objects.get_or_create(name="人社“鉴定”中心,一部")[0],
    }
    seen = set()
    for at, person in enumerate(people):
        paper = person["paper"]
        employer = person["employer"] if paper else person["employer"] or "无证单位"
        key = Identity.by_paper(*paper) if paper else Identity.by_employer(person["name"], clean(employer))
        if key in seen:
            continue
        seen.add(key)
        learner = Learner.objects.create(name=person["name"], gender="female")
        Identity.objects.create(learner=learner, **dict(zip(("kind", "value", "digest"), key, strict=True)))
        Holder.objects.create(learner=learner, bureau=bureau, phone=person["phone"])
        for number in sorted(person["runs"]):
            enrol(
                runs[number],
                learner,
                person,
                employer=employer,
                district=districts[person["district"]],
                issuer=issuers.get(person["certificate"]),
                mark=f"{at}-{number}",
            )


def clean(text):
    return " ".join(text.split())


def enrol(run, learner, person, *, employer, district, issuer, mark):
    kinds, (assessment, said) = person["kinds"], person["assessment"]
    enrolment = Enrolment.objects.create(
        run=run,
        learner=learner,
        name=person["name"],
        employer=employer,
        position=person["position"],
        level=person["level"],
        district=district,
        state=person["state"],
        assessment=assessment,
        assessment_words=said,
        hours=sum((hours for hours in kinds.values() if hours is not None), Decimal(0)),
        particulars=person["particulars"],
        **{f"hours_{kind}": hours for kind, hours in kinds.items()},
    )
    if issuer:
        number = f"0012〔{YEAR}〕“{mark}”号"
        Certificate.objects.create(
            issuer=issuer,
            number=number,
            number_key=number_key(number),
            title="合格证书",
            learner=learner,
            enrolment=enrolment,
            name=person["name"],
            issued_on=datetime.date(YEAR, 3, 6),
            year=YEAR,
        )


def comes_back(user, *, programme, bureau, form):
    """Exports, reads and compares; gives the counts and what differs."""
    file = BytesIO()
    chosen = Selection(YEAR, bureau=bureau)
    export_learners(Outgoing(chosen, user, form, timezone.now(), reason="核对"), file)
    rule = HourRule.objects.filter(programme=None).first() or HourRule.objects.create()
    terms = Terms(programme=programme, year=YEAR, bureau=bureau, rule=rule)
    outcomes, tally = compared(file.getvalue(), terms), Tally()
    tally.add(outcomes)
    odd = [(o.state, o.message, o.changes, o.row.number) for o in outcomes if o.state != "same"]
    return tally.figures(), odd


def compared(content, terms):
    """What each row would do, judged in this process: it is asked for hundreds of times."""
    ledger = read_ledger(content, size_limit=10**8)
    rows = judged(ledger, order_for(terms, shows_all=True).rules)
    return Comparison(ledger.tables, terms, timezone.localdate()).feed(rows)


@contextmanager
def undone():
    """Takes back what is written inside it, whatever happens."""
    mark = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(mark)


@pytest.mark.parametrize("form", Form)
def test_what_went_out_comes_in_as_nothing_new_and_nothing_changed(form, ground, coordinator):
    programme, bureau = ground

    @settings(
        max_examples=25,
        phases=[Phase.generate],
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(people=st.lists(PERSON, min_size=1, max_size=8))
    def holds(people):
        with undone():
            store(people, programme=programme, bureau=bureau)
            figures, odd = comes_back(coordinator, programme=programme, bureau=bureau, form=form)
            assert not odd, odd[:2]
            assert figures["same"] == figures["read"] == Enrolment.objects.count()

    holds()


def test_a_page_with_a_new_person_is_not_the_same(ground, coordinator):
    """The control: what differs is told."""
    programme, bureau = ground
    person = {
        "name": "王小明",
        "paper": (Identity.Kind.PASSPORT, "E01234567"),
        "employer": "甲校",
        "position": "",
        "level": "",
        "phone": "",
        "kinds": {"general": Decimal(8)} | dict.fromkeys(("theory", "practice", "online", "offline")),
        "assessment": ("passed", "合格"),
        "state": "completed",
        "particulars": {},
        "certificate": None,
        "runs": {2},
        "district": 0,
    }
    store([person], programme=programme, bureau=bureau)
    file = BytesIO()
    export_learners(
        Outgoing(Selection(YEAR, bureau=bureau), coordinator, Form.XLSX, timezone.now(), reason="核对"), file
    )
    Enrolment.objects.update(hours=4, hours_general=4)
    rule = HourRule.objects.filter(programme=None).first() or HourRule.objects.create()
    terms = Terms(programme=programme, year=YEAR, bureau=bureau, rule=rule)
    [outcome] = compared(file.getvalue(), terms)
    assert outcome.state == "changed"
    assert set(outcome.changes) == {"hours", "hours_general"}
    Identity.objects.all().delete()
    [outcome] = compared(file.getvalue(), terms)
    assert outcome.state == "new"
