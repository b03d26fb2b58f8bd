"""Forms of programmes, and of the plan that follows a plan."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from bureaus.access import for_whole_city
from bureaus.models import Bureau, User
from courses.copying_plans import Extent
from courses.forms.many import ManyField
from courses.models import Action, Plan, Programme, Quota
from courses.models.programmes import ProgrammeQuerySet
from learners.models import TargetGroup
from peixun.lib.comparing import plain_quotes

LONGEST_PLAN = 10
EMPTY = {"action": _("不属于任何行动"), "part_of": _("不属于综合项目"), "group": _("请选择")}


class ProgrammeChoiceField(forms.ModelChoiceField[Programme]):
    """Programmes grouped by their action."""

    def __init__(self, *, empty: Any = "", **kwargs: Any) -> None:
        super().__init__(Programme.objects.none(), **kwargs)
        self.empty = empty or _("请选择")

    def offer(self, programmes: QuerySet[Programme]) -> None:
        self.queryset = programmes
        groups: dict[str, list[tuple[int, str]]] = {}
        for programme in programmes.select_related("action"):
            heading = str(programme.action or programme.section)
            groups.setdefault(heading, []).append((programme.pk, programme.name))
        self.widget.choices = [("", self.empty), *groups.items()]


class ProgrammeFilter(forms.Form):
    """Filters of the list; one that cannot be read is left out."""

    year = forms.IntegerField(required=False, min_value=2000, max_value=2100)
    group: forms.ModelChoiceField[TargetGroup] = forms.ModelChoiceField(
        TargetGroup.objects.all(), required=False, to_field_name="code"
    )

    def chosen_year(self) -> int | None:
        self.is_valid()
        return self.cleaned_data.get("year")

    def narrow(self, programmes: ProgrammeQuerySet) -> ProgrammeQuerySet:
        self.is_valid()
        group = self.cleaned_data.get("group")
        return programmes.filter(group=group) if group else programmes


class ProgrammeForm(forms.ModelForm[Programme]):
    """A programme of `instance.plan`; offers what `user` may put it under."""

    leads: ManyField[Bureau] = ManyField(
        Bureau.objects.filter(valid_to=None),
        label=_("牵头单位"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("属于某个行动的项目由行动的牵头单位负责，不用勾选"),
    )

    class Meta:
        model = Programme
        fields = ("name", "action", "section", "clause", "group", "kind", "part_of", "counts", "basis")
        widgets: ClassVar = {"counts": forms.RadioSelect, "basis": forms.RadioSelect}
        labels: ClassVar = {"clause": _("在第几条")}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plan = self.instance.plan
        actions = Action.objects.editable_by(user).filter(plan=plan)
        umbrellas = Programme.objects.editable_by(user).filter(plan=plan, kind=Programme.Kind.UMBRELLA)
        self.offer("action", actions | Action.objects.filter(pk=self.instance.action_id or 0))
        self.offer("part_of", self.umbrellas_beside(umbrellas))
        for name, words in EMPTY.items():
            self.fields[name].empty_label = words  # type: ignore[attr-defined]
        if for_whole_city(user, "programmes.edit"):
            self.fields["leads"].initial = [link.bureau_id for link in self.own_leads()]
        else:
            del self.fields["leads"], self.fields["section"]
            # Who leads an action only cannot put a programme outside the actions, where nobody leads it.
            self.fields["action"].required = not self.instance.pk or bool(self.instance.action_id)

    def offer(self, name: str, rows: QuerySet[Any]) -> None:
        self.fields[name].queryset = rows.distinct()  # type: ignore[attr-defined]

    def umbrellas_beside(self, umbrellas: QuerySet[Programme]) -> QuerySet[Programme]:
        """Without itself and its parts; with the one that it is in already."""
        found = umbrellas
        if self.instance.pk:
            found = umbrellas.exclude(covered_by__umbrella=self.instance)
        own = Q(pk__in=found.values("pk")) | Q(pk=self.instance.part_of_id)
        return Programme.objects.filter(own)

    def own_leads(self) -> Any:
        return self.instance.bureau_links.all() if self.instance.pk else []

    def clean_name(self) -> str:
        """The plan's field is not on the form, so the model's own rule does not see it."""
        name = plain_quotes(self.cleaned_data["name"])
        others = Programme.objects.filter(plan=self.instance.plan, name=name).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError(_("方案里已有同名的项目。"))
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        nobody = "leads" in self.fields and not cleaned.get("leads")
        if nobody and not cleaned.get("action") and "action" not in self.errors:
            self.add_error("leads", _("不属于任何行动的项目要指明牵头单位。"))
        return cleaned

    def changed_labels(self) -> list[str]:
        return [str(self[name].label) for name in self.changed_data]


class PlanCopyForm(forms.ModelForm[Plan]):
    yearly_quotas = forms.BooleanField(label=_("每年的指标（原文和数值）"), required=False, initial=True)
    plan_quotas = forms.BooleanField(label=_("规划期指标（原文和数值）"), required=False)
    courses = forms.BooleanField(label=_("项目下的课程和资料"), required=False, initial=True)

    class Meta:
        model = Plan
        fields = ("name", "document_number", "issued_on", "first_year", "last_year")

    def __init__(self, *args: Any, source: Plan, extent: Extent, **kwargs: Any) -> None:
        first, length = source.last_year + 1, source.last_year - source.first_year
        kwargs["initial"] = {"first_year": first, "last_year": first + length}
        super().__init__(*args, **kwargs)
        for name in ("yearly_quotas", "plan_quotas", "courses"):
            words = {"label": self.fields[name].label, "count": getattr(extent, name)}
            self.fields[name].label = _("%(label)s：%(count)d 项") % words
        for name in ("first_year", "last_year"):
            self.fields[name] = forms.IntegerField(
                label=self.fields[name].label, min_value=2000, max_value=2100, initial=self.initial[name]
            )

    def clean(self) -> dict[str, Any]:
        """Each year lies in one plan: a programme's name would stand for two otherwise."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("first_year"), cleaned.get("last_year")
        if first is None or last is None or last < first:
            return cleaned
        if last - first >= LONGEST_PLAN:
            self.add_error("last_year", _("一个方案最多 %(years)d 年。") % {"years": LONGEST_PLAN})
        other = Plan.objects.filter(first_year__lte=last, last_year__gte=first).first()
        if other:
            words = {"name": other.name, "first": other.first_year, "last": other.last_year}
            self.add_error(
                "first_year",
                _("与“%(name)s”（%(first)d—%(last)d 年）的年度重叠。请改年度，或直接修改那个方案。") % words,
            )
        return cleaned

    def cycles(self) -> list[str]:
        """The cycles of the quotas that are to be copied."""
        chosen = {Quota.Cycle.YEARLY: "yearly_quotas", Quota.Cycle.PLAN: "plan_quotas"}
        return [cycle for cycle, name in chosen.items() if self.cleaned_data[name]]
