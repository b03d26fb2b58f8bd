"""What trainers taught in a year, on the page and as a workbook."""

import datetime
from decimal import Decimal
from io import BytesIO
from urllib.parse import unquote

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from bureaus.models import Bureau
from courses.models import Attendance, Evaluation, HourRule, Session, Trainer
from courses.workload import loads_of

DAY = datetime.date(2024, 5, 20)
PAGE = "/workload/?year=2024"


@pytest.fixture
def lessons(classes, run, teacher, enrolments):
    """Two mornings of 4 hours each for two of the three, and a lecture for 80 heads, in 2024."""
    held = {"state": Session.State.HELD}
    first = classes.session(run, "水稻栽培", held_on=DAY, **held)
    second = classes.session(run, "病虫防治", held_on=DAY + datetime.timedelta(days=1), **held)
    lecture = classes.session(None, "智能手机讲座", held_on=DAY, headcount=80, **held)
    for session in (first, second, lecture):
        session.trainers.add(teacher)
    for session in (first, second):
        for enrolment, state in zip(enrolments, ("present", "late", "absent"), strict=True):
            Attendance.objects.create(session=session, enrolment=enrolment, state=state)
    return [first, second, lecture]


@pytest.fixture
def load(trainer, teacher, lessons):
    """What 罗老师 taught in 2024, as one sees oneself."""
    return lambda: loads_of(trainer, Trainer.objects.filter(pk=teacher.pk), year=2024)[0]


def test_a_trainer_has_sessions_hours_minutes_and_person_times(load):
    sums = load().sums
    assert (sums.sessions, sums.hours, sums.minutes, sums.person_times) == (3, Decimal(12), 540, 84)
    assert sums.clock_hours == 9


def test_the_groups_are_told_apart(load):
    assert [(name, sums.sessions, sums.person_times) for name, sums in load().groups] == [
        ("农民", 2, 4),
        ("老年人", 1, 80),
    ]


@pytest.mark.parametrize("state", ["planned", "cancelled"])
def test_only_what_was_held_counts(load, lessons, state):
    Session.objects.filter(pk=lessons[2].pk).update(state=state)
    assert load().sums.sessions == 2


def test_the_year_is_that_of_the_day(load, lessons):
    Session.objects.filter(pk=lessons[2].pk).update(held_on=datetime.date(2023, 12, 31))
    assert load().sums.sessions == 2


def test_the_rule_that_the_learners_hours_were_granted_by_counts(load, lessons):
    old = HourRule.objects.create(
        minutes_per_hour=60, valid_from=datetime.date(2019, 1, 1), valid_to=datetime.date(2019, 12, 31)
    )
    Attendance.objects.filter(session=lessons[0]).update(hour_rule=old)
    assert [lesson.hours for lesson in load().lessons] == [Decimal(3), Decimal(4), Decimal(4)]


def test_the_evaluations_are_summed_up_where_there_are_enough(load, lessons):
    for score in (5, 5, 4, 4, 5):
        Evaluation.objects.create(
            session=lessons[0], content=score, teaching=score, arrangement=score, made_on=DAY
        )
    first, *others = load().lessons
    assert first.scores.overall == pytest.approx(4.6)
    assert [lesson.scores.overall for lesson in others] == [None, None]


def test_who_teaches_together_has_it_each_and_the_total_counts_it_once(login, officer, lessons, bureau, text):
    lessons[2].trainers.add(Trainer.objects.create(name="陈老师", bureau=bureau))
    response = login(officer).get(PAGE)
    loads = {load.trainer.name: load.sums.sessions for load in response.context["page"].object_list}
    assert loads == {"罗老师": 3, "陈老师": 1}
    assert response.context["sums"].sessions == 3


# --- The pages


def test_a_trainer_comes_to_ones_own_sessions_at_once(login, trainer, lessons, text):
    page = text(login(trainer).get(PAGE))
    for words in ("水稻栽培", "病虫防治", "智能手机讲座", "钟点 9 小时"):
        assert words in page


def test_an_officer_sees_the_trainers_and_opens_one(login, officer, lessons, teacher, text):
    client = login(officer)
    address = f"/workload/{teacher.pk}/?year=2024"
    assert address in text(client.get(PAGE))
    assert "病虫防治" in text(client.get(address))


def test_a_trainer_without_a_record_is_told_what_to_do(login, trainer, text):
    assert "还没有授课教师" in text(login(trainer).get(PAGE))


def test_another_year_is_one_pill_away(login, trainer, lessons, text):
    page = text(login(trainer).get("/workload/"))
    assert "这一年还没有上过课" in page
    assert "?year=2024" in page


@pytest.mark.parametrize("query", ["year=x", "year=99999999999", "year=1900", "sort=nonsense", "page=9"])
def test_an_address_that_cannot_be_read_shows_this_year(login, officer, lessons, text, query):
    assert "授课工作量" in text(login(officer).get(f"/workload/?{query}"))


def test_the_table_is_sorted_and_searched(login, officer, lessons, bureau):
    Trainer.objects.create(name="陈老师", bureau=bureau, title="园艺")
    client = login(officer)
    order = [load.trainer.name for load in client.get(f"{PAGE}&sort=-hours").context["page"].object_list]
    assert order == ["罗老师", "陈老师"]
    found = client.post(PAGE, {"q": "园艺"}, follow=True).context["page"].object_list
    assert [load.trainer.name for load in found] == ["陈老师"]


def test_who_left_without_having_taught_is_not_listed(login, officer, lessons, bureau):
    Trainer.objects.create(name="陈老师", bureau=bureau, active=False)
    found = login(officer).get(PAGE).context["page"].object_list
    assert [load.trainer.name for load in found] == ["罗老师"]


def test_the_number_of_queries_does_not_grow_with_the_trainers(
    login, officer, lessons, bureau, classes, django_assert_max_num_queries
):
    for number in range(20):
        other = classes.session(None, f"讲座{number}", held_on=DAY, state=Session.State.HELD)
        other.trainers.add(Trainer.objects.create(name=f"教师{number}", bureau=bureau))
    client = login(officer)
    with django_assert_max_num_queries(24):
        assert client.get(PAGE).status_code == 200


def test_a_trainer_of_another_bureau_is_not_there(login, officer, outsider, lessons, teacher):
    assert login(outsider).get(f"/workload/{teacher.pk}/").status_code == 404
    assert login(outsider).get(f"/workload/file/?trainer={teacher.pk}").status_code == 404
    stranger = Trainer.objects.create(name="外人", bureau=Bureau.objects.get(name="市人力资源社会保障局"))
    assert login(officer).get(f"/workload/{stranger.pk}/").status_code == 404


# --- The workbook


def sheets(response):
    return load_workbook(BytesIO(response.content))


def test_the_year_is_given_as_a_workbook_with_a_chinese_name(login, officer, lessons):
    response = login(officer).get("/workload/file/?year=2024")
    assert unquote(response["Content-Disposition"]).endswith("2024年度授课工作量.xlsx")
    assert sheets(response).sheetnames == ["教师汇总", "课次明细"]


def test_numbers_are_numbers_days_are_days_and_text_is_text(login, officer, lessons, teacher):
    Trainer.objects.filter(pk=teacher.pk).update(title="=1+1")
    book = sheets(login(officer).get("/workload/file/?year=2024"))
    row = [cell.value for cell in book["教师汇总"][4]]
    assert row == [1, "罗老师", "市农业农村局", "=1+1", "农民、老年人", 3, 12, 540, 84, 0, "—"]
    assert book["教师汇总"]["D4"].data_type == "s"
    detail = [cell.value for cell in book["课次明细"][4]]
    assert detail[1:4] == ["罗老师", datetime.datetime(2024, 5, 20), "水稻栽培"]


def test_the_total_counts_a_session_once(login, officer, lessons, bureau):
    lessons[2].trainers.add(Trainer.objects.create(name="陈老师", bureau=bureau))
    sheet = sheets(login(officer).get("/workload/file/?year=2024"))["教师汇总"]
    total = next(row for row in sheet.iter_rows(values_only=True) if row[0] == "合计")
    assert total[5:9] == (3, 12, 540, 84)


def test_the_sheets_repeat_their_header_and_have_a_line_to_sign(login, trainer, lessons):
    sheet = sheets(login(trainer).get("/workload/file/?year=2024"))["教师汇总"]
    assert sheet.print_title_rows == "$1:$3"
    texts = [str(row[0]) for row in sheet.iter_rows(values_only=True)]
    assert texts[0] == "2024年度授课工作量·教师汇总"
    assert texts[1] == "填报单位：市农业农村局"
    assert "单位负责人：" in texts[-1]


def test_a_trainer_gets_only_ones_own(login, trainer, lessons, bureau, classes):
    other = classes.session(None, "别人的讲座", held_on=DAY, state=Session.State.HELD)
    other.trainers.add(Trainer.objects.create(name="陈老师", bureau=bureau))
    sheet = sheets(login(trainer).get("/workload/file/?year=2024"))["课次明细"]
    assert "别人的讲座" not in [row[3] for row in sheet.iter_rows(values_only=True)]


@pytest.mark.parametrize("name", ["workload", "workload-file"])
def test_the_pages_are_for_who_reads_classes(login, auditor, learner_user, name):
    for user in (auditor, learner_user):
        assert login(user).get(reverse(f"courses:{name}")).status_code == 403
