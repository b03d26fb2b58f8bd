"""A learner's request for a correction is answered and applied in one step, for who is there to see it."""

import pytest
from django.urls import reverse

from bureaus.models import AuditEvent, YearClose
from certificates.issuing import issue
from certificates.models import Certificate
from learners.models import AccountLink, DataRequest, Holder, Identity, Learner
from tests.certificates.conftest import YEAR, enrol

DATA = reverse("certificates:own-data")


@pytest.fixture
def enrolment(run, learner_user):
    """王小名, as the bureau wrote it; her account looks after the record."""
    [made] = enrol(run, "王小名")
    AccountLink.objects.create(user=learner_user, learner=made.learner)
    Holder.objects.filter(learner=made.learner).update(phone="13800000001")
    return made


@pytest.fixture
def asked(enrolment, learner_user) -> DataRequest:
    return DataRequest.objects.create(
        learner=enrolment.learner, words="名字应是 王小明", asked_by=learner_user
    )


def page_of(asked):
    return reverse("certificates:data-request", args=[asked.pk])


def said(client, asked, **changed):
    """What the form would send, with what the officer changed on it."""
    form = client.get(page_of(asked)).context["form"]
    shown = {name: field.initial or "" for name, field in form.fields.items()}
    return shown | {"state": "done", "answer": "已核对身份证"} | changed


def answered(client, asked, **changed):
    return client.post(page_of(asked), said(client, asked, **changed), follow=True)


def test_the_page_shows_what_is_stored_now(login, officer, asked):
    page = login(officer).get(page_of(asked)).content.decode()
    assert "现在登记的：王小名" in page
    assert "现在登记的：13800000001" in page


def test_the_answer_corrects_the_name_here_and_in_the_enrolments(
    login, officer, asked, enrolment, learner_user
):
    page = answered(login(officer), asked, name="王小明").content.decode()
    assert "1 条参训记录里的姓名一并更正" in page
    assert '"改前">王小名<' in page
    assert '"改后">王小明<' in page
    enrolment.refresh_from_db()
    enrolment.learner.refresh_from_db()
    assert (enrolment.name, enrolment.learner.name) == ("王小明", "王小明")
    mine = login(learner_user).get(DATA, {"of": enrolment.learner_id}).content.decode()
    assert "姓名：王小名 → 王小明" in mine


def test_both_are_lines_of_the_audit_without_the_name(login, officer, asked, enrolment):
    answered(login(officer), asked, name="王小明", phone="13900000009")
    line = AuditEvent.objects.get(deed=AuditEvent.Deed.LEARNER_CORRECTED)
    assert (line.user, line.bureau, line.object_key) == (
        officer,
        enrolment.run.bureau,
        str(enrolment.learner_id),
    )
    assert line.before == {"learner_name": "王*名", "phone": "138********"}
    assert line.after == {"learner_name": "王*明", "phone": "139********", "enrolments": 1}
    assert [word for word in ("王小", "13900000009") if word in str(vars(line))] == []
    assert AuditEvent.objects.filter(deed=AuditEvent.Deed.DATA_REQUEST_DECIDED).count() == 1


def test_who_has_another_name_now_keeps_the_old_one_in_old_enrolments(login, officer, asked, enrolment):
    answered(login(officer), asked, name="王晓明", mistaken="no")
    enrolment.refresh_from_db()
    assert (enrolment.name, Learner.objects.get(pk=enrolment.learner_id).name) == ("王小名", "王晓明")


def test_certificates_stay_and_the_officer_is_led_to_replace_them(
    login, officer, asked, enrolment, terms, run
):
    [certificate] = issue(run, [enrolment], terms, user=officer)
    client = login(officer)
    page = answered(client, asked, name="王小明").content.decode()
    replace = reverse("certificates:replace", args=[certificate.pk, "correction"])
    assert (certificate.number in page, replace in page) == (True, True)
    certificate.refresh_from_db()
    assert (certificate.name, certificate.frozen["name"]) == ("王小名", "王小名")
    form = client.get(replace).context["form"]
    assert form["name"].value() == "王小明"
    client.post(replace, {"name": "王小明", "reason": "姓名更正"})
    assert Certificate.objects.get(replaces=certificate).name == "王小明"
    assert replace not in client.get(page_of(asked)).content.decode()


def test_the_next_ledger_knows_the_person_by_the_new_name_too(login, officer, asked, enrolment):
    kind, value, digest = Identity.by_employer("王小名", "韶山村合作社")
    Identity.objects.create(learner=enrolment.learner, kind=kind, value=value, digest=digest)
    answered(login(officer), asked, name="王小明")
    _kind, _value, new = Identity.by_employer("王小明", "韶山村合作社")
    assert Identity.objects.get(digest=new).learner == enrolment.learner
    assert Identity.objects.filter(learner=enrolment.learner).count() == 2
    assert [one.name for one in enrolment.learner.aliases.all()] == ["王小名"]


def test_an_enrolment_of_a_closed_year_stays_and_is_told(login, officer, asked, enrolment):
    YearClose.objects.create(bureau=enrolment.run.bureau, year=YEAR)
    page = answered(login(officer), asked, name="王小明").content.decode()
    assert "1 条在已封账的年度" in page
    enrolment.refresh_from_db()
    assert enrolment.name == "王小名"


def test_a_sex_that_a_closed_year_counts_is_not_changed(login, officer, asked, enrolment):
    YearClose.objects.create(bureau=enrolment.run.bureau, year=YEAR)
    answer = answered(login(officer), asked, gender="male", phone="13900000009")
    assert (answer.status_code, "已封账" in answer.content.decode()) == (422, True)
    asked.refresh_from_db()
    assert (asked.state, Learner.objects.get(pk=enrolment.learner_id).gender) == ("open", "female")
    assert Holder.objects.get(learner=enrolment.learner).phone == "13800000001"


def test_what_an_id_number_tells_is_not_asked(login, officer, asked, enrolment):
    kind, value, digest = Identity.by_id_number("439999198506122826")
    Identity.objects.create(learner=enrolment.learner, kind=kind, value=value, digest=digest)
    client = login(officer)
    assert not {"gender", "birth"} & set(client.get(page_of(asked)).context["form"].fields)
    client.post(page_of(asked), said(client, asked) | {"gender": "male", "birth": "1970"})
    learner = Learner.objects.get(pk=enrolment.learner_id)
    assert (learner.gender, learner.birth) == ("female", "1985")


def test_only_the_phone_of_ones_own_bureau_is_corrected(login, officer, asked, enrolment, other_bureau):
    Holder.objects.create(learner=enrolment.learner, bureau=other_bureau, phone="13700000003")
    client = login(officer)
    assert "13700000003" not in client.get(page_of(asked)).content.decode()
    answered(client, asked, phone="")
    assert sorted(Holder.objects.values_list("phone", flat=True)) == ["", "13700000003"]


def test_what_somebody_changed_meanwhile_is_not_written_over(login, officer, asked, enrolment):
    client = login(officer)
    form = said(client, asked, phone="13900000009")
    Learner.objects.update(name="王小茗")
    answer = client.post(page_of(asked), form)
    assert (answer.status_code, "刚被别人改过" in answer.content.decode()) == (422, True)
    assert (Learner.objects.get(pk=enrolment.learner_id).name, Holder.objects.get().phone) == (
        "王小茗",
        "13800000001",
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": " "}, "姓名"),
        ({"birth": "1985-6"}, "1985-06"),
        ({"gender": "x"}, "性别"),
        ({"state": "declined", "name": "王小明"}, "改回原样"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_changes(login, officer, asked, enrolment, changed, words):
    answer = answered(login(officer), asked, **changed)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    asked.refresh_from_db()
    assert (asked.state, Learner.objects.get(pk=enrolment.learner_id).name) == ("open", "王小名")


def test_declined_nothing_is_changed(login, officer, asked):
    answered(login(officer), asked, state="declined")
    asked.refresh_from_db()
    assert (asked.state, asked.changes) == ("declined", {})
    assert not AuditEvent.objects.filter(deed=AuditEvent.Deed.LEARNER_CORRECTED).exists()


def test_who_may_not(login, outsider, reviewer, asked):
    assert login(outsider).post(page_of(asked), {"state": "done"}).status_code == 404
    assert login(reviewer).post(page_of(asked), {"state": "done"}).status_code == 403
