"""The plan's catalogue is loaded whole, again without change, and refused with the line of its fault."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from bureaus.models import AuditEvent, Bureau, District
from courses.catalogue import CatalogueError, read_catalogue
from courses.loading import load_catalogue
from courses.management.commands.load_plan import SHIPPED
from courses.models import Action, ActionBureau, Coverage, HourRule, Plan, Programme, Quota, QuotaPeriod
from courses.models.plans import LeadRole
from learners.models import TargetGroup

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded():
    return load_catalogue(read_catalogue(SHIPPED), user=None)


def broken(tmp_path: Path, old: str, new: str) -> Path:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "broken.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_shipped_plan_has_everything_that_the_plan_names(loaded):
    assert Action.objects.count() == 5
    assert Programme.objects.exclude(action=None).count() == 38
    assert Programme.objects.filter(action=None).count() == 3
    assert Bureau.objects.count() == 27
    assert District.objects.filter(is_park=True).count() == 2
    assert TargetGroup.objects.count() == 6
    assert Quota.objects.count() == 7
    assert HourRule.objects.get(programme=None).hours_per_day == 8


def test_the_one_number_has_a_period_in_each_year_of_the_plan(loaded):
    quota = Quota.objects.get(value__isnull=False)
    assert (quota.value, quota.unit) == (200, "人次")
    assert [period.starts_on.year for period in quota.periods.all()] == [2021, 2022, 2023, 2024, 2025]
    assert {period.target for period in quota.periods.all()} == {200}


def test_a_commitment_in_words_for_the_whole_plan_has_one_period(loaded):
    quota = Quota.objects.get(words__startswith="组织200家以上企业")
    assert quota.value is None
    assert [(p.starts_on.year, p.ends_on.year) for p in quota.periods.all()] == [(2021, 2025)]


def test_the_role_belongs_to_the_link_of_action_and_bureau(loaded):
    links = ActionBureau.objects.filter(bureau__name="市科协").values_list("action__name", "role")
    assert dict(links)["青少年科学素质提升行动"] == LeadRole.LEAD
    assert dict(links)["农民科学素质提升行动"] == LeadRole.RESPONSIBLE


def test_a_programme_has_a_group_of_its_own(loaded):
    programme = Programme.objects.get(name="职业院校教师素质提升计划")
    assert (programme.action.group.code, programme.group.code) == ("workers", "teachers")


def test_an_umbrella_covers_itself_and_its_parts(loaded):
    umbrella = Programme.objects.get(name="教师科学素质提升工程")
    covered = Coverage.objects.filter(umbrella=umbrella).values_list("part__name", flat=True)
    assert set(covered) == {umbrella.name, *umbrella.parts.values_list("name", flat=True)}
    assert len(covered) == 6


def test_an_alias_finds_the_bureau(loaded):
    assert Bureau.objects.known_as("湘潭市科学技术协会").name == "市科协"
    assert Bureau.objects.known_as("市人社局").name == "市人力资源社会保障局"
    assert Bureau.objects.known_as("没有的局") is None


def test_loading_again_changes_nothing(loaded):
    lines = AuditEvent.objects.count()
    assert load_catalogue(read_catalogue(SHIPPED), user=None) == {"added": 0, "changed": 0}
    assert AuditEvent.objects.count() == lines


def test_a_change_in_the_file_is_brought_in(loaded, tmp_path):
    path = broken(tmp_path, "value: 200", "value: 250")
    assert load_catalogue(read_catalogue(path), user=None) == {"added": 0, "changed": 1}
    assert Quota.objects.get(value__isnull=False).value == 250


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("lead: [市教育局, 团市委, 市科协]", "lead: [市教育厅, 团市委, 市科协]", 50, "市教育厅"),
        ("period: 每年, words: 每年培训科技辅导员", "period: 常年, words: 每年培训科技辅导员", 123, "period"),
        ("kind: umbrella}", "kind: umbrela}", 54, "umbrela"),
        ("part_of: 教师科学素质提升工程", "part_of: 没有的工程", 55, "没有的工程"),
        ("years: [2021, 2025]", "years: [2021", None, "YAML"),
        ("issued_on: 2021-12-30", "issued_on: 2021年", 6, "issued_on"),
    ],
)
def test_a_broken_file_names_the_line_and_changes_nothing(tmp_path, old, new, line, words):
    path = broken(tmp_path, old, new)
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(read_catalogue(path), user=None)
    text = path.read_text(encoding="utf-8").splitlines()
    wanted = next(number for number, content in enumerate(text, start=1) if new in content)
    assert words in str(caught.value)
    if line is not None:
        assert abs(caught.value.line - wanted) <= 5
    assert (Plan.objects.count(), Bureau.objects.count(), District.objects.count()) == (0, 0, 0)


def test_the_command_tells_the_fault_in_one_sentence(tmp_path):
    path = broken(tmp_path, "kind: umbrella}", "kind: umbrela}")
    with pytest.raises(CommandError, match="broken.yaml 第 .* 行"):
        call_command("load_plan", path)


def test_another_citys_file_of_the_same_shape_works(tmp_path, loaded):
    path = tmp_path / "other.yaml"
    path.write_text(OTHER_CITY, encoding="utf-8")
    call_command("load_plan", path)
    plan = Plan.objects.get(name="邻市科学素质方案")
    assert plan.city.name == "邻市"
    assert [str(period) for period in QuotaPeriod.objects.filter(quota__plan=plan)] == ["每年培训80人 2026"]


OTHER_CITY = """
plan: {name: 邻市科学素质方案, years: [2026, 2026], coordinator: 邻市科协}
districts:
  - {code: "990100", name: 邻市, short: 市本级}
  - {code: "990102", name: 东邻区}
bureaus:
  people: [邻市科协]
groups: {farmers: 农民}
actions:
  - name: 邻市农民行动
    group: farmers
    lead: [邻市科协]
    programmes:
      - {name: 邻市农技培训, kind: training, counts: run}
quotas:
  - {programmes: [邻市农技培训], value: 80, unit: 人, period: 每年, words: 每年培训80人}
"""
