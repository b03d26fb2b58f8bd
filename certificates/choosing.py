"""By what a run's certificates are issued: a rule of its programme, or a template and a list by hand."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from bureaus.access import bureaus_for
from bureaus.models import User
from certificates.models import Issuer, IssueRule, Template, TemplateVersion
from courses.models import ClassRun


@dataclass(frozen=True, slots=True)
class Way:
    """`rule` judges; it is not stored where the list is made by hand. `version` is the newest."""

    key: str
    rule: IssueRule
    version: TemplateVersion

    @property
    def by_hand(self) -> bool:
        """Whether everybody needs a reason: nothing says who qualifies."""
        return not self.rule.has_conditions

    @property
    def stored_rule(self) -> IssueRule | None:
        return self.rule if self.rule.pk else None

    @property
    def months(self) -> int | None:
        return self.rule.valid_months

    def expires_on(self, issued_on: datetime.date) -> datetime.date | None:
        """The last day by the rule; None for ever."""
        return months_after(issued_on, self.months) - datetime.timedelta(days=1) if self.months else None


def months_after(day: datetime.date, months: int) -> datetime.date:
    """The same day so many months later, or the last one of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return datetime.date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise ValueError(f"No month has {day.day} days.")


def ways_of(run: ClassRun, user: User, *, at: datetime.date) -> list[Way]:
    """The rules of that day first, then each template that the user sees. Two queries, and the umbrellas'."""
    rules = IssueRule.objects.for_programme(run.programme, at=at)
    ruled = {rule.template_id for rule in rules}
    own = Q(bureau=None) | Q(bureau=run.bureau) | Q(bureau__in=bureaus_for(user, "certificates.issue"))
    templates = Template.objects.visible_to(user).filter(own, active=True) | Template.objects.filter(
        pk__in=ruled
    )
    newest = newest_versions(templates)
    by_rule = [
        Way(f"rule-{rule.pk}", rule, newest[rule.template_id]) for rule in rules if rule.template_id in newest
    ]
    by_list = [
        Way(f"template-{pk}", without_conditions(run, version.template), version)
        for pk, version in newest.items()
    ]
    return by_rule + by_list


def newest_versions(templates: QuerySet[Template]) -> dict[int, TemplateVersion]:
    """By template (id). One query; a template without any is left out."""
    versions = TemplateVersion.objects.filter(template__in=templates).select_related("template")
    found: dict[int, TemplateVersion] = {}
    for version in versions.order_by("template__bureau", "template__name", "number"):
        found[version.template_id] = version
    return found


def without_conditions(run: ClassRun, template: Template) -> IssueRule:
    return IssueRule(programme=run.programme, template=template, needs_completion=False)


def issuers_for(run: ClassRun, user: User) -> list[Issuer]:
    """Those that may issue for `run`, its own bureau's first. One query."""
    found = Issuer.objects.editable_by(user).exclude(pattern="").select_related("bureau")
    return sorted(found, key=lambda issuer: (issuer.bureau_id != run.bureau_id, issuer.name))
