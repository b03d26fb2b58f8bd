"""The five ledgers give what they must give, on either database, and give nothing new a second time."""

import json

import pytest
from django.core.management import call_command
from django.db import connection

from courses.models import Enrolment, Session
from learners.models import Identity
from tests.imports.conftest import LEDGERS

NAMES = (
    "teachers-2024.xlsx",
    "farmers-2024.xlsx",
    "workers-2024.xls",
    "cadres-2024.xlsx",
    "seniors-2024.csv",
)
FIGURES = ("read", "good", "faulty", "learners", "enrolments", "runs", "hours", "certificates")


def expected_of(name):
    return json.loads((LEDGERS / f"{name}.expected.json").read_text(encoding="utf-8"))


def options_of(expected):
    arguments = dict(zip(expected["args"][::2], expected["args"][1::2], strict=True))
    return {"programme": arguments["--programme"], "bureau": arguments["--bureau"]}


def places(problems, name):
    text = name.endswith(".csv")
    return {("" if text else p["sheet"], p["row"]): p["code"] for p in problems}


@pytest.mark.parametrize("name", NAMES)
def test_a_ledger_gives_what_it_must_and_the_second_time_nothing_new(bring_in, name):
    expected = expected_of(name)
    code, result = bring_in(name, "--skip-faulty", **options_of(expected))
    assert code == 0
    assert result["applied"] is True
    assert {figure: result[figure] for figure in FIGURES} == {figure: expected[figure] for figure in FIGURES}
    assert result["new"] == expected["good"]
    assert result["headcount"] == expected.get("headcount", {"sessions": 0, "person_times": 0})
    assert places(result["problems"], name) == places(expected["problems"], name)
    assert places(result["warnings"], name) == places(expected["warnings"], name)
    rows = Enrolment.objects.count() + Session.objects.count()

    _code, again = bring_in(name, "--skip-faulty", **options_of(expected))
    assert (again["new"], again["changed"], again["same"]) == (0, 0, expected["good"])
    assert Enrolment.objects.count() + Session.objects.count() == rows


def test_the_figures_of_all_five_stand_on_the_progress(bring_in, capsys):
    for name in NAMES:
        expected = expected_of(name)
        bring_in(name, "--skip-faulty", **options_of(expected))
    capsys.readouterr()
    call_command("quota_progress", "--year", "2024", "--json")
    lines = {line["programme"]: line for line in json.loads(capsys.readouterr().out)}
    tutors, elders = lines["培训科技辅导员"], lines["智慧助老行动"]
    assert (tutors["target"], tutors["done"], tutors["people"], tutors["completion"]) == (200, 234, 204, 1.17)
    assert (elders["target"], elders["done"], elders["sessions"], elders["people"]) == (None, 2841, 46, None)


def every_text_of_the_database() -> str:
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 (names from the database itself)
            found += [str(value) for row in cursor.fetchall() for value in row]
    return "\n".join(found)


def test_no_id_number_and_no_bank_card_is_stored_in_the_open(bring_in):
    for name in ("teachers-2024.xlsx", "farmers-2024.xlsx"):
        bring_in(name, "--skip-faulty", **options_of(expected_of(name)))
    stored = every_text_of_the_database()
    numbers = [identity.value for identity in Identity.objects.all()]
    assert len(numbers) == 204 + 265
    assert not any(number in stored for number in numbers)
    assert "6228025351317657652" not in stored
