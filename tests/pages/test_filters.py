"""`SelectionForm`: from the address to a `Selection`."""

import pytest
from django.http import QueryDict

from bureaus.models import Bureau, District
from courses.models import Programme
from ledgers.filters import SelectionForm


def form(user, query=""):
    return SelectionForm(QueryDict(query), user=user)


def test_every_filter_is_read(coordinator):
    programme = Programme.objects.get(name="培训科技辅导员")
    place, bureau = District.objects.get(name="湘潭县"), Bureau.objects.get(name="市教育局")
    query = f"year=2023&programme={programme.pk}&group=teachers&bureau={bureau.pk}&lead={bureau.pk}"
    found = form(coordinator, f"{query}&district={place.pk}")
    chosen = found.selection()
    assert (chosen.year, chosen.user, chosen.programme) == (2023, coordinator, programme)
    assert (chosen.bureau, chosen.lead, chosen.district) == (bureau, bureau, place)
    assert chosen.group is not None
    assert chosen.group.code == "teachers"


def test_without_a_year_it_is_the_plans_current_or_last_one(coordinator, plan, today):
    assert form(coordinator).selection().year == min(today.year, plan.last_year)


@pytest.mark.parametrize("query", ["year=xx", "year=3000", "programme=abc", "group=nobody", "district=99999"])
def test_a_filter_that_cannot_be_read_is_left_out(coordinator, query):
    assert form(coordinator, query).selection() == form(coordinator).selection()


def test_bureaus_are_those_that_the_user_may_see(officer, bureau, other_bureau, coordinator):
    assert form(officer, f"bureau={other_bureau.pk}").selection().bureau is None
    assert form(officer, f"bureau={bureau.pk}").selection().bureau == bureau
    assert form(officer).bureau_choices() == []
    assert (other_bureau.pk, other_bureau.name) in form(coordinator).bureau_choices()


def test_leads_are_the_lead_bureaus_once_each(coordinator):
    leads = form(coordinator).leads()
    assert len(leads) == len(set(leads)) > 3
