"""Personal pages stay in no cache."""

import pytest
from django.test import Client
from django.urls import reverse


@pytest.mark.parametrize("name", ["ledgers:home", "ledgers:progress", "ledgers:learners", "certificates:own"])
def test_a_page_for_a_signed_in_user_is_not_stored(name, officer, login):
    assert login(officer).get(reverse(name))["Cache-Control"] == "private, no-store"


def test_refusals_are_not_stored_either(trainer, login):
    response = login(trainer).get(reverse("ledgers:learners"))
    assert (response.status_code, response["Cache-Control"]) == (403, "private, no-store")


def test_a_view_that_says_how_long_it_keeps_is_left_alone(technician, login):
    technician.is_staff = technician.is_superuser = True
    technician.save()
    assert "max-age=0" in login(technician).get("/admin/")["Cache-Control"]


def test_strangers_get_no_word_of_it(db):
    assert "private, no-store" not in Client().get("/nowhere/").headers.get("Cache-Control", "")
