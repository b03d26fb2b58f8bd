"""Loads a catalogue into the registers: what is missing is added, what differs is brought up to date."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from bureaus.models import AuditEvent, Bureau, BureauAlias, District, DistrictAlias, User
from courses.catalogue import Catalogue, CatalogueError, Entry
from courses.models import (
    Action,
    ActionBureau,
    HourRule,
    Plan,
    PlanReview,
    PlanTarget,
    Programme,
    ProgrammeBureau,
    Quota,
)
from courses.models.plans import LeadRole
from learners.models import HoursRequirement, TargetGroup

M = TypeVar("M", bound=models.Model)
V = TypeVar("V")
PERIODS = {"每年": HoursRequirement.Period.YEAR, "每五年": HoursRequirement.Period.FIVE_YEARS}
CYCLES = {"每年": Quota.Cycle.YEARLY, "规划期": Quota.Cycle.PLAN}
NOT_RUNS = {Programme.Kind.LECTURE}


@transaction.atomic
def load_catalogue(catalogue: Catalogue, *, user: User | None) -> Counter[str]:
    """Loads all or nothing; gives how many rows were added and changed. Raises `CatalogueError`."""
    loading = Loading(catalogue)
    loading.run()
    if loading.counts["added"] or loading.counts["changed"]:
        AuditEvent.record(AuditEvent.Deed.PLAN_LOADED, loading.plan, user=user, after=dict(loading.counts))
    return loading.counts


class Loading:
    """One run over a catalogue; the registers that were read so far stand in dictionaries by name."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.counts: Counter[str] = Counter(added=0, changed=0)
        self.plan: Plan
        self.districts: dict[str, District] = {}
        self.bureaus: dict[str, Bureau] = {}
        self.groups: dict[str, TargetGroup] = {}
        self.programmes: dict[str, Programme] = {}

    def run(self) -> None:
        self.load_districts()
        self.load_bureaus()
        self.load_groups()
        self.load_plan()
        for order, entry in enumerate(self.catalogue.actions):
            self.load_action(entry, order)
        for entry in self.catalogue.others:
            self.load_programme(entry, action=None, group=self.group("others", entry))
        for order, entry in enumerate(self.catalogue.quotas):
            self.load_quota(entry, order)
        for entry in self.catalogue.hour_rules:
            self.load_hour_rule(entry)
        for entry in self.catalogue.requirements:
            self.load_requirement(entry)

    def put(self, model: type[M], entry: Entry, key: dict[str, Any], values: dict[str, Any]) -> M:
        """The row of `key`, added or brought to `values`; a value that the model refuses names its line."""
        row = model._default_manager.filter(**key).first()
        changed = row is None or any(getattr(row, name) != value for name, value in values.items())
        if row is None:
            row = model(**key)
            self.counts["added"] += 1
        elif changed:
            self.counts["changed"] += 1
        if not changed:
            return row
        for name, value in values.items():
            setattr(row, name, value)
        try:
            row.full_clean()
            row.save()
        except (ValidationError, ValueError) as error:
            words = "；".join(error.messages) if isinstance(error, ValidationError) else str(error)
            raise CatalogueError(words, line=entry.line) from error
        return row

    def load_districts(self) -> None:
        for order, entry in enumerate(self.catalogue.districts):
            lies_in = entry.may("lies_in")
            if lies_in and lies_in not in self.districts:
                message = _("园区所在的“%(name)s”要先列出。") % {"name": lies_in}
                raise CatalogueError(message, line=entry.line)
            values = {
                "name": entry.need("name"),
                "short": entry.may("short", default=""),
                "is_park": entry.may("park", bool, False),
                "is_city": entry.may("short") == "市本级",
                "lies_in": self.districts.get(lies_in),
                "order": order,
            }
            district = self.put(District, entry, {"code": entry.need("code")}, values)
            self.districts[district.name] = district
            for alias in entry.names("aliases"):
                self.put(DistrictAlias, entry, {"name": alias}, {"district": district})

    def load_bureaus(self) -> None:
        entry = self.catalogue.bureaus
        order = 0
        for kind in ("party", "government", "people", "unit"):
            for name in entry.names(kind):
                self.bureaus[name] = self.put(Bureau, entry, {"name": name}, {"kind": kind, "order": order})
                order += 1
        aliases = entry.may("aliases", Entry, Entry())
        for name in aliases:
            bureau = self.bureau(name, aliases)
            for alias in aliases.names(name):
                self.put(BureauAlias, aliases, {"name": alias}, {"bureau": bureau})

    def load_groups(self) -> None:
        for order, (code, name) in enumerate(self.catalogue.groups.items()):
            large = code in self.catalogue.large_type
            values = {"name": name, "order": order, "large_type": large}
            self.groups[code] = self.put(TargetGroup, self.catalogue.groups, {"code": code}, values)

    def load_plan(self) -> None:
        entry = self.catalogue.plan
        years = entry.need("years", list)
        if len(years) != 2 or not all(isinstance(year, int) for year in years):
            raise CatalogueError(_("years 要写成 [起始年, 截止年]。"), line=entry.line)
        coordinator = entry.may("coordinator")
        values = {
            "document_number": entry.may("document_number", default=""),
            "issuer": entry.may("issuer", default=""),
            "issued_on": entry.may("issued_on", datetime.date),
            "first_year": years[0],
            "last_year": years[1],
            "coordinator": self.bureau(coordinator, entry) if coordinator else None,
            "city": next((place for place in self.districts.values() if place.is_city), None),
        }
        self.plan = self.put(Plan, entry, {"name": entry.need("name")}, values)
        for review in entry.entries("reviews"):
            key = {"plan": self.plan, "year": review.need("year", int)}
            self.put(PlanReview, review, key, {"name": review.need("name")})
        for target in entry.entries("targets"):
            self.load_target(target)
        if not HourRule.objects.filter(programme=None).exists():
            HourRule.objects.create()
            self.counts["added"] += 1

    def load_target(self, entry: Entry) -> None:
        values = {
            "value": Decimal(str(entry.need("value", (int, float)))),
            "unit": entry.need("unit"),
            "year": entry.need("year", int),
            "source": entry.may("source", default=""),
        }
        self.put(PlanTarget, entry, {"plan": self.plan, "words": entry.need("text")}, values)

    def load_action(self, entry: Entry, order: int) -> None:
        group = self.group(entry.need("group"), entry)
        key = {"plan": self.plan, "name": entry.need("name")}
        action = self.put(Action, entry, key, {"group": group, "order": order})
        for role, names in ((LeadRole.LEAD, "lead"), (LeadRole.RESPONSIBLE, "responsible")):
            for place, name in enumerate(entry.names(names)):
                link = {"action": action, "bureau": self.bureau(name, entry)}
                self.put(ActionBureau, entry, link, {"role": role, "order": place})
        for programme in entry.entries("programmes"):
            self.load_programme(programme, action=action, group=group)

    def load_programme(self, entry: Entry, *, action: Action | None, group: TargetGroup) -> None:
        kind = entry.need("kind")
        umbrella = entry.may("part_of")
        if umbrella and umbrella not in self.programmes:
            message = _("所属的综合项目“%(name)s”要先列出。") % {"name": umbrella}
            raise CatalogueError(message, line=entry.line)
        own_group = entry.may("group")
        values = {
            "action": action,
            "section": entry.may("section", default=""),
            "clause": entry.may("clause", int),
            "group": self.group(own_group, entry) if own_group else group,
            "kind": kind,
            "counts": entry.may("counts") or ("session" if kind in NOT_RUNS else "run"),
            "part_of": self.programmes.get(umbrella),
            "order": len(self.programmes),
        }
        name = entry.need("name")
        programme = self.put(Programme, entry, {"plan": self.plan, "name": name}, values)
        self.programmes[name] = programme
        for order, lead in enumerate(entry.names("lead")):
            link = {"programme": programme, "bureau": self.bureau(lead, entry)}
            self.put(ProgrammeBureau, entry, link, {"role": LeadRole.LEAD, "order": order})

    def load_quota(self, entry: Entry, order: int) -> None:
        period = entry.need("period")
        if period not in CYCLES:
            message = _("period 要写 %(words)s。") % {"words": "、".join(CYCLES)}
            raise CatalogueError(message, line=entry.line)
        value = entry.may("value", (int, float))
        values = {
            "value": None if value is None else Decimal(str(value)),
            "unit": entry.may("unit", default=""),
            "cycle": CYCLES[period],
            "order": order,
        }
        quota = self.put(Quota, entry, {"plan": self.plan, "words": entry.need("words")}, values)
        programmes = [self.programme(name, entry) for name in entry.names("programmes")]
        known = set(quota.programmes.all())
        if known != set(programmes):
            quota.programmes.set(programmes)
            self.counts["changed"] += bool(known)

    def load_hour_rule(self, entry: Entry) -> None:
        """A limit of leave, for programmes that have no rule of their own: whoever wrote one knows better."""
        one_in = entry.need("leave_one_in", int)
        for name in entry.names("programmes"):
            programme = self.programme(name, entry)
            if programme.hour_rules.exists():
                continue
            # All else, dates too, as in the rules that held for it so far: no hour counts otherwise.
            above = [*programme.umbrellas()[1:], None]
            rules = next(filter(None, (list(HourRule.objects.filter(programme=one)) for one in above)), [])
            for rule in rules:
                rule.pk, rule._state.adding = None, True
                rule.programme, rule.leave_one_in = programme, one_in
                rule.save()
            self.counts["added"] += len(rules)

    def load_requirement(self, entry: Entry) -> None:
        """Added where none has its name: what a bureau changed in 基础资料, its being in use too, stays."""
        name = entry.need("name")
        period = self.known(PERIODS, entry.need("period"), entry, _("周期只能写每年或每五年。"))
        if HoursRequirement.objects.filter(name=name).exists():
            return
        values = {
            "group": self.group(entry.need("group"), entry),
            "levels": "、".join(entry.names("levels")),
            "hours": Decimal(str(entry.need("hours", (int, float)))),
            "days": entry.may("days", int),
            "period": period,
            "cycle_from": entry.may("cycle_from", int),
            "carries_over": entry.may("carries_over", bool, False),
            "valid_from": entry.may("valid_from", datetime.date),
            "valid_to": entry.may("valid_to", datetime.date),
            "source": entry.need("source"),
            "active": entry.may("active", bool, False),
        }
        self.put(HoursRequirement, entry, {"name": name}, values)

    def bureau(self, name: str, entry: Entry) -> Bureau:
        return self.known(self.bureaus, name, entry, _("bureaus 里没有“%(name)s”。"))

    def group(self, code: str, entry: Entry) -> TargetGroup:
        return self.known(self.groups, code, entry, _("groups 里没有“%(name)s”。"))

    def programme(self, name: str, entry: Entry) -> Programme:
        return self.known(self.programmes, name, entry, _("前面没有名为“%(name)s”的项目。"))

    @staticmethod
    def known(register: Mapping[str, V], name: str, entry: Entry, words: str) -> V:
        if name not in register:
            raise CatalogueError(words % {"name": name}, line=entry.line)
        return register[name]
