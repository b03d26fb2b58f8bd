"""Rings: a bureau that succeeds itself by way of another, a programme inside itself."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from bureaus.models import Bureau
from courses.models import Programme


@pytest.fixture
def pair(db):
    return Bureau.objects.create(name="甲局"), Bureau.objects.create(name="乙局")


@pytest.mark.parametrize("link", ["successor", "parent"])
def test_a_ring_of_bureaus_is_refused_in_words(pair, link):
    first, second = pair
    setattr(first, link, second)
    first.full_clean()
    first.save()
    setattr(second, link, first)
    with pytest.raises(ValidationError, match="请改选") as refused:
        second.full_clean()
    assert list(refused.value.message_dict) == [link]


def test_a_new_bureau_that_leads_into_a_ring_is_refused(pair):
    first, second = pair
    Bureau.objects.filter(pk=first.pk).update(successor=second)
    Bureau.objects.filter(pk=second.pk).update(successor=first)
    with pytest.raises(ValidationError, match="承接单位"):
        Bureau(name="丙局", successor=Bureau.objects.get(pk=first.pk)).full_clean()


def test_a_name_is_looked_up_in_a_ring_without_end(pair):
    first, second = pair
    Bureau.objects.filter(pk=first.pk).update(successor=second)
    Bureau.objects.filter(pk=second.pk).update(successor=first)
    assert Bureau.objects.known_as("甲局") in pair


def test_a_merged_bureau_is_known_by_its_last_successor(pair):
    first, second = pair
    third = Bureau.objects.create(name="丙局", successor=first)
    Bureau.objects.filter(pk=first.pk).update(successor=second)
    assert Bureau.objects.known_as(third.name) == second


def test_a_ring_of_programmes_is_a_sentence_in_the_admin(plan, technician, login):
    whole, part = Programme.objects.all()[:2]
    part.part_of = whole
    part.save()
    whole.part_of = part
    with pytest.raises(ValidationError, match="请改选"):
        whole.full_clean()
    technician.is_staff = technician.is_superuser = True
    technician.save()
    address = reverse("admin:courses_programme_change", args=[whole.pk])
    client = login(technician)
    fields = client.get(address).context["adminform"].form.initial
    values = {name: "" if value is None else value for name, value in fields.items()} | {"part_of": part.pk}
    formsets = {}
    for formset in client.get(address).context["inline_admin_formsets"]:
        prefix = formset.formset.prefix
        formsets |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    response = client.post(address, values | formsets)
    assert response.status_code == 200
    assert "又回到了前面的项目" in response.content.decode()
