"""Pages of classes at 360 px: axe finds no violation of WCAG 2 A and AA, none is wider than the screen."""

import pytest
from django.utils import timezone

from courses.check_in.codes import code_for
from courses.evaluating import link_token
from courses.models import Session
from tests.browser.conftest import add_session, is_sound, key_at

pytestmark = pytest.mark.browser
# Addresses by the demo account that opens them; what stands in braces is looked up in `places`.
PAGES = {
    "jiaoshi": (
        "/",
        "/today/",
        "/sessions/{session}/",
        "/sessions/{session}/register/",
        "/sessions/{lecture}/register/",
        "/sessions/{session}/code/",
        "/sessions/{session}/digits/",
        "/sessions/{session}/proxy/",
        "/sessions/{session}/sheet/",
        "/sessions/{session}/sheet/read/",
        "/sessions/{session}/board/",
        "/sessions/{session}/evaluate/code/",
        "/sessions/{held}/evaluations/",
        "/sessions/{held}/register/",
        "/marks/",
        "/offline/",
        "/calendar/",
        "/calendar/?view=month",
        "/calendar/feed/",
        "/workload/",
        "/workload/{trainer}/",
        "/runs/{run}/",
    ),
    "xueyuan": (
        "/",
        "/my/",
        "/my/classes/",
        "/open/",
        "/courses/",
        "/courses/{course}/",
        "/runs/{open}/notice/",
        "/runs/{open}/apply/",
        "/enrolments/{enrolment}/hours/",
        "/my/classes/{enrolment}/sessions/{held}/appeal/",
        "/in/{code}/",
        "/say/{token}/",
    ),
    "tongchou": (
        "/runs/{open}/applications/",
        "/runs/{open}/enrol/",
        "/runs/{open}/enrol/?from=paste",
        "/runs/{run}/finish/",
        "/runs/{run}/",
        "/runs/new/",
        "/runs/{run}/edit/",
        "/runs/{run}/copy/",
        "/runs/{run}/cancel/",
        "/runs/copy/",
        "/runs/{run}/sessions/new/",
        "/sessions/{session}/edit/",
        "/sessions/{session}/move/",
        "/sessions/{session}/cancel/",
        "/walk-ins/",
        "/appeals/",
        "/appeals/{appeal}/",
        "/notices/",
        "/programmes/",
        "/programmes/new/",
        "/programmes/{programme}/",
        "/programmes/{programme}/edit/",
        "/courses/new/",
        "/courses/{course}/edit/",
        "/trainers/",
        "/trainers/{trainer}/",
        "/trainers/new/",
        "/workload/",
        "/calendar/",
        "/certificate-templates/",
        "/certificate-templates/new/",
        "/certificate-templates/{template}/",
        "/certificate-templates/{template}/edit/",
        "/certificate-pictures/",
        "/certificate-pictures/new/",
    ),
    "": ("/runs/{open}/notice/", "/in/{code}/", "/say/{token}/"),
}


@pytest.fixture(scope="module")
def places(seats):
    """What the addresses name, as the pages lead there."""
    trainer, learner, office = seats("jiaoshi"), seats("xueyuan"), seats("tongchou")
    session = add_session(trainer, "无障碍的课")
    run = key_at(trainer, f"/sessions/{session}/", r"/runs/(\d+)/", "培训班")
    return {
        "session": session,
        "run": run,
        "lecture": key_at(trainer, "/today/", r"/sessions/(\d+)/", "防诈骗讲座"),
        "held": key_at(trainer, f"/runs/{run}/", r"/sessions/(\d+)/"),
        "open": key_at(learner, "/open/", r"/runs/(\d+)/notice/"),
        "course": key_at(learner, "/courses/", r"/courses/(\d+)/"),
        "enrolment": key_at(learner, "/my/classes/", r"/enrolments/(\d+)/hours/"),
        "appeal": key_at(office, "/appeals/", r"/appeals/(\d+)/"),
        "programme": key_at(office, "/programmes/", r"/programmes/(\d+)/", "培训科技辅导员"),
        "template": key_at(office, "/certificate-templates/", r"/certificate-templates/(\d+)/"),
        "trainer": key_at(office, "/trainers/", r"/trainers/(\d+)/", "罗老师"),
    }


@pytest.fixture
def codes(places):
    """Of the moment: what people scan to check in, and to evaluate yesterday's session."""
    return {
        "code": code_for(Session(pk=places["session"]), timezone.now()),
        "token": link_token(Session(pk=places["held"])),
    }


@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
@pytest.mark.parametrize(
    ("user", "address"), [(user, page) for user, pages in PAGES.items() for page in pages]
)
def test_axe_finds_nothing_and_the_page_fits(seats, places, codes, user, address, large):
    page = seats(user, large=large)
    assert page.goto(address.format(**places, **codes)).status == 200
    is_sound(page)
