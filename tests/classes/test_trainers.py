"""Trainers: seen by their bureaus, kept by who arranges classes."""

import pytest
from django.urls import reverse

from bureaus.models import AuditEvent
from courses.models import Session, Trainer
from tests.classes.conftest import DAY
from tests.conftest import Role, account


@pytest.fixture
def foreign(other_bureau) -> Trainer:
    return Trainer.objects.create(name="外单位教师", bureau=other_bureau)


def names(response) -> list[str]:
    return [trainer.name for trainer in response.context["page"].object_list]


def edit(trainer):
    return reverse("courses:trainer-edit", args=[trainer.pk])


def given(trainer, **changes):
    found = {"name": trainer.name, "bureau": trainer.bureau_id, "title": trainer.title, "active": "on"}
    found |= {"user": trainer.user_id or ""} | changes
    return {key: value for key, value in found.items() if value is not None}


# --- Reading --------------------------------------------------------------------------------------


def test_each_sees_the_trainers_in_reach(login, officer, outsider, coordinator, trainer, teacher, foreign):
    address = reverse("courses:trainers")
    assert names(login(officer).get(address)) == ["罗老师"]
    assert names(login(outsider).get(address)) == ["外单位教师"]
    assert len(names(login(coordinator).get(address))) == 2
    assert names(login(trainer).get(address)) == ["罗老师"]


def test_the_list_counts_this_years_sessions_that_were_not_cancelled(
    login, officer, session, teacher, classes, run
):
    for values in ({"state": Session.State.CANCELLED}, {"held_on": session.held_on - 400 * DAY}):
        classes.session(run, **values).trainers.add(teacher)
    page = login(officer).get(reverse("courses:trainers")).context["page"]
    assert [trainer.taught for trainer in page.object_list] == [1]


def test_the_list_is_narrowed_sorted_and_searched_by_post(login, coordinator, teacher, foreign, bureau):
    client, address = login(coordinator), reverse("courses:trainers")
    Trainer.objects.filter(pk=foreign.pk).update(active=False)
    assert names(client.get(address, {"active": "yes"})) == ["罗老师"]
    assert names(client.get(address, {"active": "no"})) == ["外单位教师"]
    assert names(client.get(address, {"bureau": bureau.pk})) == ["罗老师"]
    assert len(names(client.get(address, {"active": "x", "bureau": "y", "sort": "z"}))) == 2
    response = client.post(address, {"q": "罗"})
    assert "罗" not in response["Location"]
    assert names(client.get(response["Location"])) == ["罗老师"]


def test_the_list_asks_no_query_per_row(login, coordinator, bureau, django_assert_max_num_queries):
    for number in range(12):
        Trainer.objects.create(name=f"教师{number}", bureau=bureau)
    client = login(coordinator)
    with django_assert_max_num_queries(10):
        client.get(reverse("courses:trainers"))


def test_a_trainers_page_tells_what_was_and_will_be_taught(login, officer, classes, run, teacher, text):
    for title, days, state in (
        ("昨天的课", -1, "held"),
        ("明天的课", 1, "planned"),
        ("取消的课", 1, "cancelled"),
    ):
        made = classes.session(run, title, held_on=classes.today + days * DAY, state=state)
        made.trainers.add(teacher)
    response = login(officer).get(reverse("courses:trainer", args=[teacher.pk]))
    page = text(response)
    assert [one.title for one in response.context["coming"]] == ["明天的课"]
    assert [one.title for one in response.context["gone"]] == ["昨天的课"]
    assert [line["sessions"] for line in response.context["years"]] == [1]
    assert "取消的课" not in page


def test_another_bureaus_trainer_does_not_exist(login, officer, foreign):
    client = login(officer)
    assert client.get(reverse("courses:trainer", args=[foreign.pk])).status_code == 404
    assert client.post(edit(foreign), given(foreign)).status_code == 404


# --- Keeping --------------------------------------------------------------------------------------


def test_an_officer_adds_a_trainer_with_an_account(login, officer, trainer, bureau):
    values = {"name": "罗老师", "bureau": bureau.pk, "user": trainer.pk, "active": "on"}
    assert login(officer).post(reverse("courses:trainer-new"), values).status_code == 302
    assert Trainer.objects.get().user == trainer


def test_the_audit_names_no_person(login, officer, teacher):
    login(officer).post(edit(teacher), given(teacher, title="高级农艺师"))
    line = AuditEvent.objects.get(deed=AuditEvent.Deed.TRAINER_CHANGED)
    assert line.after == {"fields": ["职称、专长"]}
    assert "罗" not in line.object_label
    assert str(teacher.pk) in line.object_label


def test_a_trainer_retires_and_the_history_stays(login, officer, teacher, session):
    assert login(officer).post(edit(teacher), given(teacher, active=None)).status_code == 302
    teacher.refresh_from_db()
    assert not teacher.active
    assert teacher.sessions.count() == 1


def test_only_an_account_that_may_register_at_that_bureau_is_linked(
    login, coordinator, teacher, other_bureau, bureau
):
    client = login(coordinator)
    elsewhere = account("别处", other_bureau, Role.TRAINER)
    reads = account("只看", bureau, Role.REVIEWER)
    response = client.post(edit(teacher), given(teacher, user=elsewhere.pk))
    assert response.status_code == 422
    assert "在该单位没有可以点名的角色" in response.content.decode()
    assert client.post(edit(teacher), given(teacher, user=reads.pk)).status_code == 422
    assert client.post(edit(teacher), given(teacher, bureau=other_bureau.pk)).status_code == 422
    teacher.refresh_from_db()
    assert teacher.user.username == "罗老师"


def test_an_account_whose_role_ended_does_not_stop_other_changes(login, officer, teacher):
    teacher.user.memberships.all().delete()
    assert login(officer).post(edit(teacher), given(teacher, title="农艺师")).status_code == 302


def test_the_bureau_is_one_of_ones_own(login, officer, other_bureau, plan):
    response = login(officer).post(
        reverse("courses:trainer-new"), {"name": "某人", "bureau": other_bureau.pk}
    )
    assert response.status_code == 422
    assert not Trainer.objects.exists()


@pytest.mark.parametrize("role", ["reviewer", "trainer", "auditor", "learner_user"])
def test_who_arranges_no_classes_changes_no_trainer(login, role, request, teacher):
    client = login(request.getfixturevalue(role))
    assert client.get(reverse("courses:trainer-new")).status_code == 403
    assert client.post(edit(teacher), given(teacher, name="改名")).status_code == 403
    teacher.refresh_from_db()
    assert teacher.name == "罗老师"


def test_two_of_one_name_at_a_bureau_are_told_apart(login, officer, teacher, bureau):
    values = {"name": "罗老师", "bureau": bureau.pk, "active": "on"}
    response = login(officer).post(reverse("courses:trainer-new"), values)
    assert response.status_code == 422
    assert "已有同名的教师" in response.content.decode()
