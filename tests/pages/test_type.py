"""The size of type: one switch, remembered, for strangers too."""

import pytest
from django.test import Client
from django.urls import reverse

ADDRESS = reverse("bureaus:type")


def test_large_type_is_remembered_for_a_year():
    answer = Client().post(ADDRESS, {"type": "large", "next": "/accounts/login/"})
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/")
    cookie = answer.cookies["type"]
    assert (cookie.value, cookie["max-age"], cookie["samesite"]) == ("large", 365 * 24 * 3600, "Lax")


@pytest.mark.parametrize("size", ["standard", "huge", ""])
def test_anything_else_is_standard_type(size):
    assert Client().post(ADDRESS, {"type": size}).cookies["type"].value == "standard"


@pytest.mark.parametrize(
    "next_page",
    ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", "", "/\\elsewhere"],
)
def test_it_leads_nowhere_else(next_page):
    assert Client().post(ADDRESS, {"type": "large", "next": next_page})["Location"] == "/"


def test_the_page_then_is_in_large_type(db):
    client = Client()
    client.post(ADDRESS, {"type": "large"})
    assert 'data-type="large"' in client.get("/accounts/login/").content.decode()
