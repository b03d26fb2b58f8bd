"""The only place where official figures are made; pages, commands and workbooks all ask here.

`Selection` says what is counted; `rows` holds the querysets behind every figure.
"""

from ledgers.figures.months import Month, by_month, runs_by_state
from ledgers.figures.progress import QuotaProgress, Status, quota_progress
from ledgers.figures.quality import Finding, quality
from ledgers.figures.rows import (
    all_runs,
    all_sessions,
    attendances,
    certificates,
    enrolments,
    lectures,
    runs,
    sessions,
)
from ledgers.figures.selection import Selection
from ledgers.figures.summaries import Figures, by_district, by_group, by_programme, by_run, totals

__all__ = [
    "Figures",
    "Finding",
    "Month",
    "QuotaProgress",
    "Selection",
    "Status",
    "all_runs",
    "all_sessions",
    "attendances",
    "by_district",
    "by_group",
    "by_month",
    "by_programme",
    "by_run",
    "certificates",
    "enrolments",
    "lectures",
    "quality",
    "quota_progress",
    "runs",
    "runs_by_state",
    "sessions",
    "totals",
]
