"""What is stored, as far as rows are compared with it."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import NamedTuple


class Stored(NamedTuple):
    """An enrolment as far as rows are compared with it."""

    pk: int
    run_id: int
    learner_id: int
    changed_at: datetime.datetime
    name: str
    employer: str
    position: str
    level: str
    district_id: int
    state: str
    assessment: str
    assessment_words: str
    hours: Decimal
    particulars: dict[str, str]
    hours_theory: Decimal | None
    hours_practice: Decimal | None
    hours_online: Decimal | None
    hours_offline: Decimal | None
    hours_general: Decimal | None


class StoredCertificate(NamedTuple):
    """A certificate as far as rows are compared with it."""

    pk: int
    issuer_id: int
    number_key: str
    learner_id: int
    enrolment_id: int | None
    state: str
    origin: str
    number: str
    title: str
    issued_on: datetime.date | None
