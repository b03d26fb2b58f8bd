"""Templates on their pages: listed, begun, changed, restored, taken out of use; each change is a version."""

import datetime
from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.http import QueryDict
from django.urls import reverse

from bureaus.models import AuditEvent
from certificates.choosing import ways_of
from certificates.defaults import load_default_templates
from certificates.designing import change_layout
from certificates.drawing.defaults import default_layouts
from certificates.drawing.parsing import parse
from certificates.forms.layouts import LayoutForms
from certificates.forms.preparing import IssueRuleForm
from certificates.issuing import issue
from certificates.models import Certificate, Picture, PictureUse, Template, TemplateVersion
from certificates.pictures import add_picture
from certificates.printing import pdf_of
from tests.certificates.papers import seal_file
from tests.certificates.test_fonts import make_kai

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


def posted(template: Template, *, do: str = "save", based_on: int = 1, **changes: object) -> dict[str, str]:
    """What the editor's form sends for the newest version, with `changes` (`texts_0_x` for `texts-0-x`)."""
    forms = LayoutForms.of_layout(template, parse(template.newest().layout))
    sent = {"do": do, "based_on": str(based_on), "note": "改"}
    for form in forms.each():
        for name in form.fields:
            value = form[name].value()
            if value not in (None, False):
                sent[f"{form.prefix}-{name}"] = str(value)
    for name, many in forms.lists.items():
        sent |= {f"{name}-TOTAL_FORMS": str(len(many.forms)), f"{name}-INITIAL_FORMS": "0"}
    parts = {name: 2 if name.startswith(("texts", "lines")) else 1 for name in changes}
    return sent | {name.replace("_", "-", parts[name]): str(value) for name, value in changes.items()}


def edit(template: Template) -> str:
    return reverse("certificates:template-edit", args=[template.pk])


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


# --- The editor, without a script ---------------------------------------------------------------


def test_saving_makes_a_new_version_and_leaves_the_old(login, officer, template, bureau):
    sent = posted(template, texts_0_x="50", note="标题右移")
    response = login(officer).post(edit(template), sent)
    assert response["Location"] == reverse("certificates:template", args=[template.pk])
    old, new = template.versions.order_by("number")
    assert old.layout == LAYOUT
    assert parse(new.layout).texts[0].x == 50
    assert parse(new.layout).texts[1:] == parse(LAYOUT).texts[1:]
    assert (new.number, new.note, new.made_by) == (2, "标题右移", officer)
    line = AuditEvent.objects.get(deed=AuditEvent.Deed.TEMPLATE_CHANGED)
    assert (line.after, line.reason, line.bureau) == ({"version": 2}, "标题右移", bureau)


@pytest.mark.parametrize("name", default_layouts())
def test_the_forms_give_back_the_layout_that_they_were_given(name, bureau, template):
    layout = parse(default_layouts()[name])
    if name != "结业证书":
        change_layout(template, layout, based_on=1, user=None)
    sent = posted(template)
    data = QueryDict(mutable=True)
    data.update(sent)
    forms = LayoutForms(template, data=data)
    assert forms.faults == []
    assert forms.layout == layout


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"texts_0_x": "280"}, "超出纸张"),
        ({"texts_1_y": "33"}, "重叠"),
        ({"texts_0_text": "{idcard}"}, "“{idcard}”不是可以填写的内容"),
        ({"texts_0_text": "{name"}, "花括号没有成对"),
        ({"texts_0_text": ""}, "请填写这一项"),
        ({"texts_0_size": "abc"}, "请填写数字"),
        ({"texts_0_size": "900"}, "字号须是 5 到 120 之间的数"),
        ({"texts_0_font": "comic"}, "没有“comic”这个选项"),
        ({"texts_0_colour": "red;}"}, "颜色须从色板中选"),
        ({"qr_size": "5"}, "二维码的大小须是 18 到 80"),
        ({"seal_digest": "a" * 64}, "这个选项，请重新选择"),
        ({"table_shown": "on", "table_rows": "姓名"}, "重叠"),
    ],
)
def test_a_faulty_layout_is_refused_with_a_sentence_and_nothing_is_lost(
    login, officer, template, change, sentence
):
    sent = posted(template, **{"texts_2_text": "{name} 先生"} | change)
    response = login(officer).post(edit(template), sent)
    assert response.status_code == 422
    page = response.content.decode()
    assert sentence in page
    assert "{name} 先生" in page
    assert template.versions.count() == 1


def test_a_note_stands_at_the_box_that_it_is_about(login, officer, template):
    sent = posted(template, do="preview", texts_0_x="280")
    page = login(officer).post(edit(template), sent).content.decode()
    at_box = page.split('id="said-texts-0"')[1].split("</ul>")[0]
    assert "超出纸张" in at_box
    assert "超出纸张" not in page.split('id="said-texts-3"')[1].split("</ul>")[0]


def test_the_preview_keeps_nothing_and_shows_the_chosen_sample(login, officer, template):
    client = login(officer)
    pictures = set()
    for sample in ("common", "long", "rare", "ethnic", "no such"):
        response = client.post(edit(template), posted(template, do="preview") | {"sample": sample})
        assert response.status_code == 200
        pictures.add(response.context["proof"].picture)
    assert len(pictures) == 4
    assert template.versions.count() == 1


def test_what_would_print_badly_is_told(login, officer, template):
    sent = posted(template, texts_0_text="{title}\U0002fffe", texts_2_width="12")
    address = reverse("certificates:template-preview", args=[template.pk])
    page = login(officer).post(address, sent | {"sample": "long"}).content.decode()
    assert "字体里没有“\U0002fffe”，会印成〓" in page.split('id="said-texts-0"')[1].split("</ul>")[0]
    assert "比最小字号 13 磅还小" in page.split('id="said-texts-2"')[1].split("</ul>")[0]


def test_a_layout_without_name_number_or_code_is_told_of_and_may_be_kept(login, officer, template):
    sent = {name: value for name, value in posted(template).items() if name != "qr-shown"}
    sent |= {"texts-1-text": "编号", "texts-2-text": "同志："}
    client = login(officer)
    page = client.post(edit(template), sent | {"do": "preview"}).content.decode()
    for sentence in ("没有姓名", "没有证书编号", "没有二维码"):
        assert sentence in page
    assert client.post(edit(template), sent).status_code == 302


def test_parts_are_added_moved_and_removed_without_a_script(login, officer, template):
    client = login(officer)
    count = len(LAYOUT["texts"])

    def texts(do: str) -> list[str]:
        forms = client.post(edit(template), posted(template, do=do)).context["forms"]
        return [form["text"].value() for form in forms.lists["texts"].forms]

    first, second, *rest = (box["text"] for box in LAYOUT["texts"])
    assert texts("down-texts-0") == texts("up-texts-1") == [second, first, *rest]
    assert texts("remove-texts-1") == [first, *rest]
    assert len(texts("add-texts")) == count + 1
    for nonsense in ("remove-texts-99", "up-texts-0", "add-seal", "up-texts-²", "x", "remove-texts-"):
        assert texts(nonsense) == [first, second, *rest]
    assert template.versions.count() == 1


def test_what_was_added_can_be_saved(login, officer, template):
    client = login(officer)
    forms = client.post(edit(template), posted(template, do="add-lines")).context["forms"]
    assert [form["width"].value() for form in forms.lists["lines"].forms] == ["60"]


def test_an_unchanged_layout_makes_no_version(login, officer, template):
    response = login(officer).post(edit(template), posted(template))
    assert response.status_code == 422
    assert "版面没有变化" in response.content.decode()


def test_who_was_slower_is_told_and_may_insist(login, officer, administrator, template):
    change_layout(template, parse(LAYOUT | {"qr": None}), based_on=1, user=administrator)
    client = login(officer)
    sent = posted(template, based_on=1, texts_0_x="50")
    response = client.post(edit(template), sent)
    assert response.status_code == 422
    page = response.content.decode()
    assert "周管理保存了第 2 版" in page
    assert 'name="based_on" value="2"' in page
    assert client.post(edit(template), sent | {"based_on": "2"}).status_code == 302
    assert template.newest().number == 3


@pytest.mark.parametrize("sent", [{}, {"do": "save"}, {"texts-TOTAL_FORMS": "x", "do": "save"}])
def test_a_form_that_is_not_the_editors_is_refused(login, officer, template, sent):
    response = login(officer).post(edit(template), sent)
    assert response.status_code == 422
    assert template.versions.count() == 1


def test_forty_texts_are_the_most(login, officer, template):
    sent = posted(template, do="preview")
    for at in range(60):
        sent |= {f"texts-{at}-{name}": "10" for name in ("text", "x", "y", "width", "size", "least", "lines")}
    response = login(officer).post(edit(template), sent | {"texts-TOTAL_FORMS": "60"})
    assert response.status_code == 422
    assert "最多 40 项" in response.content.decode()


def test_a_kai_is_asked_for_and_used_where_the_office_has_one(login, officer, template, settings, tmp_path):
    client, sent = login(officer), posted(template, do="preview", texts_0_font="kai")
    before = client.post(edit(template), sent).context["proof"]
    assert "没有楷体字库" in before.notes_at("texts-0")[0].sentence
    make_kai(tmp_path / "kai.otf")
    settings.PEIXUN_FONT_PATHS = (tmp_path,)
    assert client.post(edit(template), sent).context["proof"].notes == []


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
