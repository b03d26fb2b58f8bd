"""The audit: what was done, by whom, when and why. Lines are added and never changed."""

from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bureaus.announcing import announce
from bureaus.models.accounts import User
from bureaus.models.bureaus import Bureau

WORDS = {
    "programme": _("项目"),
    "year": _("年度"),
    "read": _("读到行数"),
    "good": _("有效行数"),
    "faulty": _("问题行数"),
    "new": _("新增"),
    "changed": _("有变化"),
    "same": _("相同"),
    "warned": _("提醒"),
    "learners": _("人数"),
    "enrolments": _("人次"),
    "runs": _("期数"),
    "hours": _("学时"),
    "certificates": _("证书"),
    "sessions": _("场次"),
    "person_times": _("人次"),
    "done_on": _("完成日期"),
    "evidence": _("佐证"),
    "added": _("新增"),
    "fields": _("修改的内容"),
    "copied_from": _("复制自"),
    "actions": _("行动"),
    "programmes": _("项目数"),
    "quotas": _("指标"),
    "courses": _("课程"),
    "materials": _("资料"),
    "materials_added": _("上传的资料"),
    "materials_removed": _("删除的资料"),
    "deleted": _("删除"),
    "skip": _("跳过"),
    "update": _("更新"),
    "delete": _("删除"),
    "applied": _("已报名"),
    "waiting": _("候补"),
    "admitted": _("已录取"),
    "attending": _("在训"),
    "completed": _("结业"),
    "not_completed": _("未结业"),
    "no_show": _("未参训"),
    "withdrawn": _("退学"),
    "rejected": _("未录取"),
    "reinstated": _("恢复"),
    "walk_ins": _("现场登记"),
    "headcount": _("参加人数"),
    "women": _("其中女性"),
    "elders": _("其中老年人"),
    "granted": _("已同意"),
    "declined": _("未同意"),
    "matched": _("核对身份"),
    "reopened": _("撤回结业"),
    "state": _("状态"),
    "restored": _("恢复"),
    "moved": _("调整"),
    "until": _("有效期至"),
    "valid_from": _("起"),
    "valid_to": _("止"),
    "consent": _("同意方式"),
    "requirement": _("学时任务"),
    "version": _("版本"),
    "name": _("名称"),
    "title": _("证书名称"),
    "same_person": _("同一人"),
    "not_same": _("不是同一人"),
    "merged": _("并入的档案"),
    "kept": _("保留的档案"),
    "city_years": _("全市人数随之减少的年度"),
    "back": _("已复原"),
    "stays": _("没有复原"),
    "columns": _("列"),
    "number": _("证书编号"),
    "numbers": _("证书编号"),
    "first": _("首个编号"),
    "last": _("末个编号"),
    "handed_out_on": _("领取日期"),
    "gender": _("性别"),
    "birth": _("出生"),
    "phone": _("联系电话"),
    "learner_name": _("姓名"),
    "reversed": _("已收回行数"),
    "kept_rows": _("保留行数"),
    "failed": _("未能收回行数"),
    "why": _("保留的原因"),
    "rows": _("行数"),
}
# So many of a list are shown; the line keeps all.
MOST_SHOWN = 12


class AppendOnly(RuntimeError):
    """Somebody tried to change or delete a line of the audit."""


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly


class AuditEvent(models.Model):
    """One deed. `before` and `after` hold masked values only; an import writes one line, not one a row."""

    class Deed(models.TextChoices):
        PLAN_LOADED = "plan.loaded", _("载入方案")
        LEDGER_IMPORTED = "ledger.imported", _("导入台账")
        LEDGER_UNDONE = "ledger.undone", _("撤销导入")
        LAYOUT_CHANGED = "layout.changed", _("修改台账版式")
        LEDGER_GIVEN_BACK = "ledger.given_back", _("退回原表")
        SHEET_IMPORTED = "sheet.imported", _("导入签到表")
        SHEET_UNDONE = "sheet.undone", _("撤销签到表")
        LEDGER_EXPORTED = "ledger.exported", _("导出台账")
        FORM_CHANGED = "form.changed", _("维护本单位表样")
        LIST_EXPORTED = "list.exported", _("导出列表")
        YEAR_CLOSED = "year.closed", _("年度封账")
        YEAR_REOPENED = "year.reopened", _("解除封账")
        REGISTER_CHANGED = "register.changed", _("修改基础资料")
        COMMITMENT_MARKED = "commitment.marked", _("登记任务完成情况")
        PROGRAMME_CHANGED = "programme.changed", _("修改培训项目")
        COURSE_CHANGED = "course.changed", _("修改课程")
        TRAINER_CHANGED = "trainer.changed", _("修改授课教师")
        RUN_CHANGED = "run.changed", _("安排班次")
        RUN_CANCELLED = "run.cancelled", _("取消班次")
        RUN_FINISHED = "run.finished", _("办理结业")
        SESSION_CHANGED = "session.changed", _("安排课次")
        SESSION_CANCELLED = "session.cancelled", _("取消课次")
        ENROLMENT_CHANGED = "enrolment.changed", _("办理报名录取")
        ATTENDANCE_REGISTERED = "attendance.registered", _("登记出勤")
        ATTENDANCE_CORRECTED = "attendance.corrected", _("更正出勤")
        APPEAL_DECIDED = "appeal.decided", _("处理请假申诉")
        EVIDENCE_ADDED = "evidence.added", _("上传课次佐证")
        EVIDENCE_REMOVED = "evidence.removed", _("删除课次佐证")
        CERTIFICATE_ISSUED = "certificate.issued", _("制发证书")
        CERTIFICATE_REVOKED = "certificate.revoked", _("作废证书")
        CERTIFICATE_REPLACED = "certificate.replaced", _("补发换发证书")
        CERTIFICATE_HANDED_OUT = "certificate.handed_out", _("登记证书领取")
        TEMPLATE_CHANGED = "template.changed", _("修改证书模板")
        ID_NUMBER_SEEN = "id_number.seen", _("查看完整证件号码")
        ID_NUMBERS_EXPORTED = "id_numbers.exported", _("导出完整证件号码")
        ACCOUNT_OPENED = "account.opened", _("开通学员账号")
        ACCOUNT_RESET = "account.reset", _("重设学员密码")
        HELPER_CHANGED = "helper.changed", _("登记代管家人")
        EXEMPTION_CHANGED = "exemption.changed", _("登记学时减免")
        PERSON_DECIDED = "person.decided", _("核对人员")
        LEARNERS_MERGED = "learners.merged", _("合并学员档案")
        MERGE_UNDONE = "learners.unmerged", _("撤销档案合并")
        LEARNER_CORRECTED = "learner.corrected", _("更正学员资料")
        DATA_REQUEST_DECIDED = "data_request.decided", _("处理资料更正申请")

    at = models.DateTimeField(_("时间"), auto_now_add=True, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("操作人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    bureau = models.ForeignKey(
        Bureau, verbose_name=_("单位"), null=True, on_delete=models.PROTECT, related_name="audit_events"
    )
    deed = models.CharField(_("操作"), max_length=32, choices=Deed)
    object_label = models.CharField(_("对象"), max_length=200, blank=True)
    object_key = models.CharField(_("对象编号"), max_length=64, blank=True)
    before = models.JSONField(_("改前"), default=dict, blank=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(_("改后"), default=dict, blank=True, encoder=DjangoJSONEncoder)
    reason = models.CharField(_("原因"), max_length=200, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("审计记录")
        verbose_name_plural = _("审计记录")
        ordering: ClassVar = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.get_deed_display()} {self.object_label}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly

    @property
    def words_before(self) -> list[tuple[str, str]]:
        return in_words(self.before)

    @property
    def words_after(self) -> list[tuple[str, str]]:
        return in_words(self.after)

    @classmethod
    def record(
        cls,
        deed: "AuditEvent.Deed",
        target: models.Model | str,
        *,
        user: User | None,
        bureau: Bureau | None = None,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
        reason: str = "",
        label: str = "",
    ) -> "AuditEvent":
        """Adds a line, inside the transaction of the deed itself; open pages hear of it after commit.

        `label` stands for a target whose own words would be personal data, such as a learner's name.
        """
        key = str(target.pk) if isinstance(target, models.Model) else ""
        transaction.on_commit(lambda: announce(deed, key), robust=True)
        return cls.objects.create(
            deed=deed,
            user=user,
            bureau=bureau,
            object_label=(label or str(target))[:200],
            object_key=key,
            before=before or {},
            after=after or {},
            reason=reason,
        )


def in_words(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Values as (label, text) for people; nested ones flattened, empty ones left out."""
    words = []
    for key, value in values.items():
        if isinstance(value, dict):
            words += in_words(value)
        elif value not in (None, "", 0, []):
            text = listed(value) if isinstance(value, list) else str(value)
            words.append((str(WORDS.get(key, key)), gettext("是") if value is True else text))
    return words


def listed(values: list[Any]) -> str:
    """The first of them; of a long list also how many there are."""
    text = "、".join(map(str, values[:MOST_SHOWN]))
    return (
        text
        if len(values) <= MOST_SHOWN
        else gettext("%(text)s 等 %(count)d 项")
        % {
            "text": text,
            "count": len(values),
        }
    )
