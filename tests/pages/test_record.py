"""A learner's record, as far as the user's bureaus may see it."""

import pytest
from django.urls import reverse

from learners.models import Holder, Learner


@pytest.fixture
def wang(training, first, second, foreign, other_bureau) -> Learner:
    learner = Learner.objects.get(name="王小明")
    training.id_number(learner)
    Holder.objects.filter(learner=learner, bureau=training.bureau).update(phone="13811112222")
    Holder.objects.filter(learner=learner, bureau=other_bureau).update(phone="13933334444")
    return learner


def address(learner):
    return reverse("certificates:record", args=[learner.pk])


def test_it_shows_the_enrolments_that_the_user_sees(wang, login, officer, text):
    page = text(login(officer).get(address(wang)))
    assert "第一期" in page
    assert "第二期" in page
    assert "外单位的班" not in page
    assert "2024 年 · 2 期 · 48 学时" in page


def test_the_coordinator_sees_all_of_it(wang, login, coordinator, text):
    page = text(login(coordinator).get(address(wang)))
    assert "外单位的班" in page
    assert "2024 年 · 3 期 · 72 学时" in page


def test_the_number_is_masked_and_only_the_year_of_birth_stands_beside_it(wang, login, officer, text):
    page = text(login(officer).get(address(wang)))
    assert "439***********2826" in page
    assert "439999198506122826" not in page
    assert "1985 年" in page
    assert "1985-06" not in page


def test_no_bureau_sees_the_phone_that_another_wrote(wang, login, officer, outsider, text):
    page = text(login(officer).get(address(wang)))
    assert "13811112222" in page
    assert "13933334444" not in page
    page = text(login(outsider).get(address(wang)))
    assert "13933334444" in page
    assert "13811112222" not in page


def test_certificates_of_other_bureaus_runs_are_not_shown(
    wang, training, login, officer, first, foreign, text
):
    training.certificate(first.enrolments.get(name="王小明"), "测〔2024〕1号")
    training.certificate(foreign.enrolments.get(name="王小明"), "外〔2024〕1号", state="revoked")
    page = text(login(officer).get(address(wang)))
    assert "测〔2024〕1号" in page
    assert "外〔2024〕1号" not in page


def test_a_no_show_is_listed_and_not_counted(training, first, login, officer, text):
    page = text(login(officer).get(address(Learner.objects.get(name="赵未到"))))
    assert "未参训" in page
    assert "2024 年 · 0 期 · 0 学时" in page


def test_looking_at_it_writes_no_number_into_the_address(wang):
    assert "439999" not in address(wang)


def test_the_number_of_queries_does_not_grow_with_the_years(wang, training, officer, queries):
    few = queries(officer, address(wang))
    for year in range(2015, 2023):
        training.enrol(training.run(f"{year} 年的班", year=year), "王小明")
    assert queries(officer, address(wang)) == few
