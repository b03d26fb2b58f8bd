"""What stands in the way of two records, and what moved, in words for the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.models import Enrolment
from learners.models import AccountLink, Exemption, Holder, Identity, Learner
from ledgers.people.steps import BACK

WHY = {
    "deleted": gettext_lazy("后来已删除"),
    "changed": gettext_lazy("后来改过，保留现在的内容"),
    "taken": gettext_lazy("位置后来已被占用"),
    "gone": gettext_lazy("所属的班次、单位等已不在"),
}


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both have it: what, and what merging does about it."""

    what: str
    remedy: str


def conflicts_of(one: Learner, other: Learner) -> list[Conflict]:
    """Where both records have what one person has once. Six queries."""
    both = (one.pk, other.pk)
    found = []
    for run in runs_of_both(both):
        found.append(
            Conflict(
                _("都在班次“%(run)s”里") % {"run": run},
                _("合并后算 1 人次：保留参训、结业、学时多的一份，出勤合到一起"),
            )
        )
    if len(numbers := list(Identity.objects.filter(learner__in=both, kind=Identity.Kind.ID_NUMBER))) > 1:
        found.append(
            Conflict(
                _("有 %(count)d 个不同的身份证号") % {"count": len(numbers)},
                _("两个号码都保留，以后按任一号码都认到这份档案。号码写错的，请先核对是不是两个人"),
            )
        )
    found += accounts_and_phones(both)
    if one.gender and other.gender and one.gender != other.gender:
        found.append(Conflict(_("性别不同"), _("以保留的档案为准，可以在下面改选")))
    if one.birth_year and other.birth_year and one.birth_year != other.birth_year:
        found.append(Conflict(_("出生年份不同"), _("以保留的档案为准，可以在下面改选")))
    return found


def runs_of_both(both: tuple[int, int]) -> list[str]:
    rows = Enrolment.objects.filter(learner__in=both).order_by().values_list("run", "run__name")
    counted = Counter(rows)
    return sorted(name for (_run, name), count in counted.items() if count > 1)


def accounts_and_phones(both: tuple[int, int]) -> Iterable[Conflict]:
    own = AccountLink.objects.filter(learner__in=both, relation=AccountLink.Relation.SELF)
    if own.values("user").distinct().count() > 1:
        yield Conflict(_("各有一个本人账号"), _("两个账号都能打开合并后的档案；不用的请联系技术管理员停用"))
    held = Holder.objects.filter(learner__in=both).exclude(phone="")
    phones = Counter(bureau for bureau, _phone in set(held.values_list("bureau", "phone")))
    if any(count > 1 for count in phones.values()):
        yield Conflict(_("同一单位登记了两个联系电话"), _("以保留的档案为准，另一个随合并记录保存"))
    if len(set(Exemption.objects.filter(learner__in=both).values_list("learner", flat=True))) > 1:
        yield Conflict(_("都有学时减免"), _("都保留，完全相同的只留一份"))


def label_of_model(label: str) -> str:
    return str(apps.get_model(label)._meta.verbose_name)


def words_of_counts(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """What moved, by kind: (words, how many)."""
    words = [(label_of_model(label), count) for label, count in counts.items() if "." in label]
    if counts.get("folded"):
        words.append((_("同一班次合成一份的参训记录"), counts["folded"]))
    return words


def words_of_outcome(outcome: Iterable[Mapping[str, Any]]) -> list[tuple[str, bool, str, int]]:
    """What taking back came to, by kind: (words, whether it is back, why not, how many)."""
    return [
        (label_of_model(one["model"]), one["outcome"] == BACK, str(WHY.get(one["why"], "")), one["count"])
        for one in outcome
    ]
