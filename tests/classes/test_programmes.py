"""The programmes of a plan: read by all, changed by who leads them; and the plan that follows."""

import datetime

import pytest
from django.urls import reverse

from bureaus.models import AuditEvent, Bureau, YearClose
from courses.models import (
    ActionBureau,
    Course,
    Coverage,
    HourRule,
    Plan,
    Programme,
    Quota,
    QuotaPeriod,
    RepeatLimit,
)
from learners.models import TargetGroup
from ledgers.figures import Selection, quota_progress


@pytest.fixture
def programme(classes) -> Programme:
    """Under an action that the administrator's bureau leads; part of an umbrella."""
    return classes.programme


@pytest.fixture
def foreign(plan) -> Programme:
    """Under an action that another bureau leads."""
    return Programme.objects.get(name="培训科技辅导员")


def edit(programme):
    return reverse("courses:programme-edit", args=[programme.pk])


def values(programme, **changes):
    fields = ("name", "section", "group_id", "kind", "part_of_id", "counts", "basis", "action_id")
    found = {field.removesuffix("_id"): getattr(programme, field) or "" for field in fields}
    return found | {"clause": programme.clause or ""} | changes


# --- Reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["coordinator", "officer", "reviewer", "trainer"])
def test_everybody_who_reads_runs_reads_every_programme(login, role, request, programme, foreign, text):
    client = login(request.getfixturevalue(role))
    page = text(client.get(reverse("courses:programmes")))
    assert programme.name in page
    assert foreign.name in page
    assert "国培计划" in text(client.get(reverse("courses:programme", args=[foreign.part_of_id])))


def test_the_list_counts_the_runs_of_the_year_that_one_sees(login, officer, outsider, classes, programme):
    classes.run(year=2024)
    classes.run("第二期", year=2024)
    classes.run("去年的", year=2023)
    for user, count in ((officer, 2), (outsider, 0)):
        sections = login(user).get(reverse("courses:programmes"), {"year": 2024}).context["sections"]
        held = {line.name: line.held for _heading, lines in sections for line in lines}
        assert held[programme.name] == count


def test_the_list_is_narrowed_by_group_and_by_words(login, officer):
    client, address = login(officer), reverse("courses:programmes")

    def listed(response):
        return [line.name for _heading, lines in response.context["sections"] for line in lines]

    assert "智慧助老行动" not in listed(client.get(address, {"group": "farmers"}))
    assert listed(client.post(address, {"q": "领头雁"}, follow=True)) == ["农村青年创业致富“领头雁”培育计划"]
    assert "没有符合条件的项目" in client.post(address, {"q": "没有"}, follow=True).content.decode()


@pytest.mark.parametrize("query", ["?year=abc", "?group=x", "?year=99999", "?page=x"])
def test_filters_that_cannot_be_read_are_left_out(login, officer, query, programme):
    client = login(officer)
    assert client.get(reverse("courses:programmes") + query).status_code == 200
    assert client.get(reverse("courses:programme", args=[programme.pk]) + query).status_code == 200


def test_the_page_tells_bureaus_rule_quota_and_runs(login, officer, programme, run, text):
    HourRule.objects.create(programme=programme, minutes_per_hour=40, daily_cap=6)
    page = text(login(officer).get(reverse("courses:programme", args=[programme.pk]), {"year": run.year}))
    for words in ("市农业农村局", "40 分钟 1 学时", "每天最多 6 学时", "第一期", "高素质农民培育计划"):
        assert words in page


def test_the_lists_ask_no_query_per_row(login, coordinator, classes, django_assert_max_num_queries):
    client = login(coordinator)
    for number in range(5):
        classes.run(f"第{number}期", programme=classes.programme)
    with django_assert_max_num_queries(14):
        client.get(reverse("courses:programmes"))
    with django_assert_max_num_queries(24):
        client.get(reverse("courses:programme", args=[classes.programme.pk]))


# --- Changing -------------------------------------------------------------------------------------


def test_who_leads_the_action_changes_its_programme(login, administrator, programme):
    response = login(administrator).post(edit(programme), values(programme, name="致富带头人培训"))
    assert response.status_code == 302
    programme.refresh_from_db()
    assert programme.name == "致富带头人培训"
    line = AuditEvent.objects.get(deed=AuditEvent.Deed.PROGRAMME_CHANGED)
    assert line.after == {"fields": ["名称"]}
    assert line.bureau in programme.leads()


def test_who_does_not_lead_it_may_not(login, administrator, officer, foreign):
    assert login(administrator).get(edit(foreign)).status_code == 403
    assert login(administrator).post(edit(foreign), values(foreign, name="改名")).status_code == 403
    assert login(officer).get(edit(foreign)).status_code == 403
    foreign.refresh_from_db()
    assert foreign.name == "培训科技辅导员"


def test_the_coordinator_changes_all_and_names_lead_bureaus(login, coordinator, foreign, other_bureau):
    client = login(coordinator)
    given = values(foreign, action="", section="附则", leads=[other_bureau.pk])
    assert client.post(edit(foreign), given).status_code == 302
    foreign.refresh_from_db()
    assert foreign.action is None
    assert foreign.leads() == [other_bureau]
    assert client.post(edit(foreign), given | {"leads": []}).status_code == 422


def test_an_administrator_can_neither_take_nor_give_away_a_programme(
    login, administrator, programme, foreign
):
    client = login(administrator)
    assert client.post(edit(programme), values(programme, action=foreign.action_id)).status_code == 422
    assert client.post(edit(programme), values(programme, action="")).status_code == 422
    assert client.post(edit(programme), values(programme, part_of=foreign.part_of_id)).status_code == 422


def test_a_name_stands_once_in_a_plan(login, coordinator, programme, foreign):
    response = login(coordinator).post(edit(programme), values(programme, name=f" {foreign.name} "))
    assert response.status_code == 422
    assert "方案里已有同名的项目" in response.content.decode()


def test_a_programme_that_is_put_into_an_umbrella_is_covered_by_it(login, coordinator, foreign, programme):
    login(coordinator).post(edit(foreign), values(foreign, part_of=programme.part_of_id))
    assert Coverage.objects.filter(umbrella=programme.part_of, part=foreign).exists()


def test_an_umbrella_is_not_offered_what_lies_in_it(login, coordinator, programme):
    umbrella = programme.part_of
    programme.kind = Programme.Kind.UMBRELLA
    programme.save()
    response = login(coordinator).post(edit(umbrella), values(umbrella, part_of=programme.pk))
    assert response.status_code == 422


@pytest.mark.parametrize(
    "change", [{"counts": "session"}, {"basis": "passing"}, {"group": "teachers"}, {"part_of": ""}]
)
def test_what_moves_a_closed_figure_is_refused(login, administrator, programme, run, bureau, change):
    change = {
        key: TargetGroup.objects.get(code=code).pk if key == "group" else code for key, code in change.items()
    }
    YearClose.objects.create(bureau=bureau, year=run.year)
    response = login(administrator).post(edit(programme), values(programme, **change))
    assert response.status_code == 422
    assert f"{run.year} 年度已封账" in response.content.decode()
    before = programme.counts, programme.basis, programme.group_id, programme.part_of_id
    programme.refresh_from_db()
    assert (programme.counts, programme.basis, programme.group_id, programme.part_of_id) == before


def test_another_bureaus_closed_year_holds_it_too(login, administrator, programme, classes, other_bureau):
    run = classes.run(bureau=other_bureau, year=2023)
    YearClose.objects.create(bureau=other_bureau, year=run.year)
    response = login(administrator).post(edit(programme), values(programme, counts="session"))
    assert response.status_code == 422


def test_an_umbrella_of_parts_with_closed_years_stays_where_it_is(login, coordinator, programme, run, bureau):
    YearClose.objects.create(bureau=bureau, year=run.year)
    umbrella = programme.part_of
    other = Programme.objects.filter(kind=Programme.Kind.UMBRELLA).exclude(pk=umbrella.pk).first()
    given = values(umbrella, part_of=other.pk)
    assert login(coordinator).post(edit(umbrella), given).status_code == 422


def test_names_change_in_a_closed_year_and_open_years_take_everything(
    login, administrator, programme, run, bureau
):
    client = login(administrator)
    assert client.post(edit(programme), values(programme, counts="session")).status_code == 302
    YearClose.objects.create(bureau=bureau, year=run.year)
    programme.refresh_from_db()
    assert client.post(edit(programme), values(programme, name="新名")).status_code == 302


def test_a_new_programme_lies_under_an_action_that_ones_bureau_leads(
    login, administrator, programme, foreign
):
    client, address = login(administrator), reverse("courses:programme-new")
    given = values(programme, name="新项目")
    assert client.post(address, given | {"action": foreign.action_id}).status_code == 422
    assert client.post(address, given).status_code == 302
    made = Programme.objects.get(name="新项目")
    assert (made.plan, made.action) == (programme.plan, programme.action)
    assert made.order > programme.order
    assert AuditEvent.objects.get(deed="programme.changed").after == {"added": True}


def test_who_leads_no_action_makes_no_programme(login, administrator, plan):
    ActionBureau.objects.filter(bureau__name="市农业农村局").delete()
    assert login(administrator).get(reverse("courses:programme-new")).status_code == 403


def test_what_is_missing_is_told_and_nothing_is_lost(login, coordinator, plan):
    response = login(coordinator).post(reverse("courses:programme-new"), {"name": "", "section": "附则"})
    assert response.status_code == 422
    page = response.content.decode()
    assert 'value="附则"' in page
    assert Programme.objects.filter(name="").count() == 0


# --- The plan that follows ------------------------------------------------------------------------

COPY = {
    "name": "江州市全民科学素质行动实施方案（2026—2030年）",
    "first_year": 2026,
    "last_year": 2030,
    "yearly_quotas": "on",
    "courses": "on",
}


@pytest.fixture
def copy(login, coordinator, plan):
    def send(**changes):
        given = {key: value for key, value in (COPY | changes).items() if value is not None}
        return login(coordinator).post(reverse("courses:programmes-copy"), given, follow=True)

    return send


def test_the_page_shows_how_much_there_is_to_copy(login, coordinator, plan, text):
    response = login(coordinator).get(reverse("courses:programmes-copy"))
    assert response.context["extent"].programmes == Programme.objects.count()
    assert response.context["form"]["first_year"].value() == 2026


def test_a_plan_is_copied_with_all_that_stands_under_it(copy, plan, classes):
    own = HourRule.objects.create(programme=classes.programme, minutes_per_hour=40)
    HourRule.objects.create(programme=classes.programme, valid_to="2023-12-31")
    RepeatLimit.objects.create(programme=classes.programme, repeat="year", effect="block")
    assert copy().status_code == 200
    made = Plan.objects.get(first_year=2026)
    assert (made.coordinator, made.city) == (plan.coordinator, plan.city)
    for name in ("actions", "programmes"):
        assert list(getattr(made, name).values_list("name", flat=True)) == list(
            getattr(plan, name).values_list("name", flat=True)
        )
    links = ActionBureau.objects.filter(action__plan=made).values_list("bureau", "role", "order")
    assert sorted(links) == sorted(
        ActionBureau.objects.filter(action__plan=plan).values_list("bureau", "role", "order")
    )
    copied = made.programmes.get(name=classes.programme.name)
    assert [rule.minutes_per_hour for rule in copied.hour_rules.all()] == [own.minutes_per_hour]
    assert copied.repeat_limits.get().effect == "block"


def test_the_umbrellas_of_the_copy_cover_its_own_parts(copy, plan):
    copy()
    made = Plan.objects.get(first_year=2026)

    def coverage(of):
        return sorted(
            Coverage.objects.filter(umbrella__plan=of, part__plan=of).values_list(
                "umbrella__name", "part__name"
            )
        )

    assert coverage(made) == coverage(plan)
    assert not Coverage.objects.filter(umbrella__plan=plan, part__plan=made).exists()


def test_the_yearly_quotas_come_with_periods_of_the_new_years(copy, plan, coordinator):
    copy()
    made = Plan.objects.get(first_year=2026)
    assert {quota.cycle for quota in made.quotas.all()} == {Quota.Cycle.YEARLY}
    assert made.quotas.get(value=200).unit == "人次"
    years = QuotaPeriod.objects.filter(quota__plan=made).values_list("starts_on__year", flat=True)
    assert set(years) == {2026, 2027, 2028, 2029, 2030}
    lines = quota_progress(Selection(year=2026, user=coordinator), at=datetime.date(2026, 7, 1))
    assert any(line.target == 200 for line in lines)


def test_what_is_not_chosen_is_not_copied(copy, plan, classes):
    Course.objects.create(name="水稻", programme=classes.programme)
    copy(yearly_quotas=None, plan_quotas="on", courses=None)
    made = Plan.objects.get(first_year=2026)
    assert {quota.cycle for quota in made.quotas.all()} == {Quota.Cycle.PLAN}
    assert not Course.objects.filter(programme__plan=made).exists()


def test_courses_come_with_the_programmes(copy, plan, classes, bureau):
    Course.objects.create(name="水稻", programme=classes.programme, bureau=bureau, outline="一、育秧")
    copy()
    made = Course.objects.get(programme__plan__first_year=2026)
    assert (made.name, made.outline, made.bureau) == ("水稻", "一、育秧", bureau)


def test_one_line_of_the_audit_tells_how_much_it_was(copy, plan):
    copy()
    after = AuditEvent.objects.get(deed=AuditEvent.Deed.PLAN_LOADED).after
    assert (after["programmes"], after["copied_from"]) == (plan.programmes.count(), plan.name)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"first_year": 2025}, "年度重叠"),
        ({"first_year": 2021, "last_year": 2025}, "年度重叠"),
        ({"first_year": 2026, "last_year": 2020}, "截止年度不能早于起始年度"),
        ({"last_year": 2040}, "一个方案最多"),
        ({"name": ""}, "请填写这一项"),
        ({"first_year": "今年"}, "请填写整数"),
        ({"first_year": 99999999}, "2100"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(copy, plan, changes, words):
    response = copy(**changes)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert Plan.objects.count() == 1


def test_the_same_name_is_refused(copy, plan):
    assert copy(name=plan.name).status_code == 422


def test_only_the_coordinator_makes_a_plan(login, administrator, officer, plan):
    for user in (administrator, officer):
        assert login(user).post(reverse("courses:programmes-copy"), COPY).status_code == 403
    assert Plan.objects.count() == 1


def test_a_plan_that_does_not_exist_is_not_found(login, coordinator, plan):
    client = login(coordinator)
    for name in ("courses:programmes-copy", "courses:programme-new"):
        assert client.get(reverse(name), {"plan": plan.pk + 1}).status_code == 404
        assert client.get(reverse(name), {"plan": "x"}).status_code == 200


def test_a_lead_bureau_of_its_own_comes_before_those_of_the_action(plan, classes):
    bureau = Bureau.objects.get(name="市科协")
    assert bureau not in classes.programme.leads()
    classes.programme.bureau_links.create(bureau=bureau)
    assert classes.programme.leads() == [bureau]
