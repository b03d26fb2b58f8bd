"""学员台账: everybody who took part, with masked numbers. Rows are streamed in chunks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from bureaus.models import District
from certificates.models import Certificate
from courses.models import Enrolment
from learners import id_numbers
from learners.models import Holder, Identity, Learner
from ledgers.figures import Figures, Selection, enrolments
from ledgers.yearly.report import Report
from ledgers.yearly.tables import Column, Table
from peixun.lib.xlsx import Value
from peixun.lib.xlsx_styles import Style

CHUNK = 2_000
FIELDS = (
    "pk",
    "learner",
    "run__bureau",
    "run__programme__group__name",
    "run__programme__name",
    "run__name",
    "name",
    "learner__gender",
    "employer",
    "position",
    "level",
    "district",
    "run__starts_on",
    "run__ends_on",
    "hours",
    "hours_theory",
    "hours_practice",
    "hours_online",
    "hours_offline",
    "assessment",
    "assessment_words",
    "run__bureau__name",
    "state",
)
HIDDEN_DIGITS = "****"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Papers:
    """What else is known of a chunk's people: masked numbers, masked phones, certificates."""

    numbers: dict[int, str]
    phones: dict[tuple[int, int], str]
    certificates: dict[int, str]


def learner_register(report: Report, whole: Figures) -> Table:
    """Two queries, and three for each 2,000 rows."""
    hours = (_("学时"), _("理论"), _("实操"), _("线上"), _("线下"))
    columns = [
        Column(_("群体"), 12),
        Column(_("项目"), 22),
        Column(_("班次"), 26),
        Column(_("姓名"), 12),
        Column(_("性别"), 6, Style.CODE),
        Column(_("身份证号"), 21, Style.CODE),
        Column(_("单位"), 24),
        Column(_("职务"), 12),
        Column(_("级别"), 10),
        Column(_("县市区"), 11),
        Column(_("联系电话"), 14, Style.CODE),
        Column(_("开班日期"), 12, Style.DATE),
        Column(_("结业日期"), 12, Style.DATE),
        *(Column(kind, 8, Style.HOURS) for kind in hours),
        Column(_("考核"), 9, Style.CODE),
        Column(_("证书编号"), 22, Style.CODE),
        Column(_("主办单位"), 18),
        Column(_("状态"), 9, Style.CODE),
    ]
    blank = [""] * 13
    total: list[Value] = [*blank, whole.hours, *[""] * 8]
    return Table(_("学员台账"), columns, learner_rows(report.selection), total)


def learner_rows(selection: Selection) -> Iterator[list[Value]]:
    states = {str(value): str(label) for value, label in Enrolment.State.choices}
    words = {str(value): str(label) for value, label in Enrolment.Assessment.choices}
    genders = {str(value): str(label) for value, label in Learner.Gender.choices}
    districts = {district.pk: str(district) for district in District.objects.all()}
    in_order = enrolments(selection).order_by("run__programme__order", "run__starts_on", "run", "pk")
    for chunk in chunks(in_order.values(*FIELDS).iterator(CHUNK)):
        papers = papers_of(chunk)
        for row in chunk:
            row["state"] = states[row["state"]]
            row["assessment"] = row["assessment_words"] or words.get(row["assessment"], "")
            row["learner__gender"] = genders.get(row["learner__gender"], "")
            row["district"] = districts[row["district"]]
            yield learner_row(row, papers)


def learner_row(row: Row, papers: Papers) -> list[Value]:
    return [
        row["run__programme__group__name"],
        row["run__programme__name"],
        row["run__name"],
        row["name"],
        row["learner__gender"] or None,
        papers.numbers.get(row["learner"]),
        row["employer"],
        row["position"],
        row["level"],
        row["district"],
        papers.phones.get((row["learner"], row["run__bureau"])),
        row["run__starts_on"],
        row["run__ends_on"],
        row["hours"],
        row["hours_theory"],
        row["hours_practice"],
        row["hours_online"],
        row["hours_offline"],
        row["assessment"] or None,
        papers.certificates.get(row["pk"]),
        row["run__bureau__name"],
        row["state"],
    ]


def papers_of(chunk: list[Row]) -> Papers:
    """Three queries."""
    learners = {row["learner"] for row in chunk}
    return Papers(
        numbers=numbers_of(learners),
        phones=phones_of(learners, {row["run__bureau"] for row in chunk}),
        certificates=certificates_of({row["pk"] for row in chunk}),
    )


def numbers_of(learners: set[int]) -> dict[int, str]:
    """Masked; the resident ID number, else another paper's."""
    found: dict[int, str] = {}
    papers = Identity.objects.filter(learner__in=learners).exclude(kind=Identity.Kind.EMPLOYER_NAME)
    for learner, kind, value in papers.values_list("learner", "kind", "value"):
        if learner not in found or kind == Identity.Kind.ID_NUMBER:
            found[learner] = id_numbers.mask(value)
    return found


def phones_of(learners: set[int], bureaus: set[int]) -> dict[tuple[int, int], str]:
    """Masked; as each bureau wrote them."""
    holders = Holder.objects.filter(learner__in=learners, bureau__in=bureaus).exclude(phone="")
    known = holders.values_list("learner", "bureau", "phone")
    return {(learner, bureau): mask_phone(phone) for learner, bureau, phone in known}


def certificates_of(held: set[int]) -> dict[int, str]:
    """The numbers that hold good today, of each enrolment."""
    found: dict[int, list[str]] = defaultdict(list)
    gone = (Certificate.State.REVOKED, Certificate.State.REPLACED)
    certificates = Certificate.objects.filter(enrolment__in=held).exclude(state__in=gone)
    for enrolment, number in certificates.order_by("pk").values_list("enrolment", "number"):
        found[enrolment or 0].append(number)
    return {enrolment: "、".join(numbers) for enrolment, numbers in found.items()}


def mask_phone(phone: str) -> str:
    """138****1234; of a short number only the first three digits."""
    if len(phone) <= 7:
        return phone[:3] + HIDDEN_DIGITS
    return f"{phone[:3]}{HIDDEN_DIGITS}{phone[-4:]}"


def chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk
