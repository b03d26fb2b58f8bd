"""The plan and what is done for it: programmes, quotas, class runs, sessions, enrolments."""

from courses.models.attendance import Appeal, Attendance, Mark
from courses.models.enrolments import Enrolment
from courses.models.evaluations import Ballot, Evaluation
from courses.models.evidence import Evidence
from courses.models.feeds import CalendarFeed
from courses.models.hours import HourRule
from courses.models.limits import RepeatLimit
from courses.models.materials import Course, CourseMaterial, Trainer
from courses.models.notices import Notice
from courses.models.plans import Action, ActionBureau, Plan, PlanReview, PlanTarget
from courses.models.programmes import Coverage, Programme, ProgrammeBureau
from courses.models.quotas import Allocation, Quota, QuotaPeriod
from courses.models.runs import ClassRun, Session

__all__ = [
    "Action",
    "ActionBureau",
    "Allocation",
    "Appeal",
    "Attendance",
    "Ballot",
    "CalendarFeed",
    "ClassRun",
    "Course",
    "CourseMaterial",
    "Coverage",
    "Enrolment",
    "Evaluation",
    "Evidence",
    "HourRule",
    "Mark",
    "Notice",
    "Plan",
    "PlanReview",
    "PlanTarget",
    "Programme",
    "ProgrammeBureau",
    "Quota",
    "QuotaPeriod",
    "RepeatLimit",
    "Session",
    "Trainer",
]
