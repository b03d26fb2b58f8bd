"""The few texts of a row that a preview shows."""

from collections.abc import Mapping

from learners import id_numbers
from ledgers.reading.cells import Texts, text_of
from ledgers.reading.persons import shown_id_number, shown_phone
from ledgers.reading.plan import Plan
from ledgers.reading.results import Cell

LONGEST = 60


def shown_values(
    plan: Plan, cells: list[Cell], *, texts: Texts, id_number: str, phone: str
) -> Mapping[str, str]:
    """Field → text as the file has it; an ID number and a mobile number are masked."""
    shown: dict[str, str] = {}
    for key, at in plan.shown:
        if text := texts[cells[at]]:
            shown[key] = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    if id_number:
        shown["id_number"] = id_numbers.mask(id_number)
    elif (cell := plan.first("id_number", cells)[0]) is not None and (text := shown_id_number(cell)):
        shown["id_number"] = text
    if phone or (phone := text_of(plan.first("phone", cells)[0])):
        shown["phone"] = shown_phone(phone)
    if dates := " 至 ".join(filter(None, [texts[cells[at]] for at in plan.dates])):
        shown["dates"] = dates[:LONGEST]
    if hours := " + ".join(filter(None, [texts[cells[at]] for _, at in plan.hours])):
        shown["hours"] = hours[:LONGEST]
    return shown
