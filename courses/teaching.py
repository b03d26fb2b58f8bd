"""Keeps what is taught and by whom: courses with their materials, and trainers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, User
from courses.models import Course, CourseMaterial, Trainer

Deed = AuditEvent.Deed


@transaction.atomic
def save_course(course: Course, *, user: User, changed: Sequence[str]) -> None:
    """`changed` are the labels of the fields that were changed."""
    after = {"fields": list(changed)} if course.pk else {"added": True}
    course.save()
    AuditEvent.record(Deed.COURSE_CHANGED, course, user=user, bureau=course.bureau, after=after)


@transaction.atomic
def copy_course(course: Course, copy: Course, *, with_materials: bool, user: User) -> None:
    """Saves `copy`, a course not saved yet, with the outline, the hours and the materials of `course`."""
    fill_copy(course, copy, with_materials=with_materials)
    after = {"copied_from": str(course), "materials": copy.materials.count()}
    AuditEvent.record(Deed.COURSE_CHANGED, copy, user=user, bureau=copy.bureau, after=after)


def fill_copy(course: Course, copy: Course, *, with_materials: bool) -> None:
    """The copy's materials are the same files: nothing is stored twice. Call it in a transaction."""
    # Nobody removes a file meanwhile.
    Course.objects.select_for_update(of=("self",), no_key=True).get(pk=course.pk)
    copy.outline, copy.hours = course.outline, course.hours
    copy.save()
    if with_materials:
        CourseMaterial.objects.bulk_create(
            CourseMaterial(course=copy, title=material.title, file=material.file.name)
            for material in course.materials.all()
        )


@transaction.atomic
def add_material(material: CourseMaterial, *, user: User) -> None:
    course = material.course
    material.save()
    after = {"materials_added": [material.title]}
    AuditEvent.record(Deed.COURSE_CHANGED, course, user=user, bureau=course.bureau, after=after)


@transaction.atomic
def remove_material(material: CourseMaterial, *, user: User) -> None:
    """Its file goes once this is certain, unless a copy of the course still has it."""
    course = Course.objects.select_for_update(of=("self",), no_key=True).get(pk=material.course_id)
    stored = material.file.name or ""
    material.delete()
    after = {"materials_removed": [material.title]}
    AuditEvent.record(Deed.COURSE_CHANGED, course, user=user, bureau=course.bureau, after=after)
    transaction.on_commit(partial(discard, stored))


def discard(stored: str) -> None:
    """Deletes a stored file that no material names any more."""
    if not CourseMaterial.objects.filter(file=stored).exists():
        CourseMaterial._meta.get_field("file").storage.delete(stored)


@transaction.atomic
def save_trainer(trainer: Trainer, *, user: User, changed: Sequence[str]) -> None:
    """The audit names the trainer by number: a person's name does not stand in it."""
    after = {"fields": list(changed)} if trainer.pk else {"added": True}
    trainer.save()
    label = _("授课教师 %(number)d 号") % {"number": trainer.pk}
    AuditEvent.record(Deed.TRAINER_CHANGED, label, user=user, bureau=trainer.bureau, after=after)
