"""Certificates of the made-up year: who issues, by which rule, and the first ones of a class that is over."""

from __future__ import annotations

import datetime
from decimal import Decimal

from bureaus.models import Bureau, User
from certificates.defaults import load_default_templates
from certificates.issuing import Issue, issue
from certificates.models import Certificate, Issuer, IssueRule, Template, TemplateVersion
from certificates.preparing import issuer_of, save_issuer
from certificates.replacing import hand_out, replace, revoke
from courses.models import ClassRun, Enrolment, Programme

# The ledgers bring 潭科协培〔…〕0001号 and up; what is drawn here goes on after them.
ISSUERS = (
    ("市科协", "潭科协培〔{year}〕{seq:04}号", "陈主席"),
    ("市人力资源社会保障局", "潭人社培〔{year}〕{seq:04}号", "李局长"),
    ("市农业农村局", "潭农培〔{year}〕{seq:04}号", "周局长"),
)
FIRST = 12
RULES = (
    ("培训科技辅导员", "结业证书", Decimal(24)),
    ("职业技能提升行动", "合格证书", None),
    ("乡村致富带头人培训计划", "结业证书", Decimal(40)),
)


def make_certificates(today: datetime.date) -> None:
    """Issuers, templates, rules; a dozen certificates of one class, one revoked and one reissued."""
    load_default_templates()
    coordinator = User.objects.get(username="tongchou")
    for bureau, pattern, signatory in ISSUERS:
        issuer = issuer_of(Bureau.objects.get(name=bureau))
        issuer.pattern, issuer.signatory = pattern, signatory
        save_issuer(issuer, user=coordinator, changed=[])
    for programme, title, hours in RULES:
        IssueRule.objects.create(
            programme=Programme.objects.get(name=programme),
            template=Template.objects.get(bureau=None, name=title),
            least_hours=hours,
            needs_pass=title == "合格证书",
        )
    issue_some(today, coordinator)


def issue_some(today: datetime.date, user: User) -> None:
    run = ClassRun.objects.filter(
        programme__name="乡村致富带头人培训计划", state=ClassRun.State.FINISHED
    ).order_by("pk")[0]
    people = list(
        Enrolment.objects.filter(run=run, state=Enrolment.State.COMPLETED).select_related("learner")[:FIRST]
    )
    for person in people:
        person.run = run
    version = TemplateVersion.objects.get(template__bureau=None, template__name="结业证书", number=1)
    terms = Issue(Issuer.objects.get(bureau__name="市农业农村局"), version, min(today, run.ends_on or today))
    made = issue(run, people, terms, user=user)
    if len(made) < FIRST:
        return
    hand_out(Certificate.objects.filter(pk__in=[one.pk for one in made[:8]]), run, on=today, user=user)
    revoke(made[-1], on=today, reason="报名信息有误，本人未参训", user=user)
    again = Issue(terms.issuer, version, today, None, "原证遗失", Certificate.Ground.REISSUE)
    replace(made[-2], again, user=user)
