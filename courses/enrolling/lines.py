"""Reads pasted lines, a person each: a name, then an employer, an ID number or a phone in any order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from courses.enrolling.people import IdentityKey, Person
from learners import id_numbers, names
from learners.models import Identity

BREAKS = re.compile(r"[\s,，、;；|]+")
LIKE_AN_ID_NUMBER = re.compile(r"\d{14,18}[0-9X]")
PHONE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
MOST = 200


@dataclass(slots=True)
class Reading:
    """The people of the lines that could be read, and a sentence for each line that could not."""

    people: list[Person]
    faults: list[str]


def read_lines(text: str) -> Reading:
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if len(lines) > MOST:
        words = _("一次最多粘贴 %(most)d 行，更多的请用台账导入。") % {"most": MOST}
        return Reading([], [words])
    reading = Reading([], [])
    for number, line in lines:
        try:
            reading.people.append(read_line(line))
        except ValueError as fault:
            reading.faults.append(_("第 %(row)d 行：%(fault)s") % {"row": number, "fault": fault})
    return reading


def read_line(line: str) -> Person:
    """Raises ValueError with what is wrong, in words that repeat neither number nor name."""
    name, *rest = [word for word in BREAKS.split(line.strip()) if word]
    name = names.normalise(name)
    if not name or any(character.isdigit() for character in name):
        raise ValueError(_("先写姓名。"))
    number = phone = ""
    employer = []
    for word in rest:
        if found := PHONE.fullmatch(word):
            phone = found[1]
        elif LIKE_AN_ID_NUMBER.fullmatch(written := id_numbers.normalise(word)):
            number = written
        else:
            employer.append(word)
    return person(name, " ".join(employer)[:200], number=number, phone=phone)


def person(name: str, employer: str, *, number: str, phone: str = "") -> Person:
    """Somebody told by the ID number, else by the name at the employer. Raises ValueError without either."""
    identity = identity_of(name, employer, number=number)
    return Person(name[:120], employer=employer, phone=phone, identity=identity)


def identity_of(name: str, employer: str, *, number: str) -> IdentityKey:
    if number and id_numbers.fault(number):
        raise ValueError(_("身份证号不对，请对照证件核对。"))
    if number:
        return Identity.by_id_number(number)
    if not employer:
        raise ValueError(_("请写身份证号或单位，不然分不清同名的人。"))
    return Identity.by_employer(name, employer)
