"""From photos of a signed sheet to a proposal for each person; a trainer confirms before it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from bureaus.models import User
from courses import evidence
from courses.check_in.people import expected_at
from courses.check_in.reading import Ink, ReadRow, read_sheet
from courses.models import Attendance, Enrolment, Evidence, Session

State = Attendance.State
# Leaves what somebody noted before as it stands.
KEEP = "keep"
UNDECIDED = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the sheet says of one person, beside what stands already. `ink` is None where no code was read.

    `choice` is a state, `KEEP`, or `UNDECIDED` where a person has to look.
    """

    person: Enrolment
    noted: Attendance | None
    ink: Ink | None

    @property
    def is_noted_here(self) -> bool:
        return self.noted is not None and self.noted.state in Attendance.HERE

    @property
    def choice(self) -> str:
        if self.is_noted_here:
            return UNDECIDED if self.ink == Ink.EMPTY else KEEP
        if self.ink == Ink.SIGNED:
            return State.PRESENT
        if self.ink == Ink.EMPTY:
            return State.LEAVE if self.noted and self.noted.state == State.LEAVE else State.ABSENT
        return UNDECIDED

    @property
    def why(self) -> str:
        """Why a person has to look; empty where the sheet is clear."""
        if self.is_noted_here and self.ink == Ink.EMPTY:
            return _("已签到，但签名格是空的")
        words = {None: _("未读到这一行"), Ink.UNCLEAR: _("签名看不清")}
        return words[self.ink] if self.choice == UNDECIDED and self.ink in words else ""


def take_photos(session: Session, photos: Sequence[bytes], *, user: User) -> tuple[dict[int, Ink], list[int]]:
    """Reads the photos and keeps them as evidence: ink by enrolment, and the keys of the evidence.

    Raises `ValidationError`, and keeps none, where one is no photo of this session's sheet.
    """
    ink: dict[int, Ink] = {}
    for number, photo in enumerate(photos, 1):
        for row in rows_of(session, photo, number=number, user=user):
            add(ink, row.code.enrolment, row.ink)
    with transaction.atomic():
        kept = [evidence.keep(session, photo, kind=Evidence.Kind.SHEET, user=user) for photo in photos]
    return ink, [one.pk for one in kept]


def rows_of(session: Session, photo: bytes, *, number: int, user: User) -> list[ReadRow]:
    """The rows of this session on the photo; `number` names it in what is raised."""
    try:
        rows = read_sheet(photo)
    except ValidationError as fault:
        words = {"number": number, "fault": " ".join(fault.messages)}
        raise ValidationError(_("第 %(number)d 张：%(fault)s") % words) from fault
    foreign = {row.code.session for row in rows} - {session.pk}
    if foreign:
        other = Session.objects.visible_to(user).filter(pk__in=foreign).first()
        raise ValidationError(foreign_words(other, number))
    if not rows:
        raise ValidationError(
            _("第 %(number)d 张没有读到小码。请把签到表放平、在亮处拍整页，四边都拍进去，再上传。"),
            params={"number": number},
        )
    return rows


def foreign_words(other: Session | None, number: int) -> str:
    if other is None:
        return _("第 %(number)d 张是别的课次的签到表，请换成本课次的。") % {"number": number}
    words = {"number": number, "title": other.title, "day": other.held_on}
    return _("第 %(number)d 张是“%(title)s”（%(day)s）的签到表，请到那个课次上传。") % words


def add(ink: dict[int, Ink], enrolment: int, read: Ink) -> None:
    """Two photos of a row that say different things leave it unclear; one that sees more wins."""
    before = ink.get(enrolment, read)
    if Ink.UNCLEAR in (before, read):
        ink[enrolment] = read if before == Ink.UNCLEAR else before
    else:
        ink[enrolment] = read if before == read else Ink.UNCLEAR


def proposals_for(session: Session, ink: dict[int, Ink]) -> list[Proposal]:
    """One for each person expected, in the sheet's order. Two queries."""
    noted = {row.enrolment_id: row for row in session.attendances.all()}
    return [Proposal(person, noted.get(person.pk), ink.get(person.pk)) for person in expected_at(session)]
