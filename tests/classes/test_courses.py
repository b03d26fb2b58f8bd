"""Courses: read by whoever is signed in, kept by their bureaus; materials in and out."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from bureaus.models import AuditEvent
from courses.models import Course, CourseMaterial, Plan, Programme

PDF = b"%PDF-1.7 course"


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def course(classes) -> Course:
    return Course.objects.create(
        name="水稻栽培",
        programme=classes.programme,
        bureau=classes.bureau,
        outline="一、育秧\n二、插秧",
        hours=4,
    )


@pytest.fixture
def general(plan) -> Course:
    """Of the whole city."""
    return Course.objects.create(name="科学素质通识")


def upload(client, course, name="讲义.pdf", content=PDF, title="水稻讲义"):
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("courses:material-new", args=[course.pk]), {"file": file, "title": title})


@pytest.fixture
def material(login, officer, course) -> CourseMaterial:
    upload(login(officer), course)
    return course.materials.get()


def page(course):
    return reverse("courses:course", args=[course.pk])


# --- Reading --------------------------------------------------------------------------------------


def test_a_learner_reads_the_outline_and_the_materials_and_nothing_else(
    login, learner_user, course, material, session, text
):
    session.course = course
    session.save()
    shown = text(login(learner_user).get(page(course)))
    assert "二、插秧" in shown
    assert reverse("courses:material", args=[material.pk]) in shown
    for hidden in ("第一期", "上传资料", "/edit/", "/copy/"):
        assert hidden not in shown


def test_an_officer_sees_where_it_was_taught_as_far_as_in_reach(
    login, officer, outsider, course, classes, run, session
):
    session.course = course
    session.save()
    assert login(officer).get(page(course)).context["taught"] == 1
    assert login(outsider).get(page(course)).context["taught"] == 0


def test_the_list_is_narrowed_and_sorted(login, learner_user, course, general, bureau, classes):
    client, address = login(learner_user), reverse("courses:courses")

    def listed(**query):
        return [one.name for one in client.get(address, query).context["page"].object_list]

    assert sorted(listed()) == ["水稻栽培", "科学素质通识"]
    assert listed(sort="-hours")[0] == "水稻栽培"
    assert listed(bureau=bureau.pk) == ["水稻栽培"]
    assert listed(programme=classes.programme.pk) == ["水稻栽培"]
    assert len(listed(bureau="x", programme="y", sort="z", page="9")) == 2
    found = client.post(address, {"q": "插秧"}, follow=True)
    assert [one.name for one in found.context["page"].object_list] == ["水稻栽培"]


def test_the_list_shows_the_plan_in_force_and_an_earlier_one_where_asked(
    login, officer, course, general, classes
):
    following = Plan.objects.create(name="下一个方案", first_year=classes.today.year, last_year=9999)
    client, address = login(officer), reverse("courses:courses")

    def listed(**query):
        return [one.name for one in client.get(address, query).context["page"].object_list]

    assert listed() == ["科学素质通识"]
    assert listed(plan=course.programme.plan_id) == ["水稻栽培"]
    assert listed(programme=course.programme_id) == ["水稻栽培"]
    assert listed(plan=following.pk) == []


def test_the_list_asks_no_query_per_row(login, officer, classes, django_assert_max_num_queries):
    for number in range(12):
        Course.objects.create(name=f"课程{number}", programme=classes.programme, bureau=classes.bureau)
    client = login(officer)
    with django_assert_max_num_queries(12):
        client.get(reverse("courses:courses"))


def test_without_courses_the_list_says_what_to_do(login, officer, learner_user, plan, text):
    assert reverse("courses:course-new") in text(login(officer).get(reverse("courses:courses")))
    assert reverse("courses:course-new") not in text(login(learner_user).get(reverse("courses:courses")))


# --- Keeping --------------------------------------------------------------------------------------


def given(course, **changes):
    found = {"name": course.name, "programme": course.programme_id or "", "bureau": course.bureau_id or ""}
    return found | {"hours": course.hours or "", "outline": course.outline} | changes


def test_an_officer_adds_a_course_of_ones_bureau(login, officer, classes, bureau):
    client = login(officer)
    values = {"name": "果树修剪", "programme": classes.programme.pk, "bureau": bureau.pk, "hours": "4.5"}
    assert client.post(reverse("courses:course-new"), values).status_code == 302
    made = Course.objects.get()
    assert (made.bureau, made.hours) == (bureau, 4.5)
    assert AuditEvent.objects.get(deed=AuditEvent.Deed.COURSE_CHANGED).after == {"added": True}


def test_only_who_arranges_for_the_city_leaves_out_the_bureau(login, officer, coordinator, plan):
    values = {"name": "科学素质通识", "bureau": ""}
    assert login(officer).post(reverse("courses:course-new"), values).status_code == 422
    assert login(coordinator).post(reverse("courses:course-new"), values).status_code == 302


def test_another_bureaus_course_is_read_and_not_changed(login, outsider, course, general, material):
    client = login(outsider)
    assert client.get(page(course)).status_code == 200
    for found in (course, general):
        assert client.post(reverse("courses:course-edit", args=[found.pk]), given(found)).status_code == 403
        assert upload(client, found).status_code == 403
    assert client.post(reverse("courses:material-remove", args=[material.pk])).status_code == 403
    assert course.materials.count() == 1


def test_who_only_reads_changes_nothing(login, reviewer, learner_user, course):
    for user in (reviewer, learner_user):
        client = login(user)
        for name in ("courses:course-edit", "courses:course-copy"):
            assert client.get(reverse(name, args=[course.pk])).status_code == 403
        assert client.get(reverse("courses:course-new")).status_code == 403


def test_a_change_is_audited_by_its_fields(login, officer, course):
    client = login(officer)
    client.post(reverse("courses:course-edit", args=[course.pk]), given(course, outline="一、选种", hours=6))
    course.refresh_from_db()
    assert course.outline == "一、选种"
    assert AuditEvent.objects.get(deed="course.changed").after == {"fields": ["学时", "大纲"]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "请填写这一项"),
        ({"name": "稻" * 81}, "80"),
        ({"hours": "四"}, "请填写"),
        ({"hours": "-1"}, "学时不能是负数"),
        ({"programme": 99999}, "选"),
        ({"name": "果树修剪"}, "这个项目下已有同名的课程"),
    ],
)
def test_what_is_wrong_is_told(login, officer, course, classes, changes, words):
    Course.objects.create(name="果树修剪", programme=classes.programme, bureau=classes.bureau)
    response = login(officer).post(reverse("courses:course-edit", args=[course.pk]), given(course, **changes))
    assert response.status_code == 422
    assert words in response.content.decode()


def test_a_course_that_does_not_exist_is_not_found(login, officer, plan):
    assert login(officer).get(reverse("courses:course", args=[99])).status_code == 404
    assert login(officer).get(reverse("courses:material", args=[99])).status_code == 404


# --- Materials ------------------------------------------------------------------------------------


def test_a_material_is_stored_under_a_name_of_our_own(material, media):
    assert material.title == "水稻讲义"
    assert "讲义" not in material.file.name
    assert [path.suffix for path in (media / "materials").iterdir()] == [".pdf"]


def test_whoever_is_signed_in_saves_it_under_its_title(login, learner_user, material):
    response = login(learner_user).get(reverse("courses:material", args=[material.pk]))
    assert b"".join(response.streaming_content) == PDF
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''%E6%B0%B4")
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("title", "name"),
    [("讲义", "讲义.pdf"), ("讲义.PDF", "讲义.PDF"), ("一/二\\三\n四", "一_二_三_四.pdf"), ("..", "...pdf")],
)
def test_the_title_becomes_a_file_name(title, name):
    assert CourseMaterial(title=title, file="materials/1.pdf").download_name == name


def test_without_a_title_the_file_gives_it(login, officer, course):
    upload(login(officer), course, name="插秧机 操作.PPTX", title="")
    made = course.materials.get()
    assert (made.title, made.kind) == ("插秧机 操作", "PPTX")


@pytest.mark.parametrize("name", ["坏.exe", "网页.html", "图.svg", "宏.xlsm", "无后缀", "讲义.pdf.js"])
def test_other_kinds_of_files_are_refused(login, officer, course, media, name):
    response = upload(login(officer), course, name=name)
    assert response.status_code == 422
    assert "不能上传这种文件" in response.content.decode()
    assert not course.materials.exists()
    assert not (media / "materials").exists()


def test_a_file_that_is_too_large_or_empty_is_refused(login, officer, course, settings):
    settings.PEIXUN_UPLOAD_MAX_MIB = 1
    client = login(officer)
    response = upload(client, course, content=b"x" * (1024 * 1024 + 1))
    assert (response.status_code, "超过 1 MB" in response.content.decode()) == (422, True)
    assert upload(client, course, content=b"").status_code == 422
    assert client.post(reverse("courses:material-new", args=[course.pk])).status_code == 422
    assert not course.materials.exists()


def test_a_removed_material_leaves_the_disk_once_that_is_certain(
    login, officer, course, material, media, django_capture_on_commit_callbacks
):
    client, address = login(officer), reverse("courses:material-remove", args=[material.pk])
    assert "不能恢复" in client.get(address).content.decode()
    assert course.materials.exists()
    with django_capture_on_commit_callbacks() as callbacks:
        assert client.post(address).status_code == 302
        assert len(list((media / "materials").iterdir())) == 1
    for callback in callbacks:
        callback()
    assert not course.materials.exists()
    assert list((media / "materials").iterdir()) == []
    assert AuditEvent.objects.filter(deed="course.changed").count() == 2


def test_a_file_that_is_gone_from_the_disk_is_not_found(login, officer, material, media):
    (media / material.file.name).unlink()
    assert login(officer).get(reverse("courses:material", args=[material.pk])).status_code == 404


# --- Copying --------------------------------------------------------------------------------------


@pytest.fixture
def copy(login, outsider, other_bureau, course):
    """The outsider takes the course over to another programme of another bureau."""

    def send(**changes):
        programme = Programme.objects.get(name="培训科技辅导员")
        values = {"name": "水稻栽培（新）", "programme": programme.pk, "bureau": other_bureau.pk} | changes
        return login(outsider).post(reverse("courses:course-copy", args=[course.pk]), values)

    return send


def test_a_course_is_copied_with_outline_hours_and_materials(copy, course, material, media, other_bureau):
    assert copy(materials="on").status_code == 302
    made = Course.objects.get(name="水稻栽培（新）")
    assert (made.outline, made.hours, made.bureau) == (course.outline, 4, other_bureau)
    assert made.materials.get().file.name == material.file.name
    assert len(list((media / "materials").iterdir())) == 1
    assert AuditEvent.objects.get(object_label=made.name).after == {"copied_from": "水稻栽培", "materials": 1}


def test_materials_stay_behind_where_so_wished(copy, material):
    copy()
    assert not Course.objects.get(name="水稻栽培（新）").materials.exists()


def test_the_file_stays_until_the_last_copy_lets_go(
    copy, login, officer, outsider, material, media, django_capture_on_commit_callbacks
):
    copy(materials="on")
    copied = CourseMaterial.objects.exclude(pk=material.pk).get()
    for user, gone, left in ((officer, material, 1), (outsider, copied, 0)):
        with django_capture_on_commit_callbacks(execute=True):
            login(user).post(reverse("courses:material-remove", args=[gone.pk]))
        assert len(list((media / "materials").iterdir())) == left


def test_a_copy_goes_to_a_bureau_of_ones_own_and_has_another_place(copy, bureau, course):
    assert copy(bureau=bureau.pk).status_code == 422
    assert copy(bureau="").status_code == 422
    assert Course.objects.count() == 1


def test_a_copy_beside_the_course_needs_another_name(login, officer, course, bureau):
    address = reverse("courses:course-copy", args=[course.pk])
    values = {"name": course.name, "programme": course.programme_id, "bureau": bureau.pk}
    response = login(officer).post(address, values)
    assert response.status_code == 422
    assert "这个项目下已有同名的课程" in response.content.decode()
