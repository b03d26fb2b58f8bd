"""Who may open what: every route, for every role, against one table. A route without a line fails."""

import uuid

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from bureaus.models import Bureau, District, Membership, User, YearClose
from courses.models import ClassRun, Enrolment, Programme, QuotaPeriod, Session, Trainer
from learners.models import Holder, Learner
from ledgers.models import LedgerImport

ROLES = (
    *("coordinator", "administrator", "officer", "reviewer", "auditor", "trainer", "technician"),
    *("outsider", "learner_user"),
)
SIGNED_IN = set(ROLES)
OFFICE = {"coordinator", "administrator", "officer", "outsider"}
READERS = OFFICE | {"reviewer"}
CLOSERS = {"coordinator", "administrator"}
AUDITORS = {"coordinator", "administrator", "auditor"}

# Route: (method, roles that get through, roles for whom the object does not exist).
# Everybody else signed in gets 403; a stranger is sent to the sign-in page.
TABLE = {
    "ledgers:home": ("get", SIGNED_IN, set()),
    "ledgers:progress": ("get", READERS, set()),
    # Led by 市农业农村局, where the cast works.
    "ledgers:commitment": ("get", {"coordinator", "administrator", "officer"}, set()),
    "ledgers:export": ("get", READERS, set()),
    "ledgers:export-file": ("get", READERS, set()),
    "ledgers:runs": ("get", READERS | {"trainer"}, set()),
    "ledgers:sessions": ("get", READERS | {"trainer"}, set()),
    "ledgers:enrolments": ("get", READERS, set()),
    "ledgers:learners": ("get", READERS, set()),
    "ledgers:certificates": ("get", READERS, set()),
    "ledgers:imports": ("get", READERS, set()),
    "ledgers:import-new": ("get", OFFICE, set()),
    "ledgers:import": ("get", READERS - {"outsider"}, {"outsider"}),
    "ledgers:import-status": ("get", READERS - {"outsider"}, {"outsider"}),
    "ledgers:import-faulty": ("get", READERS - {"outsider"}, {"outsider"}),
    # Only who uploaded it: the officer.
    "ledgers:import-terms": ("post", {"officer"}, {"outsider"}),
    "ledgers:import-reopen": ("post", {"officer"}, {"outsider"}),
    "ledgers:import-confirm": ("post", {"officer"}, {"outsider"}),
    "ledgers:import-drop": ("post", {"officer"}, {"outsider"}),
    "ledgers:import-undo": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "ledgers:templates": ("get", READERS, set()),
    "ledgers:template": ("get", READERS, set()),
    "courses:run": ("get", (READERS | {"trainer"}) - {"outsider"}, {"outsider"}),
    "courses:session": ("get", (READERS | {"trainer"}) - {"outsider"}, {"outsider"}),
    "certificates:record": ("get", READERS - {"outsider"}, {"outsider"}),
    "certificates:own": ("get", SIGNED_IN, set()),
    "bureaus:type": ("post", SIGNED_IN | {"stranger"}, set()),
    "bureaus:language": ("post", SIGNED_IN | {"stranger"}, set()),
    "bureaus:audit": ("get", AUDITORS, set()),
    "bureaus:years": ("get", CLOSERS, set()),
    "bureaus:close-year": ("post", CLOSERS, set()),
    "bureaus:reopen-year": ("post", CLOSERS, set()),
}


def our_routes(resolver=None, space=""):
    """The names of all routes but the admin's and allauth's."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{entry.namespace}:" if entry.namespace else space
            if entry.namespace != "admin":
                yield from our_routes(entry, inner)
        elif isinstance(entry, URLPattern) and entry.name and not entry.name.startswith("account_"):
            yield f"{space}{entry.name}"


@pytest.fixture
def place(bureau, officer, learner, trainer):
    """One object of each kind, all of the officer's bureau; the trainer teaches the session."""
    programme = Programme.objects.get(name="乡村致富带头人培训计划")
    home = {"bureau": bureau, "district": programme.plan.city, "year": 2024}
    run = ClassRun.objects.create(programme=programme, name="一班", **home)
    session = Session.objects.create(programme=programme, run=run, title="一课", held_on="2024-03-05", **home)
    teacher = Trainer.objects.create(name="罗老师", bureau=bureau, user=trainer)
    session.trainers.add(teacher)
    Enrolment.objects.create(run=run, learner=learner, name="王小明", district=home["district"])
    Holder.objects.create(learner=learner, bureau=bureau)
    batch = LedgerImport.objects.create(
        bureau=bureau, uploaded_by=officer, file_name="台账.xlsx", state=LedgerImport.State.PREVIEW, year=2024
    )
    period = QuotaPeriod.objects.get(quota__words__startswith="组织200家以上企业")
    closed = YearClose.objects.create(bureau=bureau, year=2020)
    return {
        "ledgers:commitment": {"pk": period.pk},
        "ledgers:template": {"group": "teachers"},
        "courses:run": {"pk": run.pk},
        "courses:session": {"pk": session.pk},
        "certificates:record": {"pk": learner.pk},
        "bureaus:reopen-year": {"pk": closed.pk},
    } | {
        name: {"pk": batch.pk}
        for name in TABLE
        if name.startswith("ledgers:import-") or name == "ledgers:import"
    }


def address(name, place):
    no_object = name in ("ledgers:import-new", "ledgers:imports")
    return reverse(name, kwargs={} if no_object else place.get(name, {}))


def test_every_route_has_a_line():
    assert set(our_routes()) == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_each_role_gets_what_the_table_says(name, request, place, login):
    method, through, unseen = TABLE[name]
    wrong = {}
    for role in ROLES:
        status = getattr(login(request.getfixturevalue(role)), method)(address(name, place)).status_code
        expected = {404} if role in unseen else {200, 302, 422} if role in through else {403}
        if status not in expected:
            wrong[role] = status
    assert wrong == {}


@pytest.mark.parametrize("name", [name for name in TABLE if "stranger" not in TABLE[name][1]])
def test_a_stranger_is_sent_to_the_sign_in_page(name, place):
    response = getattr(Client(), TABLE[name][0])(address(name, place))
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("name", [name for name in TABLE if TABLE[name][0] == "post"])
def test_what_changes_data_is_post_only(name, place, login, coordinator):
    assert login(coordinator).get(address(name, place)).status_code == 405


@pytest.mark.parametrize("name", ["account_login", "account_signup", "account_inactive"])
def test_the_pages_before_signing_in_are_open(name, db):
    assert Client().get(reverse(name)).status_code == 200


@pytest.mark.parametrize(
    "name", ["account_change_password", "account_set_password", "account_reauthenticate"]
)
def test_the_other_account_pages_are_for_those_who_signed_in(name, db):
    assert Client().get(reverse(name))["Location"].startswith(reverse("account_login"))


def test_a_learner_without_a_role_comes_home_to_ones_own_record(login, learner_user):
    response = login(learner_user).get("/")
    assert response["Location"] == reverse("certificates:own")


def test_the_admin_is_for_the_technician_and_holds_no_learner(login, officer, technician, place):
    technician.is_staff = technician.is_superuser = True
    technician.save()
    page = login(technician).get("/admin/")
    assert page.status_code == 200
    assert "/admin/learners/learner/" not in page.content.decode()
    assert "/admin/courses/enrolment/" not in page.content.decode()
    assert login(officer).get("/admin/").status_code == 302


def test_a_disabled_account_is_out_at_once(login, officer):
    client = login(officer)
    officer.is_active = False
    officer.save()
    assert client.get("/").status_code == 302


def test_a_district_reach_sees_what_is_in_the_district_and_no_more(login, plan, place, bureau):
    county = Bureau.objects.create(name="韶山市农业农村局", district=District.objects.get(name="韶山市"))
    user = User.objects.create(username="韶山")
    Membership.objects.create(
        user=user, bureau=county, role=Membership.Role.REVIEWER, reach=Membership.Reach.DISTRICT
    )
    run = ClassRun.objects.get()
    assert login(user).get(reverse("courses:run", args=[run.pk])).status_code == 404
    ClassRun.objects.update(district=county.district)
    assert login(user).get(reverse("courses:run", args=[run.pk])).status_code == 200


def test_reach_below_follows_the_professional_line(login, bureau, administrator, officer):
    county = Bureau.objects.create(name="湘潭县农业农村局", parent=bureau)
    batch = LedgerImport.objects.create(
        id=uuid.uuid4(), bureau=county, file_name="县.xlsx", state="applied", year=2024
    )
    assert login(administrator).get(reverse("ledgers:import", args=[batch.pk])).status_code == 200
    assert login(officer).get(reverse("ledgers:import", args=[batch.pk])).status_code == 404


def test_an_unknown_learner_and_another_bureaus_look_alike(login, outsider, place):
    known = Learner.objects.get()
    client = login(outsider)
    responses = [client.get(reverse("certificates:record", args=[pk])) for pk in (known.pk, known.pk + 999)]
    assert [response.status_code for response in responses] == [404, 404]
