"""Reads the fields of one row in the order in which its faults count."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from learners import id_numbers, names
from ledgers.columns import HOURS_KINDS
from ledgers.reading.amounts import DayRule, parse_hours, parse_people
from ledgers.reading.cells import ERRORS, Texts, is_blank, text_of
from ledgers.reading.dates import Span, parse_span
from ledgers.reading.messages import WARNINGS
from ledgers.reading.papers import NONE as NO_PAPER
from ledgers.reading.papers import RESIDENT, paper_kind, parse_paper_number
from ledgers.reading.persons import (
    parse_assessment,
    parse_birth,
    parse_gender,
    parse_id_number,
    parse_phone,
)
from ledgers.reading.plan import Plan
from ledgers.reading.preview import shown_values
from ledgers.reading.results import Cell, Warned
from peixun.lib.comparing import comparable

Values = dict[str, Any]
_PARTICIPANT_RUN = ("run", "course", "activity")
_LECTURE_RUN = ("activity", "run", "course")


class FaultyRow(Exception):
    """The first fault of a row: its code, the position of the cell and the field."""

    def __init__(self, code: str, *, at: int, key: str, message: str = "", **details: object) -> None:
        super().__init__(code)
        self.code, self.at, self.key = code, at, key
        self.message, self.details = message or code, details


class Fields:
    """Reads rows; remembers what it made of each distinct text, since most columns repeat themselves."""

    def __init__(
        self,
        *,
        year: int | None,
        rule: DayRule,
        knows_programme: Callable[[str], bool],
        today: date | None,
    ) -> None:
        self._year, self._rule, self._today = year, rule, today or date.today()
        self._knows_programme = knows_programme
        self._known: dict[str, bool] = {}
        self._spans: dict[Cell, Span | None] = {}
        self._periods: dict[tuple[object, object], tuple[date | None, date | None, FaultyRow | None]] = {}
        self._hours: dict[tuple[object, object], tuple[dict[str, Decimal], Decimal | None]] = {}
        self._texts = Texts()
        self._names: dict[str, str] = {}
        self._runs: dict[str, str] = {}
        self._run_of: dict[Cell, str] = {}
        self._assessments: dict[str, str] = {}

    def read(self, plan: Plan, cells: list[Cell], values: Values) -> list[Warned]:
        """Fill `values` with the fields of a row. Raises `FaultyRow`; what was read before it stays."""
        self._refuse_errors(plan, cells)
        warnings: list[Warned] = []
        if plan.table.kind == "lecture":
            self._read_lecture(plan, cells, values)
        else:
            self._read_participant(plan, cells, values, warnings)
        self._refuse_long_texts(plan, cells)
        return warnings

    def shown(self, plan: Plan, cells: list[Cell], values: Values) -> Mapping[str, str]:
        """What a preview shows of a row, as far as its fields were read."""
        id_number, phone = values.get("id_number", ""), values.get("phone", "")
        return shown_values(plan, cells, texts=self._texts, id_number=id_number, phone=phone)

    def _refuse_errors(self, plan: Plan, cells: list[Cell]) -> None:
        if ERRORS.isdisjoint(cells):
            return
        for key, several in plan.positions.items():
            for at in several:
                if cells[at] in ERRORS:
                    raise FaultyRow("formula_error", at=at, key=key)

    def _refuse_long_texts(self, plan: Plan, cells: list[Cell]) -> None:
        if not self._texts.long or self._texts.long.isdisjoint(cells):
            return
        for at, longest in plan.limits:
            cell = cells[at]
            if type(cell) is str and len(cell) > longest:
                raise FaultyRow("text_too_long", at=at, key="", longest=longest)

    def _read_participant(
        self, plan: Plan, cells: list[Cell], values: Values, warnings: list[Warned]
    ) -> None:
        self._read_person(plan, cells, values)
        self._read_programme(plan, cells, values)
        used = self._read_run(plan, cells, values, keys=_PARTICIPANT_RUN)
        self._read_dates(plan, cells, values, needed=False)
        self._read_hours(plan, cells, values, warnings)
        self._read_details(plan, cells, values, warnings)
        self._read_texts(plan, cells, values, used=used)

    def _read_lecture(self, plan: Plan, cells: list[Cell], values: Values) -> None:
        self._read_programme(plan, cells, values)
        used = self._read_run(plan, cells, values, keys=_LECTURE_RUN)
        self._read_dates(plan, cells, values, needed=True)
        self._read_headcount(plan, cells, values)
        self._read_texts(plan, cells, values, used=used)

    def _read_person(self, plan: Plan, cells: list[Cell], values: Values) -> None:
        cell, at = plan.first("name", cells)
        name = self._name(self._texts[cell])
        if not name:
            raise FaultyRow("name_missing", at=at, key="name")
        values["name"] = name
        if plan.has_id_column:
            self._read_number(plan, cells, values)
        cell, at = plan.first("employer", cells)
        values["employer"] = self._texts[cell]
        if not (values["employer"] or values.get("id_number") or values.get("paper_number")):
            raise FaultyRow("employer_missing", at=at, key="employer")

    def _read_number(self, plan: Plan, cells: list[Cell], values: Values) -> None:
        """The number of the paper that the row names; without such a column that of the resident card."""
        cell, at = plan.first("paper", cells)
        kind = paper_kind(text_of(cell))
        if not kind:
            raise FaultyRow("paper_unknown", at=at, key="paper")
        cell, at = plan.first("id_number", cells)
        if kind == RESIDENT:
            values["id_number"], code = parse_id_number(cell, today=self._today)
        elif kind != NO_PAPER:
            values["paper_kind"] = kind
            values["paper_number"], code = parse_paper_number(cell)
        else:
            code = "paper_unknown" if self._texts[cell] else ""
        if code:
            raise FaultyRow(code, at=at, key="id_number")

    def _name(self, text: str) -> str:
        if text not in self._names:
            self._names[text] = names.normalise(text)
        return self._names[text]

    def _read_programme(self, plan: Plan, cells: list[Cell], values: Values) -> None:
        cell, at = plan.first("programme", cells)
        programme = self._texts[cell]
        if not programme:
            return
        if programme not in self._known:
            self._known[programme] = self._knows_programme(programme)
        if not self._known[programme]:
            raise FaultyRow("programme_unknown", at=at, key="programme")
        values["programme"] = programme

    def _read_run(self, plan: Plan, cells: list[Cell], values: Values, *, keys: tuple[str, ...]) -> str:
        """Give the run its name; the key of the column that it came from, or ""."""
        for key in keys:
            cell, _ = plan.first(key, cells)
            run = self._run(cell) if cell is not None else ""
            if run:
                values["run"] = run
                return key
        trade, grade = (self._texts[plan.first(key, cells)[0]] for key in ("trade", "grade"))
        if not trade:
            key = next((key for key in keys if key in plan.positions), keys[0])
            raise FaultyRow("run_missing", at=plan.first(key, cells)[1], key=key)
        values["run"] = self._run(f"{trade}（{grade}）" if grade else trade)
        return ""

    def _run(self, cell: Cell) -> str:
        """The name of a run, in the spelling in which the ledger has it first."""
        found = self._run_of.get(cell)
        if found is None:
            text = self._texts[cell]
            found = self._run_of[cell] = self._runs.setdefault(comparable(text), text)
        return found

    def _read_dates(self, plan: Plan, cells: list[Cell], values: Values, *, needed: bool) -> None:
        """First and last day, and the day of the certificate."""
        written = tuple([cells[at] for at in plan.dates])
        span = self._periods.get((plan.dates, written))
        if span is None:
            span = self._periods[plan.dates, written] = self._period(plan, cells)
        day = plan.first("certificate_day", cells)[0]
        if day is not None and self._texts[day]:
            issued, _ = self._span(plan, cells, "certificate_day")
            values["certificate_day"] = issued[0] if issued else None
        start, end, fault = span
        if needed and start is None and not fault:
            key = "dates" if "dates" in plan.positions or "start" not in plan.positions else "start"
            raise FaultyRow("date_invalid", at=plan.first(key, cells)[1], key=key, message="date_missing")
        if fault:
            raise fault
        values["start"], values["end"] = start, end

    def _period(self, plan: Plan, cells: list[Cell]) -> tuple[date | None, date | None, FaultyRow | None]:
        """From a column of ranges, from two columns, or from both; the third is a fault of order."""
        whole, whole_at = self._span(plan, cells, "dates")
        first, first_at = self._span(plan, cells, "start")
        last, last_at = self._span(plan, cells, "end")
        either = first or whole
        start = either[0] if either else None
        end = last[1] if last else _end_of(first, whole)
        if start and end and end < start:
            at, key = (last_at, "end") if last else (first_at, "start") if first else (whole_at, "dates")
            return start, end, FaultyRow("date_order", at=at, key=key)
        return start, end, None

    def _span(self, plan: Plan, cells: list[Cell], key: str) -> tuple[Span | None, int]:
        cell, at = plan.first(key, cells)
        if is_blank(cell):
            return None, at
        if cell not in self._spans or isinstance(cell, bool):
            self._spans[cell] = parse_span(cell, year=self._year)
        span = self._spans[cell]
        if span is None:
            raise FaultyRow("date_invalid", at=at, key=key)
        return span, at

    def _read_hours(self, plan: Plan, cells: list[Cell], values: Values, warnings: list[Warned]) -> None:
        written = tuple([cells[at] for _, at in plan.hours])
        known = self._hours.get((plan.hours, written))
        if known is None or any(isinstance(cell, bool) for cell in written):
            known = self._hours[plan.hours, written] = self._parsed_hours(plan, cells)
        values["hours"], total = known
        if total is not None and values["hours"] and sum(values["hours"].values()) != total:
            at = plan.first("hours_total", cells)[1]
            warnings.append(_warned("hours_conflict", plan.heading(at, key="hours_total")))

    def _parsed_hours(self, plan: Plan, cells: list[Cell]) -> tuple[dict[str, Decimal], Decimal | None]:
        """Hours by kind, and the total that the row itself gives."""
        found: dict[str, Decimal] = {}
        for key, at in plan.hours:
            cell = cells[at]
            if cell == "" or not self._texts[cell]:
                continue
            hours = parse_hours(cell, rule=self._rule, in_days=key == "days")
            if hours is None:
                raise FaultyRow("hours_invalid", at=at, key=key)
            found[key] = found.get(key, Decimal(0)) + hours
        return _by_kind(found), found.get("hours_total")

    def _read_headcount(self, plan: Plan, cells: list[Cell], values: Values) -> None:
        for key in ("headcount", "women", "elders"):
            cell, at = plan.first(key, cells)
            needed = key == "headcount"
            if not needed and not self._texts[cell]:
                continue
            people = parse_people(cell)
            if people is None:
                raise FaultyRow("headcount_invalid", at=at, key=key)
            if not needed and people > values["headcount"]:
                raise FaultyRow("headcount_invalid", at=at, key=key, message="headcount_excess")
            values[key] = people

    def _read_details(self, plan: Plan, cells: list[Cell], values: Values, warnings: list[Warned]) -> None:
        """What never makes a row faulty."""
        cell, at = plan.first("phone", cells)
        values["phone"], fine = parse_phone(cell)
        if not fine:
            warnings.append(_warned("phone_invalid", plan.heading(at, key="phone")))
        cell, at = plan.first("gender", cells)
        values["gender"] = gender = parse_gender(cell)
        if number := values.get("id_number"):
            values["gender"] = id_numbers.gender(number)
            values["birth"] = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
            if gender and gender != values["gender"]:
                warnings.append(_warned("gender_conflict", plan.heading(at, key="gender")))
            return
        cell, at = plan.first("birth", cells)
        values["birth"] = parse_birth(cell) if self._texts[cell] else ""
        if not values["birth"] and self._texts[cell]:
            warnings.append(_warned("birth_unclear", plan.heading(at, key="birth")))

    def _read_texts(self, plan: Plan, cells: list[Cell], values: Values, *, used: str) -> None:
        texts = self._texts
        for key in plan.texts:
            values[key] = texts[plan.first(key, cells)[0]]
        written = texts[plan.first("assessment", cells)[0]]
        if written not in self._assessments:
            self._assessments[written] = parse_assessment(written)
        values["assessment"], values["assessment_text"] = self._assessments[written], written
        values["particulars"] = {
            key: text for key, at in plan.particulars if (text := texts[cells[at]]) and key != used
        }


def _warned(code: str, column: str) -> Warned:
    return Warned(code, column, WARNINGS[code])


def _end_of(first: Span | None, whole: Span | None) -> date | None:
    """Where no column gives the closing day: a range's end, or the one day that a single date is."""
    if first and first[0] != first[1]:
        return first[1]
    return whole[1] if whole else None


def _by_kind(found: dict[str, Decimal]) -> dict[str, Decimal]:
    """Hours by kind; they add up, unless the plain column is the sum of the others.

    Where it happens to be as large as they are together, the row's own total tells which is meant.
    """
    kinds = {HOURS_KINDS[key]: hours for key, hours in found.items() if key in HOURS_KINDS}
    parts = {kind: hours for kind, hours in kinds.items() if kind != "general"}
    whole = kinds.get("general", Decimal(0))
    if parts and sum(parts.values()) == whole and found.get("hours_total") != 2 * whole:
        return parts
    if not kinds:
        alone = found.get("hours_total", found.get("days"))
        return {} if alone is None else {"general": alone}
    return kinds
