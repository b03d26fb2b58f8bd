"""我的培训: hours against the duty, certificates, whom an account looks after; large type for elders."""

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bureaus.models import AuditEvent, User
from certificates.drawing.defaults import default_layouts
from certificates.issuing import issue
from certificates.models import Certificate
from courses.models import Enrolment, Programme
from learners.models import AccountLink, Holder, Learner, Standing, TargetGroup

OWN = reverse("certificates:own")


@pytest.fixture
def certificate(run, terms, version, learner) -> Certificate:
    """Drawn for `learner`."""
    enrolment = Enrolment.objects.create(
        run=run,
        learner=learner,
        name=learner.name,
        district=run.district,
        state="completed",
        assessment="passed",
        hours=Decimal(24),
    )
    Holder.objects.create(learner=learner, bureau=run.bureau)
    return issue(run, [enrolment], terms, user=None)[0]


def test_the_ring_the_words_and_the_reason_say_the_same(run, learner, login, learner_user):
    year = timezone.localdate().year
    run.year = year
    run.save()
    cadres = TargetGroup.objects.get(code="cadres")
    Standing.objects.create(learner=learner, group=cadres, level="乡科级正职")
    Enrolment.objects.create(
        run=run,
        learner=learner,
        name="王小明",
        district=run.district,
        state="completed",
        hours=Decimal("30.5"),
    )
    page = login(learner_user).get(OWN).content.decode()
    assert 'aria-label="已学 30.5 学时，应完成 90 学时"' in page
    assert 'stroke-dasharray="33 100"' in page
    assert '还差 <b class="number">59.5</b> 学时' in page
    assert "按台账或单位登记的数，计入班次年度" in page
    assert "干部教育培训工作条例" in page


def test_an_account_goes_over_to_whom_it_helps_and_to_nobody_else(login, learner_user, learner):
    grandma, stranger = Learner.objects.create(name="奶奶"), Learner.objects.create(name="别人")
    AccountLink.objects.create(
        user=learner_user, learner=grandma, relation="helper", consented_at=timezone.now()
    )
    client = login(learner_user)
    assert f'href="?of={grandma.pk}"' in client.get(OWN).content.decode()
    assert "代管奶奶" in client.get(OWN, {"of": grandma.pk}).content.decode()
    for wrong in (stranger.pk, "x", "", 0):
        assert client.get(OWN, {"of": wrong}).status_code == 404


def test_a_certificate_is_shown_with_its_code_and_given_as_pdf(certificate, login, learner_user):
    client = login(learner_user)
    page = client.get(reverse("certificates:own-certificate", args=[certificate.pk])).content.decode()
    assert certificate.number in page
    assert "own-code-picture" in page


def test_the_pdf_is_the_one_that_was_issued(certificate, login, learner_user):
    version = certificate.version
    type(version).objects.filter(pk=version.pk).update(layout=default_layouts()["结业证书"])
    answer = login(learner_user).get(reverse("certificates:own-certificate-pdf", args=[certificate.pk]))
    assert answer.content.startswith(b"%PDF")
    assert answer["Content-Type"] == "application/pdf"
    assert learner_user.name not in answer["Content-Disposition"]


def test_a_certificate_from_elsewhere_has_no_pdf_here(certificate, login, learner_user):
    Certificate.objects.update(origin="recorded")
    client = login(learner_user)
    assert client.get(reverse("certificates:own-certificate", args=[certificate.pk])).status_code == 200
    assert client.get(reverse("certificates:own-certificate-pdf", args=[certificate.pk])).status_code == 404


@pytest.mark.parametrize("name", ["own-certificate", "own-certificate-pdf"])
def test_anothers_certificate_does_not_exist(certificate, login, learner_user, officer, coordinator, name):
    address = reverse(f"certificates:{name}", args=[certificate.pk])
    for user in (officer, coordinator, User.objects.create(username="别人")):
        assert login(user).get(address).status_code == 404
    AccountLink.objects.update(until=timezone.localdate() - datetime.timedelta(days=1))
    assert login(learner_user).get(address).status_code == 404


# --- Helpers ------------------------------------------------------------------------------------


@pytest.fixture
def held(learner, bureau) -> Learner:
    Holder.objects.create(learner=learner, bureau=bureau)
    return learner


@pytest.fixture
def said() -> dict[str, str]:
    today = timezone.localdate().isoformat()
    return {"username": "daughter", "name": "王小红", "consented_on": today, "how": "written", "until": ""}


def test_a_helper_without_consent_is_refused_by_the_database(learner, officer):
    with pytest.raises(IntegrityError):
        AccountLink.objects.create(user=officer, learner=learner, relation="helper")


def test_an_officer_lets_a_helper_in_with_a_new_account(held, login, officer, said):
    address = reverse("certificates:helpers", args=[held.pk])
    page = login(officer).post(address, said)
    link = held.account_links.get()
    assert (link.relation, link.consented_how, link.user.name) == ("helper", "written", "王小红")
    assert link.user.must_change_password
    assert page["Cache-Control"].count("no-store")
    client = Client()
    client.force_login(link.user)
    event = AuditEvent.objects.get(deed=AuditEvent.Deed.HELPER_CHANGED)
    assert held.name not in event.object_label
    assert "王小红" not in str(event.after)
    password = page.context["password"]
    assert link.user.check_password(password)
    assert password not in login(officer).get(address).content.decode()


def test_an_account_is_taken_only_with_its_own_name(held, login, officer, said):
    User.objects.create(username="daughter", name="别的人")
    address = reverse("certificates:helpers", args=[held.pk])
    assert login(officer).post(address, said).status_code == 422
    assert not held.account_links.exists()
    assert login(officer).post(address, said | {"name": "别的人"}).status_code == 200
    assert held.account_links.get().user.name == "别的人"


def test_ones_own_account_is_no_helper(held, learner_user, login, officer, said):
    answer = login(officer).post(
        reverse("certificates:helpers", args=[held.pk]), said | {"username": "王小明", "name": "王小明"}
    )
    assert answer.status_code == 422
    assert held.account_links.get().relation == "self"


@pytest.mark.parametrize(
    "wrong",
    [
        {"consented_on": ""},
        {"consented_on": "2999-01-01"},
        {"how": ""},
        {"until": "2020-01-01"},
        {"name": ""},
    ],
)
def test_consent_must_be_on_record(held, login, officer, said, wrong):
    answer = login(officer).post(reverse("certificates:helpers", args=[held.pk]), said | wrong)
    assert answer.status_code == 422
    assert not held.account_links.exists()


def test_a_helper_who_was_ended_sees_nothing_at_once(held, login, officer, said):
    client = login(officer)
    client.post(reverse("certificates:helpers", args=[held.pk]), said)
    link = held.account_links.get()
    User.objects.update(must_change_password=False)
    assert held.name in login(link.user).get(OWN).content.decode()
    end = reverse("certificates:helper-end", args=[held.pk, link.pk])
    assert client.get(end).status_code == 405
    assert client.post(end).status_code == 302
    assert held.name not in login(link.user).get(OWN).content.decode()
    client.post(reverse("certificates:helpers", args=[held.pk]), said)
    assert held.account_links.get().until is None


def test_others_let_no_helper_in(held, login, outsider, reviewer, said):
    address = reverse("certificates:helpers", args=[held.pk])
    assert login(outsider).post(address, said).status_code == 404
    assert login(reviewer).post(address, said).status_code == 403


def test_ones_own_account_is_not_ended_as_a_helper(held, learner_user, login, officer):
    link = AccountLink.objects.get()
    end = reverse("certificates:helper-end", args=[held.pk, link.pk])
    assert login(officer).post(end).status_code == 404


def test_an_officer_is_no_helper_on_ones_own_word(held, login, officer, said):
    """Who writes down the consent must be another than who gains by it."""
    answer = login(officer).post(
        reverse("certificates:helpers", args=[held.pk]),
        said | {"username": officer.username, "name": officer.name},
    )
    assert (answer.status_code, "不能把自己登记为代管家人" in answer.content.decode()) == (422, True)
    assert not held.account_links.filter(relation="helper").exists()


@pytest.mark.parametrize("name", ["13800000001", "439999198506122826", "43999919850612282X"])
def test_a_user_name_is_no_number_that_tells_a_person(held, login, officer, said, name):
    answer = login(officer).post(reverse("certificates:helpers", args=[held.pk]), said | {"username": name})
    assert answer.status_code == 422
    assert not User.objects.filter(username=name).exists()


@pytest.fixture
def helped(held, learner_user) -> AccountLink:
    """The daughter looks after the record, too."""
    daughter = User.objects.create_user("daughter", name="王小红")
    kept = {"relation": "helper", "consented_at": timezone.now(), "consented_how": "written"}
    return AccountLink.objects.create(user=daughter, learner=held, **kept)


def test_the_learner_takes_back_the_consent(helped, held, login, learner_user):
    end = reverse("certificates:own-helper-end", args=[helped.pk])
    assert end in login(learner_user).get(reverse("certificates:own-data")).content.decode()
    assert login(learner_user).get(end).status_code == 405
    assert login(learner_user).post(end).status_code == 302
    assert held.name not in login(helped.user).get(OWN).content.decode()
    event = AuditEvent.objects.get(deed=AuditEvent.Deed.HELPER_CHANGED)
    assert (event.user, event.bureau) == (learner_user, held.holders.get().bureau)


def test_a_helper_ends_neither_another_nor_the_learner(helped, held, login, learner_user):
    other = User.objects.create_user("son", name="王小刚")
    AccountLink.objects.create(
        user=other, learner=held, relation="helper", consented_at=timezone.now(), consented_how="written"
    )
    links = list(AccountLink.objects.all())
    for user in (helped.user, other):
        page = login(user).get(reverse("certificates:own-data")).content.decode()
        for link in links:
            end = reverse("certificates:own-helper-end", args=[link.pk])
            assert end not in page
            assert login(user).post(end).status_code == 404


# --- Large type ---------------------------------------------------------------------------------


def is_large(client: Client) -> bool:
    return 'data-type="large"' in client.get(OWN).content.decode()


def test_elders_see_large_type_until_they_choose(learner, login, learner_user):
    client = login(learner_user)
    assert not is_large(client)
    Standing.objects.create(learner=learner, group=TargetGroup.objects.get(code="seniors"))
    assert is_large(client)
    client.post(reverse("bureaus:type"), {"type": "standard"})
    assert not is_large(client)


def test_a_class_for_elders_is_enough(learner, login, learner_user, run):
    run.programme = Programme.objects.get(name="智慧助老行动")
    run.save()
    Enrolment.objects.create(run=run, learner=learner, name="王小明", district=run.district)
    assert is_large(login(learner_user))


def test_who_helps_an_elder_keeps_standard_type(learner, login, learner_user):
    grandma = Learner.objects.create(name="奶奶")
    Standing.objects.create(learner=grandma, group=TargetGroup.objects.get(code="seniors"))
    AccountLink.objects.create(
        user=learner_user, learner=grandma, relation="helper", consented_at=timezone.now()
    )
    assert not is_large(login(learner_user))
