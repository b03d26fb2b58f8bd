"""The plan and what is done for it: programmes, quotas, class runs, sessions, enrolments."""

from courses.models.enrolments import Attendance, Enrolment
from courses.models.hours import HourRule
from courses.models.materials import Course, CourseMaterial, Trainer
from courses.models.plans import Action, ActionBureau, Plan, PlanReview, PlanTarget
from courses.models.programmes import Coverage, Programme, ProgrammeBureau
from courses.models.quotas import Allocation, Quota, QuotaPeriod
from courses.models.runs import ClassRun, Session

__all__ = [
    "Action",
    "ActionBureau",
    "Allocation",
    "Attendance",
    "ClassRun",
    "Course",
    "CourseMaterial",
    "Coverage",
    "Enrolment",
    "HourRule",
    "Plan",
    "PlanReview",
    "PlanTarget",
    "Programme",
    "ProgrammeBureau",
    "Quota",
    "QuotaPeriod",
    "Session",
    "Trainer",
]
