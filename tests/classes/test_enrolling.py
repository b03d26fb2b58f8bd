"""An officer brings people into a run, with a preview, and decides on those who applied."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from bureaus.models import AuditEvent, YearClose
from courses.models import ClassRun, Enrolment, RepeatLimit
from learners.models import Holder, Identity, Learner, Standing

State = Enrolment.State
DAY = datetime.timedelta(days=1)
NUMBER = "439999198506122829"


@pytest.fixture
def target(classes):
    """Enrolling is open; two seats, nobody in it."""
    return classes.run("秋季班", state=ClassRun.State.OPEN, seats=2, starts_on=None, ends_on=None)


@pytest.fixture
def known(run):
    """The three of `run`, by name: the officer's bureau knows them."""
    return dict(run.enrolments.values_list("name", "learner"))


@pytest.fixture
def client(login, officer):
    return login(officer)


def at(name, run):
    return reverse(f"courses:{name}", args=[run.pk])


def by_name(run):
    return dict(run.enrolments.values_list("name", "state"))


def words(response):
    return response.content.decode()


def test_people_are_searched_for_by_what_ones_bureau_wrote(client, target, known, classes, other_bureau):
    elsewhere = classes.run("外单位的班", bureau=other_bureau)
    classes.enrol(elsewhere, "王外人")
    response = client.post(at("enrol", target), {"q": "王"}, follow=True)
    assert "王小明" in words(response)
    assert "王外人" not in words(response)
    assert "王小明" not in response.request["QUERY_STRING"]


def test_those_of_a_group_are_offered(client, target, known, classes):
    group = classes.programme.group
    Standing.objects.create(learner_id=known["李秀英"], group=group)
    Standing.objects.create(learner_id=known["张建国"], group=group, valid_to="2020-12-31")
    page = words(client.get(at("enrol", target), {"from": "group", "group": group.pk}))
    assert "李秀英" in page
    assert "张建国" not in page


def test_those_of_an_earlier_run_are_offered(client, target, run):
    page = words(client.get(at("enrol", target), {"from": "run", "run": run.pk}))
    assert page.count('name="learners"') == 3


def test_a_run_that_one_does_not_see_is_no_source(client, target, classes, other_bureau):
    elsewhere = classes.run("外单位的班", bureau=other_bureau)
    classes.enrol(elsewhere, "王外人")
    page = words(client.get(at("enrol", target), {"from": "run", "run": elsewhere.pk}))
    assert "王外人" not in page
    assert "外单位的班" not in page


def test_a_preview_writes_nothing_and_says_what_would_be(client, target, known):
    page = words(client.post(at("enrol-people", target), {"learners": list(known.values())}))
    assert "候补第 1 位" in page
    assert "加入 3 人" in page
    assert not target.enrolments.exists()


def test_after_confirming_they_are_in(client, target, known):
    values = {"learners": list(known.values()), "lines": "", "confirm": "1"}
    response = client.post(at("enrol-people", target), values)
    assert response["Location"] == at("applications", target)
    assert sorted(by_name(target).values()) == [State.ADMITTED, State.ADMITTED, State.WAITING]
    assert set(target.enrolments.values_list("employer", flat=True)) == {"韶山村合作社"}


def test_who_is_in_already_and_who_repeats_are_named_in_the_preview(client, target, known, classes, run):
    RepeatLimit.objects.create(repeat="year", effect="warn")
    client.post(at("enrol-people", target), {"learners": [known["王小明"]], "lines": "", "confirm": "1"})
    page = words(client.post(at("enrol-people", target), {"learners": list(known.values())}))
    assert "已在这个班次里，现在是“已录取”。" in page
    assert page.count("参加过本项目的培训") == 2
    assert "加入 2 人" in page


def test_pasted_lines_find_known_people_and_make_new_ones(client, target, known):
    kind, value, digest = Identity.by_id_number(NUMBER)
    Identity.objects.create(learner_id=known["王小明"], kind=kind, value=value, digest=digest)
    lines = f"王小明 {NUMBER}\n新学员，韶山村，13800000000"
    client.post(at("enrol-people", target), {"lines": lines, "confirm": "1"})
    assert target.enrolments.get(name="王小明").learner_id == known["王小明"]
    new = Learner.objects.get(name="新学员")
    assert new.identities.get().kind == Identity.Kind.EMPLOYER_NAME
    assert Holder.objects.get(learner=new).phone == "13800000000"


def test_a_new_persons_birth_is_kept_as_a_year_only(client, target):
    client.post(at("enrol-people", target), {"lines": f"新学员 {NUMBER}", "confirm": "1"})
    new = Learner.objects.get(name="新学员")
    assert (new.birth, new.gender) == ("1985", "female")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (f"王小明 {NUMBER[:-1]}{(int(NUMBER[-1]) + 1) % 10}", "第 1 行：身份证号不对"),
        ("王小明 13800000000", "第 1 行：请写身份证号或单位"),
        ("13800000000 王小明", "第 1 行：先写姓名"),
        ("", "请先勾选学员，或粘贴名单"),
        ("\n".join(f"学员{chr(0x4E00 + n)} 韶山村" for n in range(201)), "一次最多粘贴 200 行"),
    ],
)
def test_a_line_that_cannot_be_read_is_said_and_nothing_is_lost(client, target, line, sentence):
    response = client.post(at("enrol-people", target), {"lines": line, "confirm": "1"})
    assert response.status_code == 422
    assert sentence in words(response)
    assert line[:20] in words(response)
    assert not target.enrolments.exists()


def test_the_same_person_twice_is_enrolled_once(client, target):
    client.post(at("enrol-people", target), {"lines": "李秀英 韶山村\n李秀英 韶山村", "confirm": "1"})
    assert target.enrolments.count() == 1


def test_back_from_the_preview_the_lines_are_still_there(client, target):
    response = client.post(at("enrol-people", target), {"lines": "李秀英 韶山村", "edit": "1"})
    assert "李秀英 韶山村</textarea>" in words(response)


def test_without_a_tick_one_is_asked_to_tick(client, target):
    response = client.post(at("enrol-people", target) + "?from=group", {}, follow=True)
    assert "请先勾选学员。" in words(response)
    assert response.request["QUERY_STRING"] == "from=group"


def test_somebody_elses_learner_cannot_be_ticked(client, target, classes, other_bureau):
    elsewhere = classes.run("外单位的班", bureau=other_bureau)
    foreign = classes.enrol(elsewhere, "王外人")[0]
    client.post(at("enrol-people", target), {"learners": [foreign.learner_id], "lines": "", "confirm": "1"})
    assert not target.enrolments.exists()


def test_a_closed_year_is_said_on_the_page(client, target, known):
    YearClose.objects.create(bureau=target.bureau, year=target.year)
    values = {"learners": [known["王小明"]], "lines": "", "confirm": "1"}
    response = client.post(at("enrol-people", target), values)
    assert response.status_code == 422
    assert "已封账" in words(response)


@pytest.fixture
def applied(classes, target):
    return classes.enrol(target, "甲一", "乙二", "丙三", state=State.APPLIED)


def test_the_list_shows_what_there_is_to_decide(client, target, applied):
    page = words(client.get(at("applications", target)))
    assert page.count('name="chosen"') == 3
    assert "录取勾选的人" in page


def test_those_ticked_are_admitted_until_the_seats_are_gone(client, target, applied):
    values = {"move": "admit", "chosen": [one.pk for one in applied]}
    response = client.post(at("decide", target), values, follow=True)
    assert "已录取 2 人，候补 1 人。" in words(response)
    assert by_name(target) == {"甲一": "admitted", "乙二": "admitted", "丙三": "waiting"}


def test_turning_down_needs_a_reason(client, target, applied):
    values = {"move": "reject", "chosen": [applied[0].pk], "reason": ""}
    response = client.post(at("decide", target) + "?state=applied", values)
    assert response.status_code == 422
    assert "请写明原因。" in words(response)
    assert f'value="{applied[0].pk}" checked' in words(response)
    client.post(at("decide", target), values | {"reason": "不符合条件"})
    applied[0].refresh_from_db()
    assert (applied[0].state, applied[0].reason) == (State.REJECTED, "不符合条件")


def test_withdrawing_moves_up_and_reinstating_queues(client, target, applied):
    chosen = [one.pk for one in applied]
    client.post(at("decide", target), {"move": "admit", "chosen": chosen})
    client.post(at("decide", target), {"move": "withdraw", "chosen": chosen[:1], "reason": "调离"})
    assert by_name(target) == {"甲一": "withdrawn", "乙二": "admitted", "丙三": "admitted"}
    response = client.post(at("decide", target), {"move": "reinstate", "chosen": chosen[:1]}, follow=True)
    assert "候补第 1 位" in words(client.get(at("applications", target), {"state": "waiting"}))
    assert "候补 1 人。" in words(response)


@pytest.mark.parametrize(
    "values",
    [{"move": "admit"}, {"move": "admit", "chosen": "999999"}, {"move": "promote", "chosen": "1"}, {}],
)
def test_what_makes_no_sense_is_said(client, target, applied, values):
    assert client.post(at("decide", target), values).status_code == 422
    assert set(by_name(target).values()) == {State.APPLIED}


def test_a_move_that_is_not_possible_is_said(client, target, applied):
    response = client.post(at("decide", target), {"move": "reinstate", "chosen": [applied[0].pk]})
    assert response.status_code == 422
    assert "只有未录取、退学和未参训的可以恢复" in words(response)


def test_who_came_over_the_seats_is_shown(client, target, classes):
    classes.enrol(target, "甲一", "乙二", "丙三")
    assert "已比名额多 1 人" in words(client.get(at("applications", target)))


def test_each_deed_leaves_one_line_without_names(client, target, applied, officer):
    client.post(at("decide", target), {"move": "admit", "chosen": [one.pk for one in applied]})
    line = AuditEvent.objects.get()
    assert (line.deed, line.user, line.after) == (
        AuditEvent.Deed.ENROLMENT_CHANGED,
        officer,
        {"admitted": 2, "waiting": 1},
    )


@pytest.mark.parametrize("name", ["enrol", "enrol-people", "applications", "decide"])
@pytest.mark.parametrize(("role", "status"), [("outsider", 404), ("reviewer", 403), ("trainer", 403)])
def test_others_decide_nothing(request, login, target, name, role, status):
    assert login(request.getfixturevalue(role)).post(at(name, target)).status_code in (status, 302)
    assert not target.enrolments.exists()


def test_the_lists_ask_no_query_per_row(client, target, classes, known, django_assert_max_num_queries):
    RepeatLimit.objects.create(repeat="year", effect="warn")
    classes.enrol(target, *(f"学员{n}" for n in range(40)), state=State.APPLIED)
    with django_assert_max_num_queries(22):
        client.get(at("applications", target))
    with django_assert_max_num_queries(22):
        client.get(at("enrol", classes.run("冬季班")), {"from": "run", "run": target.pk})


def test_the_waiting_list_is_shown_in_its_order(client, target, classes):
    classes.enrol(target, "甲一", "乙二")
    now = timezone.now()
    classes.enrol(target, "丙三", state=State.WAITING, waits_from=now)
    classes.enrol(target, "丁四", state=State.WAITING, waits_from=now - DAY)
    page = words(client.get(at("applications", target), {"state": "waiting"}))
    assert page.index("丁四") < page.index("丙三")


def test_a_walk_in_is_offered_only_once_it_is_known_who_it_is(client, target, run, classes):
    classes.enrol(run, "刘路过", to_match=True)
    assert "刘路过" not in words(client.get(at("enrol", target), {"from": "run", "run": run.pk}))
    assert "还没有核对身份" in words(client.get(at("applications", run)))
