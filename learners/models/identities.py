"""What tells one person from another: papers, or the name at the employer where there are none."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from learners import id_numbers
from learners.models.learners import Learner
from peixun.lib.comparing import comparable
from peixun.lib.encryption import EncryptedTextField, digest


class Identity(models.Model):
    """A paper's number, sealed, with a keyed digest for equality. Merging learners moves it."""

    class Kind(models.TextChoices):
        ID_NUMBER = "id_number", _("居民身份证")
        PASSPORT = "passport", _("护照")
        PERMIT = "permit", _("港澳台居民居住证等")
        EMPLOYER_NAME = "employer_name", _("单位加姓名")

    learner = models.ForeignKey(
        Learner, verbose_name=_("学员"), on_delete=models.CASCADE, related_name="identities"
    )
    kind = models.CharField(_("种类"), max_length=16, choices=Kind)
    value = EncryptedTextField(_("号码"))
    digest = models.CharField(_("摘要"), max_length=64, editable=False)

    class Meta:
        verbose_name = _("身份标识")
        verbose_name_plural = _("身份标识")
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "digest"], name="identity_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.masked}"

    @property
    def masked(self) -> str:
        """The first three and last four of a paper's number; the text itself where it is no number."""
        return self.value if self.kind == self.Kind.EMPLOYER_NAME else id_numbers.mask(self.value)

    @classmethod
    def by_id_number(cls, number: str) -> tuple[str, str, str]:
        """(kind, value, digest) of a normalised ID number."""
        return cls.by_paper(cls.Kind.ID_NUMBER, number)

    @classmethod
    def by_paper(cls, kind: str, number: str) -> tuple[str, str, str]:
        """(kind, value, digest) of a paper's normalised number."""
        return kind, number, digest(kind, number)

    @classmethod
    def by_employer(cls, name: str, employer: str) -> tuple[str, str, str]:
        """(kind, value, digest) of a name at an employer, however the employer's brackets are written."""
        key = digest(cls.Kind.EMPLOYER_NAME, comparable(employer), name)
        return cls.Kind.EMPLOYER_NAME, f"{employer} {name}", key
