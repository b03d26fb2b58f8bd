"""What two phones said of the same person: the rule in every order, and the page where a person decides."""

import datetime
import itertools
import uuid
from collections import defaultdict

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from bureaus.models import AuditEvent, User, YearClose
from courses.models import Attendance, Mark, Session
from courses.registering import Presence, register
from courses.settling import settle
from courses.syncing import Room, Sender, Tap, consider, receive
from tests.classes.conftest import DAY

NOW = timezone.make_aware(datetime.datetime(2025, 9, 20, 12))
PHONES = [uuid.UUID(int=1), uuid.UUID(int=2)]
USERS = [User(pk=1, username="甲"), User(pk=2, username="乙")]
STATES = ["present", "late", "absent"]
# Which phone, what it says, what the page showed, at which minute.
TAPS = st.lists(
    st.tuples(
        st.integers(0, 1), st.sampled_from(STATES), st.sampled_from(["", *STATES]), st.integers(0, 300)
    ),
    min_size=1,
    max_size=6,
)


def of_phones(values):
    """The marks of two phones on one person; on each phone the clock goes on."""
    found = []
    for phone in (0, 1):
        own = sorted((one for one in values if one[0] == phone), key=lambda one: one[3])
        for number, (_phone, state, seen, minute) in enumerate(own):
            key = uuid.UUID(int=1000 * phone + number)
            marked_at = NOW - datetime.timedelta(minutes=300 - minute)
            tap = Tap(key, number, 1, state, marked_at, enrolment=7, seen=seen)
            found.append((tap, Sender(USERS[phone], PHONES[phone], NOW)))
    return found


def brought(sent):
    """What stands and which marks came of it, when they come in one by one in this order."""
    session = Session(pk=1, held_on=NOW.date(), starts_at=datetime.time(9), ends_at=datetime.time(12))
    room = Room(session, "", {7: "admitted"}, {}, defaultdict(list))
    marks = {tap.key: consider(tap, room, sender) for tap, sender in sent}
    return room.standing[7], marks


def is_open(mark):
    return mark.outcome == Mark.Outcome.CONFLICT and mark.settled_at is None


def last_of(sent, phone):
    own = [tap for tap, sender in sent if sender.device == PHONES[phone]]
    return max(own, key=lambda tap: tap.number, default=None)


@settings(max_examples=300, deadline=None)
@given(TAPS, st.randoms(use_true_random=False))
def test_in_any_order_nothing_is_lost(values, random):
    sent = of_phones(values)
    random.shuffle(sent)
    standing, marks = brought(sent)
    assert all(mark.outcome for mark in marks.values())
    for phone in (0, 1):
        last = last_of(sent, phone)
        if last is None:
            continue
        mark = marks[last.key]
        stands = mark.agrees_with(standing)
        by_another = not is_open(mark) and was_seen(mark, marks.values())
        assert stands or is_open(mark) or by_another


def was_seen(mark, marks):
    """Whether somebody else saw what it says, and said otherwise later."""
    return any(
        other.hand != mark.hand and other.seen == mark.state and other.marked_at > mark.marked_at
        for other in marks
    )


@settings(max_examples=150, deadline=None)
@given(TAPS.filter(lambda values: len(values) <= 4))
def test_every_order_ends_the_same_or_with_an_open_conflict(values):
    ends = set()
    for sent in itertools.permutations(of_phones(values)):
        standing, marks = brought(sent)
        if not any(is_open(mark) for mark in marks.values()):
            ends.add(standing.state)
    assert len(ends) <= 1


@settings(max_examples=150, deadline=None)
@given(TAPS)
def test_two_phones_that_never_saw_each_other_end_open_where_they_differ(values):
    sent = of_phones([(phone, state, "", minute) for phone, state, _seen, minute in values])
    first, second = last_of(sent, 0), last_of(sent, 1)
    if first is None or second is None:
        return
    for order in itertools.islice(itertools.permutations(sent), 24):
        standing, marks = brought(order)
        still = [mark for mark in marks.values() if is_open(mark)]
        assert bool(still) == (first.state != second.state)
        assert {standing.state, *(mark.state for mark in still)} == {first.state, second.state}


# --- A person decides ---------------------------------------------------------------------------


def tap_of(enrolment, session, state, *, number=1, **values):
    values = {"key": uuid.uuid4(), "marked_at": timezone.now(), "seen": ""} | values
    return Tap(number=number, session=session.pk, enrolment=enrolment.pk, state=state, **values)


def sent_by(user, phone=0):
    return Sender(user, PHONES[phone], timezone.now())


@pytest.fixture
def colleague(officer, session):
    """Who has the same class on another phone: the officer of the bureau."""
    return officer


@pytest.fixture
def conflict(session, enrolments, trainer, colleague) -> Mark:
    """The trainer says present, the colleague absent; neither saw the other."""
    receive([tap_of(enrolments[0], session, "present")], sent_by(trainer))
    receive([tap_of(enrolments[0], session, "absent")], sent_by(colleague, 1))
    return Mark.objects.open_conflicts().get()


def test_a_conflict_overwrites_nothing_and_shows_both(conflict, login, trainer, text):
    assert Attendance.objects.get().state == "present"
    page = text(login(trainer).get("/marks/"))
    for word in ("王小明", "李经办", "罗老师", "缺席", "保留", "核对"):
        assert word in page


def test_todays_page_says_how_many_wait(conflict, login, trainer, outsider, text):
    assert "有 1 条点名记录两部手机不一样" in text(login(trainer).get("/today/"))
    assert "两部手机不一样" not in text(login(outsider).get("/today/"))


def test_one_tap_takes_the_other_value_with_its_line_in_the_audit(conflict, login, trainer):
    login(trainer).post(f"/marks/{conflict.pk}/settle/", {"choice": "take"})
    assert Attendance.objects.get().state == "absent"
    conflict.refresh_from_db()
    assert (conflict.settled_by, bool(conflict.settled_at)) == (trainer, True)
    assert AuditEvent.objects.filter(deed__startswith="attendance.").count() == 2


def test_one_tap_keeps_what_stands(conflict, login, trainer):
    login(trainer).post(f"/marks/{conflict.pk}/settle/", {"choice": "keep"})
    assert Attendance.objects.get().state == "present"
    assert not Mark.objects.open_conflicts().exists()


def test_a_second_tap_changes_nothing_more(conflict, trainer, colleague):
    assert settle(conflict.pk, user=trainer, take=False, at=timezone.now())
    assert not settle(conflict.pk, user=colleague, take=True, at=timezone.now())
    assert Attendance.objects.get().state == "present"


def test_days_later_it_can_still_be_settled(conflict, session, trainer):
    assert settle(conflict.pk, user=trainer, take=True, at=timezone.now() + 9 * DAY)
    assert Attendance.objects.get().state == "absent"


def test_what_the_same_phone_says_later_ends_its_conflict(conflict, session, enrolments, colleague):
    receive([tap_of(enrolments[0], session, "present", number=2)], sent_by(colleague, 1))
    conflict.refresh_from_db()
    assert conflict.settled_at
    assert not Mark.objects.open_conflicts().exists()


def test_what_an_officer_wrote_on_the_page_is_not_overwritten_unseen(session, enrolments, trainer, colleague):
    register(session, [Presence(enrolments[0].pk, "leave")], user=colleague, at=timezone.now())
    [blind] = receive([tap_of(enrolments[0], session, "present")], sent_by(trainer))
    assert (blind.outcome, Attendance.objects.get().state) == ("conflict", "leave")
    [seeing] = receive([tap_of(enrolments[0], session, "late", number=2, seen="leave")], sent_by(trainer))
    assert (seeing.outcome, Attendance.objects.get().state) == ("written", "late")


def test_in_a_closed_year_nothing_is_settled_and_the_page_says_why(conflict, session, login, trainer):
    YearClose.objects.create(bureau=session.bureau, year=session.year)
    page = login(trainer).post(f"/marks/{conflict.pk}/settle/", {"choice": "take"}, follow=True)
    assert "已封账" in page.content.decode()
    assert Mark.objects.open_conflicts().count() == 1


def test_another_bureau_finds_no_conflict(conflict, login, outsider, text):
    assert login(outsider).post(f"/marks/{conflict.pk}/settle/").status_code == 404
    assert "王小明" not in text(login(outsider).get("/marks/"))


def test_a_reader_may_not_settle(conflict, login, reviewer):
    assert login(reviewer).post(f"/marks/{conflict.pk}/settle/").status_code == 403


def test_settling_is_posted(conflict, login, trainer):
    assert login(trainer).get(f"/marks/{conflict.pk}/settle/").status_code == 405


def test_refused_marks_are_listed_until_noted(session, enrolments, trainer, login, text):
    YearClose.objects.create(bureau=session.bureau, year=session.year)
    receive([tap_of(enrolments[0], session, "present")], sent_by(trainer))
    client = login(trainer)
    assert "已封账" in text(client.get("/marks/"))
    client.post(f"/marks/{Mark.objects.get().pk}/settle/")
    assert "已封账" not in text(client.get("/marks/"))


def test_the_page_asks_no_query_for_a_row(
    conflict, session, classes, trainer, colleague, login, django_assert_max_num_queries
):
    client = login(trainer)
    with django_assert_max_num_queries(20) as few:
        client.get("/marks/")
    for enrolment in classes.enrol(session.run, *(f"学员{number}" for number in range(6))):
        receive([tap_of(enrolment, session, "present")], sent_by(trainer))
        receive([tap_of(enrolment, session, "absent")], sent_by(colleague, 1))
    with django_assert_max_num_queries(len(few.captured_queries)):
        assert client.get("/marks/").content.decode().count("dispute-who") == 7
