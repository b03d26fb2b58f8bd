"""Who came without being on the list: let in at once, matched to a person later."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from bureaus.models import AuditEvent, YearClose, YearClosed
from courses.enrolling.moves import CannotEnrol
from courses.models import Attendance, ClassRun, Enrolment
from courses.registering import Presence, register
from courses.walk_ins import add_walk_in
from learners.models import Holder, Identity, Learner

State = Enrolment.State
NUMBER = "439999198506122829"


@pytest.fixture
def walk_in(session, trainer) -> Enrolment:
    return add_walk_in(session, "刘路过", user=trainer)


@pytest.fixture
def here(session, walk_in, trainer, noon) -> Enrolment:
    """The walk-in was registered as present: four hours."""
    register(session, [Presence(walk_in.pk, "present")], user=trainer, at=noon)
    walk_in.refresh_from_db()
    return walk_in


@pytest.fixture
def noon(session):
    return timezone.make_aware(datetime.datetime.combine(session.held_on, datetime.time(12)))


@pytest.fixture
def known(classes) -> Learner:
    """刘路过, whom the officer's bureau knows from an earlier class."""
    return classes.enrol(classes.run("春季班"), "刘路过")[0].learner


def post(client, name, walk_in, **values):
    return client.post(reverse(f"courses:{name}", args=[walk_in.pk]), values, follow=True)


def words(response):
    return response.content.decode()


def test_a_walk_in_is_in_the_class_though_it_is_full(session, run, trainer):
    ClassRun.objects.filter(pk=run.pk).update(seats=3)
    found = add_walk_in(session, " 刘 路过 ", user=trainer)
    assert (found.name, found.state, found.came_by, found.to_match) == (
        "刘路过",
        State.ADMITTED,
        Enrolment.CameBy.WALK_IN,
        True,
    )
    assert Holder.objects.filter(learner=found.learner, bureau=run.bureau).exists()
    assert AuditEvent.objects.get().after == {"walk_ins": 1}


def test_the_same_walk_in_twice_is_one_person(session, walk_in, trainer, classes, run):
    assert add_walk_in(session, "刘路过", user=trainer) == walk_in
    assert add_walk_in(classes.session(run, "第二课"), "刘路过", user=trainer) == walk_in
    assert add_walk_in(session, "刘路过", user=trainer, employer="韶山村") != walk_in


def test_who_is_on_the_list_with_the_employer_is_no_walk_in(session, run, trainer):
    on_list = run.enrolments.get(name="王小明")
    assert add_walk_in(session, "王小明", user=trainer, employer="韶山村合作社") == on_list
    assert add_walk_in(session, "王小明", user=trainer) != on_list


def test_what_cannot_be_is_said(session, classes, trainer, run):
    with pytest.raises(CannotEnrol, match="请填写姓名"):
        add_walk_in(session, "  ", user=trainer)
    with pytest.raises(CannotEnrol, match="请登记参加人数"):
        add_walk_in(classes.session(None), "刘路过", user=trainer)
    ClassRun.objects.filter(pk=run.pk).update(state=ClassRun.State.CANCELLED)
    with pytest.raises(CannotEnrol, match="已取消"):
        add_walk_in(session, "刘路过", user=trainer)


def test_a_closed_year_takes_no_walk_in(session, run, trainer):
    YearClose.objects.create(bureau=run.bureau, year=run.year)
    with pytest.raises(YearClosed):
        add_walk_in(session, "刘路过", user=trainer)


def test_the_officer_sees_who_is_to_be_matched(here, known, login, officer):
    page = words(login(officer).get(reverse("courses:walk-ins")))
    assert "刘路过" in page
    page = words(login(officer).get(reverse("courses:walk-in", args=[here.pk])))
    assert "春季班" in page


def test_matching_moves_the_enrolment_and_forgets_the_stranger(here, known, login, officer):
    stranger = here.learner_id
    response = post(login(officer), "walk-in-match", here, learner=known.pk)
    assert "已核对" in words(response)
    here.refresh_from_db()
    assert (here.learner, here.to_match, here.state, here.hours) == (known, False, State.ATTENDING, 4)
    assert not Learner.objects.filter(pk=stranger).exists()
    assert AuditEvent.objects.first().after == {"matched": 1}


def test_who_is_in_the_class_already_gets_the_attendance(here, run, session, login, officer, classes):
    stored = classes.enrol(run, "刘路过")[0]
    post(login(officer), "walk-in-match", here, learner=stored.learner_id)
    assert not Enrolment.objects.filter(pk=here.pk).exists()
    stored.refresh_from_db()
    assert (stored.state, stored.hours) == (State.ATTENDING, 4)
    assert stored.attendances.get().session == session


def test_where_both_attended_the_rosters_mark_stays(
    here, run, session, login, officer, classes, trainer, noon
):
    stored = classes.enrol(run, "刘路过")[0]
    register(session, [Presence(stored.pk, "late", minutes=90)], user=trainer, at=noon)
    post(login(officer), "walk-in-match", here, learner=stored.learner_id)
    stored.refresh_from_db()
    assert stored.attendances.get().state == Attendance.State.LATE
    assert stored.hours == 2


def test_who_was_waiting_is_in_once_one_was_there(here, run, login, officer, classes):
    stored = classes.enrol(run, "刘路过", state=State.WAITING, waits_from=here.created_at)[0]
    page = words(login(officer).get(reverse("courses:walk-in", args=[here.pk])))
    assert "已在本班（候补）" in page
    post(login(officer), "walk-in-match", here, learner=stored.learner_id)
    stored.refresh_from_db()
    assert (stored.state, stored.waits_from) == (State.ATTENDING, None)


def test_an_id_number_finds_a_person_of_another_bureau_and_tells_no_more(
    here, login, officer, classes, other_bureau
):
    elsewhere = classes.run("外单位的班", bureau=other_bureau)
    foreign = classes.enrol(elsewhere, "刘大路")[0].learner
    kind, value, digest = Identity.by_id_number(NUMBER)
    Identity.objects.create(learner=foreign, kind=kind, value=value, digest=digest)
    response = post(login(officer), "walk-in-identify", here, id_number=NUMBER, employer="", sure="on")
    assert "已找到同一人" in words(response)
    assert "刘大路" not in words(response)
    here.refresh_from_db()
    assert (here.learner, here.name) == (foreign, "刘路过")


def test_a_number_of_somebody_of_another_name_is_asked_about_first(here, other_bureau, login, officer):
    """One digit misread is somebody else's number; whose, is not told."""
    other = Learner.objects.create(name="欧阳某")
    kind, value, mark = Identity.by_id_number(NUMBER)
    Identity.objects.create(learner=other, kind=kind, value=value, digest=mark)
    client = login(officer)
    answer = post(client, "walk-in-identify", here, id_number=NUMBER, employer="")
    page = words(answer)
    assert (answer.status_code, "登记的姓名不同" in page, "欧阳某" in page) == (422, True, False)
    assert 'type="checkbox" name="sure"' in page
    here.refresh_from_db()
    assert (here.to_match, here.learner.name) == (True, "刘路过")
    post(client, "walk-in-identify", here, id_number=NUMBER, employer="", sure="on")
    here.refresh_from_db()
    assert (here.to_match, here.learner) == (False, other)


def test_a_number_that_nobody_has_makes_a_new_learner(here, login, officer):
    response = post(login(officer), "walk-in-identify", here, id_number=NUMBER, employer="韶山村")
    assert "已登记为新学员" in words(response)
    here.refresh_from_db()
    assert (here.to_match, here.employer, here.learner.birth) == (False, "韶山村", "1985")
    assert here.learner.identities.get().kind == Identity.Kind.ID_NUMBER


def test_without_a_number_the_employer_tells_who_it_is(here, login, officer):
    post(login(officer), "walk-in-identify", here, id_number="", employer="韶山村")
    assert here.learner.identities.get().kind == Identity.Kind.EMPLOYER_NAME


@pytest.mark.parametrize(("number", "sentence"), [("", "请写身份证号或单位"), ("4399", "身份证号不对")])
def test_without_papers_and_employer_nobody_is_made(here, login, officer, number, sentence):
    response = post(login(officer), "walk-in-identify", here, id_number=number, employer="")
    assert response.status_code == 422
    assert sentence in words(response)
    here.refresh_from_db()
    assert here.to_match


def test_only_those_listed_can_be_chosen(here, login, officer, classes):
    other = classes.enrol(classes.run("别的班"), "李秀英")[0].learner
    response = post(login(officer), "walk-in-match", here, learner=other.pk)
    assert "请在列出的人里选一个" in words(response)


def test_a_closed_year_is_said(here, known, login, officer):
    YearClose.objects.create(bureau=here.run.bureau, year=here.run.year)
    response = post(login(officer), "walk-in-match", here, learner=known.pk)
    assert "已封账" in words(response)


def test_who_is_matched_is_no_more_on_the_list(here, known, login, officer):
    post(login(officer), "walk-in-match", here, learner=known.pk)
    assert post(login(officer), "walk-in-match", here, learner=known.pk).status_code == 404
    assert "没有待核对的人" in words(login(officer).get(reverse("courses:walk-ins")))


@pytest.mark.parametrize("name", ["walk-in-match", "walk-in-identify"])
@pytest.mark.parametrize(("role", "status"), [("outsider", 404), ("reviewer", 403), ("trainer", 403)])
def test_others_match_nobody(request, login, here, name, role, status):
    assert post(login(request.getfixturevalue(role)), name, here).status_code == status


def test_the_list_asks_no_query_per_row(session, trainer, login, officer, django_assert_max_num_queries):
    for number in range(20):
        add_walk_in(session, f"路人{number}", user=trainer)
    client = login(officer)
    with django_assert_max_num_queries(18):
        assert words(client.get(reverse("courses:walk-ins"))).count("路人") == 20
