"""How often one may come: warned of or refused, across bureaus, with a fixed number of queries."""

import datetime

import pytest

from courses.enrolling import deciding, entering
from courses.enrolling.limits import limits_hit
from courses.enrolling.moves import CannotEnrol
from courses.enrolling.people import Person
from courses.models import ClassRun, Enrolment, RepeatLimit
from learners.models import Learner

Repeat, Effect = RepeatLimit.Repeat, RepeatLimit.Effect


def limit(repeat, effect=Effect.WARN, programme=None):
    return RepeatLimit.objects.create(repeat=repeat, effect=effect, programme=programme)


@pytest.fixture
def known(classes, other_bureau):
    """王小明 takes part in a class of another bureau this year, at 三级."""
    elsewhere = classes.run("外单位的班", bureau=other_bureau)
    return classes.enrol(elsewhere, "王小明", level="三级", state=Enrolment.State.ATTENDING)[0]


@pytest.fixture
def second(classes):
    return classes.run("第二期")


def words_for(run, known, level=""):
    return [hit.words for hit in limits_hit(run, {known.learner_id: level}).get(known.learner_id, [])]


def test_without_a_rule_nothing_is_looked_for(second, known):
    assert words_for(second, known) == []


def test_a_second_class_of_the_programme_in_a_year_tells_bureau_and_year_only(second, known):
    limit(Repeat.YEAR)
    words = words_for(second, known)
    assert words == [f"{second.year} 年已在市人力资源社会保障局参加过本项目的培训。"]


@pytest.mark.parametrize("state", ["applied", "waiting", "rejected", "withdrawn", "no_show"])
def test_who_did_not_take_part_has_not_repeated(second, known, state):
    limit(Repeat.YEAR)
    Enrolment.objects.filter(pk=known.pk).update(state=state, waits_from=known.created_at)
    assert words_for(second, known) == []


def test_another_year_and_a_cancelled_class_are_no_repeat(second, known):
    limit(Repeat.YEAR)
    ClassRun.objects.filter(pk=known.run_id).update(year=second.year - 1)
    assert words_for(second, known) == []
    ClassRun.objects.filter(pk=known.run_id).update(year=second.year, state=ClassRun.State.CANCELLED)
    assert words_for(second, known) == []


def test_the_same_level_counts_in_any_year(second, known):
    limit(Repeat.LEVEL)
    ClassRun.objects.filter(pk=known.run_id).update(year=second.year - 3)
    assert len(words_for(second, known, "三级")) == 1
    assert words_for(second, known, "二级") == []
    assert words_for(second, known, "") == []


def test_sessions_at_the_same_hour_overlap(classes, second, known):
    limit(Repeat.HOUR)
    classes.session(known.run, starts_at=datetime.time(9), ends_at=datetime.time(12))
    own = classes.session(second, starts_at=datetime.time(12), ends_at=datetime.time(15))
    assert words_for(second, known) == []
    own.starts_at = datetime.time(11)
    own.save()
    assert words_for(second, known) == [f"与市人力资源社会保障局 {second.year} 年另一班次的课次时间重叠。"]


def test_the_programmes_own_rule_goes_before_the_general_one(second, known):
    limit(Repeat.YEAR, Effect.BLOCK)
    limit(Repeat.YEAR, Effect.WARN, programme=second.programme)
    assert not limits_hit(second, {known.learner_id: ""})[known.learner_id][0].blocks


def test_a_block_refuses_and_a_warning_does_not(second, known, officer):
    person = Person("王小明", learner=known.learner_id)
    rule = limit(Repeat.YEAR, Effect.BLOCK)
    with pytest.raises(CannotEnrol, match="已在市人力资源社会保障局"):
        entering.enrol(second.pk, person, by=officer)
    rule.effect = Effect.WARN
    rule.save()
    assert entering.enrol(second.pk, person, by=officer).state == Enrolment.State.ADMITTED


def test_the_others_of_a_list_are_enrolled(second, known, officer):
    limit(Repeat.YEAR, Effect.BLOCK)
    other = Learner.objects.create(name="李秀英")
    people = [Person("王小明", learner=known.learner_id), Person("李秀英", learner=other.pk)]
    done = entering.enrol_all(second.pk, people, by=officer)
    assert [one.name for one in done.enrolments] == ["李秀英"]
    assert [verdict.person.name for verdict in done.refused] == ["王小明"]


def test_it_is_asked_again_when_somebody_is_admitted(second, known, officer):
    applied = Enrolment.objects.create(
        run=second, learner=known.learner, name="王小明", district=second.district, state="applied"
    )
    limit(Repeat.YEAR, Effect.BLOCK)
    with pytest.raises(CannotEnrol, match="本项目"):
        deciding.admit(second.pk, [applied.pk], by=officer)


def test_the_number_of_queries_is_fixed(classes, second, django_assert_max_num_queries):
    for repeat in Repeat:
        limit(repeat)
    for number in range(3):
        other = classes.run(f"班{number}")
        classes.session(other)
        classes.enrol(other, *(f"学员{number}{n}" for n in range(10)), level="三级")
    classes.session(second)
    levels = dict.fromkeys(Learner.objects.values_list("pk", flat=True), "三级")
    with django_assert_max_num_queries(5):
        assert len(limits_hit(second, levels)) == 30
