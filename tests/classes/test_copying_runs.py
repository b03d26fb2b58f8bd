"""Copying runs: one on a given day, or a year's runs into the next year."""

import datetime
import uuid

import pytest
from django.urls import reverse

from bureaus.models import YearClose
from courses.models import ClassRun, Session, Trainer
from courses.scheduling.copying import a_year_later, in_a_later_year

MONDAY = datetime.date(2025, 3, 3)


@pytest.fixture
def old(classes, teacher) -> ClassRun:
    """A run of 2025, from Monday to Friday, with two sessions of a series and one that was cancelled."""
    run = classes.run(
        "2025年第一期",
        number="2025-01",
        starts_on=MONDAY,
        ends_on=datetime.date(2025, 3, 7),
        enrol_until=datetime.date(2025, 2, 28),
        year=2025,
        place="市农校",
        seats=40,
        notice="请自带笔记本电脑。",
        state=ClassRun.State.FINISHED,
    )
    series = uuid.uuid4()
    for day in (3, 5):
        session = classes.session(
            run,
            f"课{day}",
            held_on=datetime.date(2025, 3, day),
            series=series,
            part="practice",
            state=Session.State.HELD,
            registered_at=datetime.datetime(2025, 3, day, 12, tzinfo=datetime.UTC),
        )
        session.trainers.add(teacher)
    classes.session(run, "没办成", held_on=datetime.date(2025, 3, 6), state=Session.State.CANCELLED)
    classes.enrol(run, "王小明", state="completed")
    return run


def copy_of(login, user, run, **changes):
    data = {"name": "2026年第一期", "number": "2026-01", "starts_on": "2026-03-02"} | changes
    return login(user).post(reverse("courses:run-copy", args=[run.pk]), data)


def test_everything_moves_by_the_same_days_and_nobody_is_in_it(login, officer, old, teacher):
    copy_of(login, officer, old)
    run = ClassRun.objects.get(copied_from=old)
    assert (run.starts_on, run.ends_on) == (datetime.date(2026, 3, 2), datetime.date(2026, 3, 6))
    assert run.enrol_until == datetime.date(2026, 2, 27)
    assert (run.year, run.state, run.seats, run.notice) == (2026, "planned", 40, "请自带笔记本电脑。")
    first, second = run.sessions.all()
    assert (first.title, first.held_on, second.held_on) == ("课3", run.starts_on, datetime.date(2026, 3, 4))
    assert (first.state, first.registered_at, first.part, first.year) == ("planned", None, "practice", 2026)
    assert list(first.trainers.all()) == [teacher]
    assert first.series == second.series != old.sessions.first().series
    assert run.enrolments.count() == 0


def test_the_form_proposes_a_year_later_on_the_same_day_of_the_week(login, officer, old, text):
    page = text(login(officer).get(reverse("courses:run-copy", args=[old.pk])))
    assert 'value="2026-03-02"' in page
    assert 'value="2026年第一期"' in page
    assert "星期一" in page


def test_a_trainer_who_stopped_is_not_taken_along(login, officer, old):
    Trainer.objects.update(active=False)
    copy_of(login, officer, old)
    assert not Trainer.objects.filter(sessions__run__copied_from=old).exists()


def test_the_same_name_in_the_same_year_is_told(login, officer, old):
    response = copy_of(login, officer, old, name=old.name, starts_on="2025-09-01")
    assert response.status_code == 422
    assert "已有同名的班次" in response.content.decode()


@pytest.mark.parametrize(
    ("name", "later"),
    [
        ("2025年第一期", "2026年第一期"),
        ("第5期", "第5期"),
        ("2025-2026学年", "2026-2027学年"),
        ("编号20251", "编号20251"),
    ],
)
def test_a_year_in_a_name_moves_on(name, later):
    assert in_a_later_year(name, 1) == later


@pytest.mark.parametrize(("first", "last"), [((2025, 1, 1), (2025, 1, 3)), ((2024, 12, 30), (2025, 1, 1))])
def test_a_copy_counts_in_the_next_year_even_at_new_year(classes, first, last):
    days = datetime.date(*first), datetime.date(*last)
    run = classes.run("元旦班", starts_on=days[0], ends_on=days[1], year=2025)
    outline = a_year_later(run)
    assert outline.year == 2026
    assert outline.starts_on.weekday() == days[0].weekday()


# --- A year's runs ---------------------------------------------------------------------------------


def copy_year(login, user, *runs, year=2025):
    address = f"{reverse('courses:runs-copy')}?year={year}"
    return login(user).post(address, {"runs": [run.pk for run in runs]}, follow=True)


def test_the_page_shows_what_will_be_made(login, officer, old, text):
    page = text(login(officer).get(reverse("courses:runs-copy"), {"year": 2025}))
    assert "2026年第一期" in page
    assert "2026-03-02" in page


def test_ticked_runs_are_copied_and_those_that_exist_are_skipped(login, officer, old, classes):
    second = classes.run("2025年第二期", year=2025, starts_on=MONDAY, ends_on=MONDAY)
    copy_year(login, officer, old)
    page = copy_year(login, officer, old, second).content.decode()
    assert "已复制 1 期；另有 1 期已经有了" in page
    assert ClassRun.objects.filter(year=2026).count() == 2


def test_what_exists_cannot_be_ticked(login, officer, old, text):
    copy_year(login, officer, old)
    page = text(login(officer).get(reverse("courses:runs-copy"), {"year": 2025}))
    assert "已经有了" in page
    assert f'value="{old.pk}"' not in page


def test_all_or_nothing(login, coordinator, old, classes, other_bureau):
    """Of two bureaus one has closed the next year: the other's run is not copied either."""
    theirs = classes.run("别家的班", year=2025, starts_on=MONDAY, ends_on=MONDAY, bureau=other_bureau)
    closed = max(old, theirs, key=lambda run: run.bureau_id).bureau
    YearClose.objects.create(bureau=closed, year=2026)
    response = copy_year(login, coordinator, old, theirs)
    assert response.status_code == 422
    assert f"{closed} 2026 年度已封账" in response.content.decode()
    assert not ClassRun.objects.exclude(copied_from=None).exists()


def test_nothing_ticked_is_told(login, officer, old):
    response = copy_year(login, officer)
    assert response.status_code == 422
    assert "请勾选要复制的班次" in response.content.decode()


def test_another_bureaus_runs_are_neither_shown_nor_copied(login, outsider, old, text):
    assert old.name not in text(login(outsider).get(reverse("courses:runs-copy"), {"year": 2025}))
    assert copy_year(login, outsider, old).status_code == 422
    assert not ClassRun.objects.filter(copied_from=old).exists()


def test_many_runs_take_no_more_queries(login, officer, old, classes, django_assert_max_num_queries):
    client, address = login(officer), f"{reverse('courses:runs-copy')}?year=2025"
    for number in range(12):
        classes.run(f"2025年加开{number}", year=2025, starts_on=MONDAY, ends_on=MONDAY)
    with django_assert_max_num_queries(20):
        assert client.get(address).status_code == 200
