"""Programmes (培训项目), and which programmes an umbrella covers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bureaus.access import bureaus_for, for_whole_city
from bureaus.models import Bureau, User
from courses.models.plans import Action, LeadRole, Plan
from learners.models import TargetGroup
from peixun.lib.comparing import plain_quotes


class ProgrammeQuerySet(models.QuerySet["Programme"]):
    def led_by(self, bureaus: models.QuerySet[Bureau]) -> ProgrammeQuerySet:
        """Programmes that one of these bureaus leads: through their action, or of their own."""
        own = ProgrammeBureau.objects.filter(bureau__in=bureaus, role=LeadRole.LEAD)
        actions = Action.objects.led_by(bureaus)
        return self.filter(Q(action__in=actions.values("pk")) | Q(pk__in=own.values("programme")))

    def editable_by(self, user: User) -> ProgrammeQuerySet:
        """Every programme for who plans for the whole city, else those that the user's bureaus lead."""
        if for_whole_city(user, "programmes.edit"):
            return self
        return self.led_by(bureaus_for(user, "programmes.edit"))

    def named(self, name: str, *, year: int) -> Programme | None:
        """The programme of that name in the plan of `year`, else in the newest plan that knows it."""
        found = self.filter(name=plain_quotes(name)).select_related("plan", "group")
        in_plan = found.filter(plan__first_year__lte=year, plan__last_year__gte=year)
        return in_plan.first() or found.order_by("-plan__first_year").first()


class Programme(models.Model):
    class Kind(models.TextChoices):
        TRAINING = "training", _("培训")
        UMBRELLA = "umbrella", _("综合项目")
        LECTURE = "lecture", _("讲座")
        CERTIFICATION = "certification", _("鉴定评定")
        MENTORING = "mentoring", _("结对帮带")
        BODY = "body", _("组织建设")

    class Counts(models.TextChoices):
        """What one 人次 is."""

        RUN = "run", _("每人每期 1 人次")
        SESSION = "session", _("每人每场 1 人次")

    class Basis(models.TextChoices):
        """Whom the target counts; both figures are always shown."""

        TAKING_PART = "taking_part", _("参训")
        PASSING = "passing", _("合格")

    plan = models.ForeignKey(
        Plan, verbose_name=_("方案"), on_delete=models.CASCADE, related_name="programmes"
    )
    action = models.ForeignKey(
        Action,
        verbose_name=_("行动"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="programmes",
    )
    section = models.CharField(_("所在章节"), max_length=60, blank=True, help_text=_("五大行动之外的填写"))
    clause = models.PositiveSmallIntegerField(_("条"), null=True, blank=True)
    name = models.CharField(_("名称"), max_length=80)
    group = models.ForeignKey(
        TargetGroup, verbose_name=_("群体"), on_delete=models.PROTECT, related_name="programmes"
    )
    kind = models.CharField(_("类别"), max_length=16, choices=Kind, default=Kind.TRAINING)
    counts = models.CharField(_("人次口径"), max_length=8, choices=Counts, default=Counts.RUN)
    basis = models.CharField(_("计入口径"), max_length=12, choices=Basis, default=Basis.TAKING_PART)
    part_of = models.ForeignKey(
        "self",
        verbose_name=_("所属综合项目"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="parts",
    )
    lead_bureaus = models.ManyToManyField(Bureau, through="ProgrammeBureau", related_name="programmes")
    order = models.PositiveSmallIntegerField(_("顺序"), default=0)

    objects = ProgrammeQuerySet.as_manager()

    class Meta:
        verbose_name = _("培训项目")
        verbose_name_plural = _("培训项目")
        ordering: ClassVar = ["plan", "order"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["plan", "name"],
                name="programme_once",
                violation_error_message=_("方案里已有同名的项目。"),
            ),
            models.CheckConstraint(
                condition=~Q(part_of=F("id")),
                name="programme_part_of_another",
                violation_error_message=_("项目不能属于它自己。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves, and keeps the coverage of this programme and of its parts."""
        with transaction.atomic():
            super().save(*args, **kwargs)
            Coverage.renew(self)

    def clean(self) -> None:
        super().clean()
        try:
            self.umbrellas()
        except ValueError as ring:
            words = _("所属综合项目一层层往上又回到了前面的项目，请改选。")
            raise ValidationError({"part_of": words}) from ring

    def leads(self) -> list[Bureau]:
        """Its lead bureaus: its own, else those of its action."""
        own = Bureau.objects.filter(programme_links__programme=self, programme_links__role=LeadRole.LEAD)
        of_action = Bureau.objects.filter(
            action_links__action=self.action_id, action_links__role=LeadRole.LEAD
        )
        return list(own.order_by("programme_links__order")) or list(of_action.order_by("action_links__order"))

    def umbrellas(self) -> list[Programme]:
        """This programme and the umbrellas above it, nearest first. Raises ValueError for a ring."""
        found: list[Programme] = []
        programme: Programme | None = self
        while programme:
            if programme in found:
                raise ValueError(f"{self.name} lies in an umbrella that lies in itself.")
            found.append(programme)
            programme = programme.part_of
        return found


class Coverage(models.Model):
    """`umbrella` covers `part`, at any depth; each programme covers itself.

    Kept by `Programme.save`, so that one join tells the figures of an umbrella with its parts.
    """

    umbrella = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="covers")
    part = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="covered_by")

    class Meta:
        verbose_name = _("项目涵盖")
        verbose_name_plural = _("项目涵盖")
        constraints: ClassVar = [models.UniqueConstraint(fields=["umbrella", "part"], name="covered_once")]

    def __str__(self) -> str:
        return f"{self.umbrella} ⊇ {self.part}"

    @classmethod
    def renew(cls, programme: Programme) -> None:
        """Writes anew what covers `programme`, and below it what covers its parts."""
        wanted = {umbrella.pk for umbrella in programme.umbrellas()}
        known = set(cls.objects.filter(part=programme).values_list("umbrella_id", flat=True))
        if wanted == known:
            return
        cls.objects.filter(part=programme, umbrella__in=known - wanted).delete()
        Coverage.objects.bulk_create(Coverage(umbrella_id=pk, part=programme) for pk in wanted - known)
        for part in programme.parts.all():
            cls.renew(part)


class ProgrammeBureau(models.Model):
    """The lead bureaus of a programme that stands outside the actions."""

    programme = models.ForeignKey(
        Programme, on_delete=models.CASCADE, related_name="bureau_links", verbose_name=_("项目")
    )
    bureau = models.ForeignKey(
        Bureau, on_delete=models.PROTECT, related_name="programme_links", verbose_name=_("单位")
    )
    role = models.CharField(_("职责"), max_length=12, choices=LeadRole, default=LeadRole.LEAD)
    order = models.PositiveSmallIntegerField(_("顺序"), default=0)

    class Meta:
        verbose_name = _("项目的单位")
        verbose_name_plural = _("项目的单位")
        ordering: ClassVar = ["programme", "role", "order"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "bureau"], name="bureau_once_a_programme")
        ]

    def __str__(self) -> str:
        return f"{self.programme} · {self.bureau}"
