"""The layouts and headings that a bureau's imports remembered: seen, renamed, removed, in the admin too."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from bureaus.models import AuditEvent
from ledgers.models import HeadingSynonym, LedgerLayout

LIST = "/layouts/"


@pytest.fixture
def layout(bureau, officer) -> LedgerLayout:
    return LedgerLayout.objects.create(
        bureau=bureau,
        name="村级名册",
        fingerprint="1",
        headings=["受训者", "推荐意见"],
        mapping={"推荐意见": "", "受训者": "name"},
        constants={"hours": "8"},
        made_by=officer,
    )


@pytest.fixture
def heading(bureau) -> HeadingSynonym:
    return HeadingSynonym.objects.create(bureau=bureau, heading="受训者", key="name")


def lines() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(deed=AuditEvent.Deed.LAYOUT_CHANGED))


def test_the_list_shows_what_was_remembered_here_and_nothing_of_other_bureaus(
    login, officer, outsider, layout, heading
):
    page = login(officer).get(LIST).content.decode()
    assert "村级名册" in page
    assert "学时：8" in page
    assert "受训者" in page
    page = login(outsider).get(LIST).content.decode()
    assert "村级名册" not in page
    assert "受训者" not in page


def test_the_list_asks_no_query_per_row(login, officer, bureau, layout, django_assert_max_num_queries):
    for number in range(20):
        LedgerLayout.objects.create(bureau=bureau, name=f"版式{number}", fingerprint=f"x{number}")
        HeadingSynonym.objects.create(bureau=bureau, heading=f"列{number}", key="name")
    client = login(officer)
    with django_assert_max_num_queries(14):
        client.get(LIST)


def test_a_layout_says_what_it_makes_of_each_column_in_their_order(login, officer, layout):
    page = login(officer).get(reverse("ledgers:layout", args=[layout.pk])).content.decode()
    assert page.index("受训者") < page.index("推荐意见")
    assert "不导入" in page


def test_a_layout_is_renamed_with_a_line_of_the_audit(login, officer, layout):
    response = login(officer).post(reverse("ledgers:layout", args=[layout.pk]), {"name": "乡镇名册"})
    assert response.status_code == 302
    layout.refresh_from_db()
    assert layout.name == "乡镇名册"
    assert [(line.before, line.after) for line in lines()] == [({"name": "村级名册"}, {"name": "乡镇名册"})]


@pytest.mark.parametrize("name", ["", "已有的", "长" * 61])
def test_a_name_that_cannot_be_is_told(login, officer, bureau, layout, name):
    LedgerLayout.objects.create(bureau=bureau, name="已有的", fingerprint="2")
    response = login(officer).post(reverse("ledgers:layout", args=[layout.pk]), {"name": name})
    assert response.status_code == 422
    layout.refresh_from_db()
    assert layout.name == "村级名册"


@pytest.mark.parametrize("deed", ["layout", "layout-delete"])
def test_only_who_imports_for_the_bureau_changes_a_layout(login, reviewer, outsider, layout, deed):
    address = reverse(f"ledgers:{deed}", args=[layout.pk])
    assert login(outsider).post(address, {"name": "x"}).status_code == 404
    assert login(reviewer).post(address, {"name": "x"}).status_code == 403
    assert LedgerLayout.objects.get().name == "村级名册"


def test_removing_is_a_post_and_a_line_of_the_audit(login, officer, layout, heading):
    client = login(officer)
    for name, target in (("layout-delete", layout), ("heading-delete", heading)):
        address = reverse(f"ledgers:{name}", args=[target.pk])
        assert client.get(address).status_code == 405
        assert client.post(address).status_code == 302
    assert not LedgerLayout.objects.exists()
    assert not HeadingSynonym.objects.exists()
    assert [line.before["deleted"] for line in lines()] == ["受训者 → 姓名", "村级名册"]


def test_the_citys_headings_are_seen_by_all_and_removed_by_the_city_only(login, officer, coordinator):
    heading = HeadingSynonym.objects.create(bureau=None, heading="受训者", key="name")
    address = reverse("ledgers:heading-delete", args=[heading.pk])
    page = login(officer).get(LIST).content.decode()
    assert "全市" in page
    assert address not in page
    assert login(officer).post(address).status_code == 404
    assert login(coordinator).post(address).status_code == 302


def test_a_heading_stands_for_one_field_in_a_bureau_and_one_in_the_city(bureau, plan):
    for owner in (bureau, None):
        HeadingSynonym.objects.create(bureau=owner, heading="受训者", key="name")
        with pytest.raises(IntegrityError), transaction.atomic():
            HeadingSynonym.objects.create(bureau=owner, heading="受训者", key="teacher")


def test_headings_are_kept_in_the_admin_with_a_line_of_the_audit(login, technician, bureau):
    technician.is_staff = technician.is_superuser = True
    technician.save()
    client = login(technician)
    form = client.get(reverse("admin:ledgers_headingsynonym_add")).content.decode()
    assert "参加人数" in form
    client.post(
        reverse("admin:ledgers_headingsynonym_add"),
        {"heading": "受 训 者（必填）", "key": "name", "bureau": ""},
    )
    heading = HeadingSynonym.objects.get()
    assert (heading.heading, heading.bureau, heading.made_by) == ("受训者", None, technician)
    assert "受训者" in client.get(reverse("admin:ledgers_headingsynonym_changelist")).content.decode()
    client.post(reverse("admin:ledgers_headingsynonym_delete", args=[heading.pk]), {"post": "yes"})
    assert not HeadingSynonym.objects.exists()
    assert AuditEvent.objects.filter(deed=AuditEvent.Deed.REGISTER_CHANGED).count() == 2


def test_a_heading_of_brackets_alone_is_refused_in_the_admin(login, technician):
    technician.is_staff = technician.is_superuser = True
    technician.save()
    page = login(technician).post(
        reverse("admin:ledgers_headingsynonym_add"), {"heading": "（必填）", "key": "name", "bureau": ""}
    )
    assert "请填写列名" in page.content.decode()
    assert not HeadingSynonym.objects.exists()
