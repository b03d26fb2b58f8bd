"""The editor of a layout, without a script: what is typed is shown, judged, and kept as a version."""

import pytest
from django.http import QueryDict
from django.urls import reverse

from bureaus.models import AuditEvent
from certificates.designing import change_layout
from certificates.drawing.defaults import default_layouts
from certificates.drawing.parsing import parse
from certificates.forms.layouts import LayoutForms
from certificates.models import Template, TemplateVersion
from tests.certificates.designs import edit, posted
from tests.certificates.test_fonts import make_kai

pytestmark = pytest.mark.django_db
LAYOUT = default_layouts()["结业证书"]


@pytest.fixture
def template(bureau) -> Template:
    template = Template.objects.create(bureau=bureau, name="农业结业证", title="结业证书")
    TemplateVersion.objects.create(template=template, number=1, layout=LAYOUT)
    return template


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
        ({"page_border_inset": "90"}, "边框的边距须是 0 到 40"),
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
