"""The entry of the main navigation that a page belongs to is marked, once."""

import re

import pytest

CURRENT = re.compile(r'<a href="([^"]+)" aria-current="page">')


def marked(client, address):
    page = client.get(address)
    assert page.status_code == 200
    return CURRENT.findall(page.content.decode().partition("</nav>")[0])


@pytest.mark.parametrize(
    "address",
    [
        *("/imports/", "/imports/new/", "/sign-in-sheets/", "/layouts/", "/templates/"),
        *("/export/", "/export/learners/", "/forms/", "/forms/new/", "/public-list/"),
    ],
)
def test_pages_of_ledgers_belong_to_ledgers(login, officer, plan, address):
    assert marked(login(officer), address) == ["/imports/"]


@pytest.mark.parametrize(
    ("address", "entry"), [("/my/", "/my/"), ("/my/data/", "/my/"), ("/my/classes/", "/my/classes/")]
)
def test_a_learner_sees_where_one_is(login, learner_user, address, entry):
    assert marked(login(learner_user), address) == [entry]
