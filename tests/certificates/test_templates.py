"""Templates on their pages: listed, begun, changed, restored, taken out of use; each change is a version."""

import datetime
from importlib import import_module

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.urls import reverse

from bureaus.models import AuditEvent
from certificates.choosing import ways_of
from certificates.defaults import load_default_templates
from certificates.designing import change_layout
from certificates.drawing.defaults import default_layouts
from certificates.drawing.parsing import parse
from certificates.forms.preparing import IssueRuleForm
from certificates.issuing import issue
from certificates.models import Certificate, Picture, PictureUse, Template, TemplateVersion
from certificates.pictures import add_picture
from certificates.printing import pdf_of
from tests.certificates.designs import edit, posted
from tests.certificates.papers import seal_file

pytestmark = pytest.mark.django_db
LAYOUT = default_layouts()["结业证书"]
SITE = "https://peixun.example.cn"


@pytest.fixture
def version(bureau) -> TemplateVersion:
    template = Template.objects.create(bureau=bureau, name="农业结业证", title="结业证书")
    return TemplateVersion.objects.create(template=template, number=1, layout=LAYOUT)


@pytest.fixture
def template(version) -> Template:
    return version.template


@pytest.fixture
def seal(bureau, officer, settings, tmp_path) -> Picture:
    settings.MEDIA_ROOT = tmp_path
    return add_picture(Picture(bureau=bureau, kind="seal", name="公章"), seal_file(), user=officer)


# --- The list, and a new one --------------------------------------------------------------------


def test_the_list_shows_the_citys_and_ones_own_with_what_was_drawn(
    login, officer, template, other_bureau, run, people, terms
):
    load_default_templates()
    Template.objects.create(bureau=other_bureau, name="别局的", title="结业证书")
    issue(run, people, terms, user=officer)
    page = login(officer).get(reverse("certificates:templates")).content.decode()
    assert "农业结业证" in page
    assert "学时证明" in page
    assert "别局的" not in page
    assert "第 1 版 · 发证 3 张" in page


def test_the_list_asks_no_more_for_more_templates(
    login, officer, template, bureau, django_assert_max_num_queries
):
    client = login(officer)
    for number in range(8):
        one = Template.objects.create(bureau=bureau, name=f"模板{number}", title="结业证书")
        TemplateVersion.objects.create(template=one, number=1, layout={})
    with django_assert_max_num_queries(16):
        client.get(reverse("certificates:templates"))


def test_without_inactive_ones_the_list_says_what_to_do(login, officer, template):
    page = login(officer).get(reverse("certificates:templates"), {"state": "inactive"}).content.decode()
    assert "没有这样的模板" in page


def test_a_template_begins_as_a_shipped_design(login, officer, bureau):
    sent = {"start": "default-合格证书（竖版）", "name": "合格证", "title": "合格证书", "bureau": bureau.pk}
    response = login(officer).post(reverse("certificates:template-new"), sent)
    made = Template.objects.get(name="合格证")
    assert response["Location"] == edit(made)
    assert parse(made.newest().layout) == parse(default_layouts()["合格证书（竖版）"])
    assert made.newest().made_by == officer
    line = AuditEvent.objects.get(deed=AuditEvent.Deed.TEMPLATE_CHANGED)
    assert (line.object_label, line.bureau) == ("合格证", bureau)


def test_a_copy_leaves_the_seal_with_its_owner(login, coordinator, template, seal, other_bureau, officer):
    layout = parse(LAYOUT | {"seal": LAYOUT["seal"] | {"digest": seal.digest}})
    change_layout(template, layout, based_on=1, user=officer)
    sent = {"start": f"template-{template.pk}", "name": "抄来的", "title": "结业证书"}
    client = login(coordinator)
    client.post(reverse("certificates:template-new"), sent | {"bureau": other_bureau.pk})
    copied = parse(Template.objects.get(name="抄来的").newest().layout)
    assert copied.seal.digest == ""
    assert (copied.seal.x, copied.texts) == (layout.seal.x, layout.texts)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "农业结业证"}, "本单位已有同名的模板"),
        ({"start": "default-奖状"}, "没有“default-奖状”这个选项"),
        ({"name": ""}, "请填写这一项"),
    ],
)
def test_a_faulty_new_template_is_refused(login, officer, template, bureau, change, sentence):
    sent = {"start": "default-结业证书", "name": "新", "title": "结业证书", "bureau": bureau.pk} | change
    response = login(officer).post(reverse("certificates:template-new"), sent)
    assert response.status_code == 422
    assert sentence in response.content.decode()


def test_an_officer_makes_none_for_another_bureau_or_the_city(login, officer, bureau, other_bureau):
    client = login(officer)
    for key in (other_bureau.pk, ""):
        sent = {"start": "default-结业证书", "name": "新", "title": "结业证书", "bureau": key}
        assert client.post(reverse("certificates:template-new"), sent).status_code == 422
    assert not Template.objects.exists()


def test_the_coordinator_makes_one_for_the_city(login, coordinator):
    sent = {"start": "default-结业证书", "name": "全市结业证", "title": "结业证书", "bureau": ""}
    login(coordinator).post(reverse("certificates:template-new"), sent)
    assert Template.objects.get(name="全市结业证").bureau is None


# --- What becomes of a template -----------------------------------------------------------------


def test_an_old_version_is_restored_as_the_newest(login, officer, template):
    change_layout(template, parse(LAYOUT | {"qr": None}), based_on=1, user=officer)
    client = login(officer)
    client.post(reverse("certificates:template-restore", args=[template.pk, 1]))
    assert [one.number for one in template.versions.order_by("number")] == [1, 2, 3]
    assert parse(template.newest().layout) == parse(LAYOUT)
    assert template.newest().note == "恢复第 1 版"
    page = client.post(reverse("certificates:template-restore", args=[template.pk, 3]), follow=True)
    assert "版面没有变化" in page.content.decode()
    assert client.post(reverse("certificates:template-restore", args=[template.pk, 9])).status_code == 404


def test_a_version_is_shown_as_a_picture(login, officer, template):
    client = login(officer)
    address = reverse("certificates:template-picture", args=[template.pk, 1])
    small, large = client.get(address), client.get(address, {"large": "1", "sample": "rare"})
    assert small["Content-Type"] == "image/png"
    assert small.content.startswith(b"\x89PNG")
    assert len(large.content) > len(small.content)
    assert client.get(reverse("certificates:template-picture", args=[template.pk, 7])).status_code == 404


def test_the_citys_are_changed_by_who_issues_for_the_city(login, officer, coordinator):
    load_default_templates()
    found = Template.objects.get(name="学时证明")
    assert login(officer).get(reverse("certificates:template", args=[found.pk])).status_code == 200
    assert login(officer).get(edit(found)).status_code == 403
    assert login(coordinator).get(edit(found)).status_code == 200


def test_another_name_is_given_but_no_other_templates(login, officer, template, bureau):
    Template.objects.create(bureau=bureau, name="别的", title="结业证书")
    client = login(officer)
    address = reverse("certificates:template-name", args=[template.pk])
    assert client.post(address, {"name": "别的", "title": "结业证书"}).status_code == 422
    assert client.post(address, {"name": "新名", "title": "培训证书"}).status_code == 302
    template.refresh_from_db()
    assert (template.name, template.title) == ("新名", "培训证书")


def test_one_out_of_use_is_offered_no_more(login, officer, template, run):
    client = login(officer)
    client.post(reverse("certificates:template-active", args=[template.pk]), {"active": "no"})
    today = datetime.date(2026, 11, 20)
    assert [way for way in ways_of(run, officer, at=today) if way.version.template == template] == []
    assert template not in IssueRuleForm(user=officer).fields["template"].queryset
    client.post(reverse("certificates:template-active", args=[template.pk]))
    assert template in IssueRuleForm(user=officer).fields["template"].queryset
    assert ways_of(run, officer, at=today)[0].version.template == template


def test_one_that_a_rule_asks_for_stays_in_use(login, officer, template, rule):
    address = reverse("certificates:template-active", args=[template.pk])
    page = login(officer).post(address, {"active": "no"}, follow=True).content.decode()
    assert "还有 1 条现行的发证条件用这个模板" in page
    template.refresh_from_db()
    assert template.active


# --- What was issued stays ----------------------------------------------------------------------


def test_an_old_certificate_has_the_same_bytes_after_the_template_was_changed_on_its_page(
    login, officer, template, run, people, terms
):
    certificate = issue(run, people[:1], terms, user=officer)[0]
    stored = Certificate.objects.select_related("version__template").get(pk=certificate.pk)
    before = pdf_of(stored, site=SITE)
    client = login(officer)
    client.post(edit(template), posted(template, texts_0_x="60", page_border_kind="none"))
    client.post(reverse("certificates:template-name", args=[template.pk]), {"name": "新", "title": "新"})
    client.post(reverse("certificates:template-active", args=[template.pk]), {"active": "no"})
    assert template.newest().number == 2
    again = Certificate.objects.select_related("version__template").get(pk=certificate.pk)
    assert pdf_of(again, site=SITE) == before


def test_a_picture_that_a_version_draws_cannot_be_deleted(template, seal, officer):
    layout = parse(LAYOUT | {"seal": LAYOUT["seal"] | {"digest": seal.digest}})
    change_layout(template, layout, based_on=1, user=officer)
    with pytest.raises(ProtectedError):
        seal.delete()


def test_the_database_itself_keeps_it(template, seal, officer):
    layout = parse(LAYOUT | {"seal": LAYOUT["seal"] | {"digest": seal.digest}})
    change_layout(template, layout, based_on=1, user=officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Picture.objects.filter(pk=seal.pk)._raw_delete("default")
        connection.check_constraints()
    assert Picture.objects.filter(pk=seal.pk).exists()


def test_a_seal_that_the_disk_has_lost_is_told_of(login, officer, template, seal):
    layout = parse(LAYOUT | {"seal": LAYOUT["seal"] | {"digest": seal.digest}})
    change_layout(template, layout, based_on=1, user=officer)
    client = login(officer)
    assert client.get(edit(template)).context["proof"].notes == []
    default_storage.delete(seal.file.name)
    [note] = client.get(edit(template)).context["proof"].notes
    assert (note.places, note.sentence) == (("seal",), "这里的图片文件不在了，请换一张。")


def test_another_offices_seal_does_not_come_onto_a_layout(
    login, officer, template, other_bureau, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    foreign = add_picture(Picture(bureau=other_bureau, kind="seal", name="他局"), seal_file(), user=None)
    response = login(officer).post(edit(template), posted(template, seal_digest=foreign.digest))
    assert response.status_code == 422
    assert not PictureUse.objects.exists()


def test_versions_from_before_are_tied_to_their_pictures(template, seal, other_bureau):
    """By the step of the migration; the bureau's own comes before others'."""
    step = import_module("certificates.migrations.0004_link_pictures_of_versions")
    Picture.objects.create(bureau=other_bureau, kind="seal", name="别局的", digest=seal.digest)
    layout = LAYOUT | {"seal": LAYOUT["seal"] | {"digest": seal.digest}}
    TemplateVersion.objects.create(template=template, number=2, layout=layout)
    step.link_pictures(apps, None)
    use = PictureUse.objects.get()
    assert (use.picture, use.version.number) == (seal, 2)
    step.unlink_pictures(apps, None)
    assert not PictureUse.objects.exists()
