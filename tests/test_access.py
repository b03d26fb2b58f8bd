"""Who may open what: every route, for every role, against one table. A route without a line fails."""

import uuid
from io import BytesIO

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from PIL import Image

from bureaus.models import Bureau, District, Membership, User, YearClose
from certificates.models import (
    Certificate,
    IssueBatch,
    Issuer,
    IssueRule,
    Picture,
    ShareLink,
    Template,
    TemplateVersion,
)
from certificates.models.certificates import new_code
from certificates.pictures import add_picture
from courses.check_in.codes import code_for
from courses.evaluating import link_token
from courses.evidence import keep
from courses.models import (
    Appeal,
    CalendarFeed,
    ClassRun,
    Course,
    CourseMaterial,
    Enrolment,
    Mark,
    Notice,
    Programme,
    QuotaPeriod,
    Session,
    Trainer,
)
from learners.models import AccountLink, DataRequest, Exemption, Holder, HoursRequirement, Learner
from ledgers.models import (
    HeadingSynonym,
    LedgerImport,
    LedgerLayout,
    Merge,
    PersonDecision,
    SheetImport,
)
from ledgers.own_forms.deeds import keep_form
from tests.outgoing.blank_forms import learners_form

ROLES = (
    *("coordinator", "administrator", "officer", "reviewer", "auditor", "trainer", "technician"),
    *("outsider", "learner_user"),
)
SIGNED_IN = set(ROLES)
OFFICE = {"coordinator", "administrator", "officer", "outsider"}
READERS = OFFICE | {"reviewer"}
CLOSERS = {"coordinator", "administrator"}
AUDITORS = {"coordinator", "administrator", "auditor"}
# Who registers the session of the cast.
REGISTER = {"coordinator", "administrator", "officer", "trainer"}
UNSEEING = {"auditor", "technician", "learner_user"}
# Routes of arranging whose object is the run or the session, in that order.
RUN_PAGES = ("run-edit", "run-copy", "run-cancel", "run-session-new")
RUN_DEEDS = ("run-open", "run-stop", "run-reopen")
SESSION_PAGES = ("session-edit", "session-move", "session-cancel")
SESSION_DEEDS = ("session-restore", "session-delete")
ARRANGING = RUN_PAGES + SESSION_PAGES
DECIDING = RUN_DEEDS + SESSION_DEEDS

# What readers see of certificates that were issued.
ISSUED = ("hand-out", "run-pdf", "run-zip", "certificate", "certificate-pdf")
# Pages of a template, and all routes whose object it is.
DESIGNING = ("template", "template-edit", "template-name", "template-picture")
OF_TEMPLATE = ("template", "template-edit", "template-name", "template-preview", "template-active")
# Routes of issuing whose object is the run.
OF_RUN = ("issue", "hand-out", "handed-out", "run-pdf", "run-zip")

# Routes of a sign-in sheet that was brought in.
SHEET_DEEDS = ("sheet-choose", "sheet-confirm", "sheet-drop", "sheet-undo")

# Route: (method, roles that get through, roles for whom the object does not exist).
# Everybody else signed in gets 403; a stranger is sent to the sign-in page.
TABLE = {
    "ledgers:home": ("get", SIGNED_IN, set()),
    "ledgers:progress": ("get", READERS, set()),
    # Led by 市农业农村局, where the cast works.
    "ledgers:commitment": ("get", {"coordinator", "administrator", "officer"}, set()),
    "ledgers:export": ("get", READERS, set()),
    "ledgers:export-file": ("get", READERS, set()),
    "ledgers:export-learners": ("get", READERS, set()),
    "ledgers:public-list": ("get", READERS, set()),
    # The form of the officer's bureau.
    "ledgers:forms": ("get", READERS, set()),
    "ledgers:form-new": ("get", OFFICE, set()),
    "ledgers:form": ("get", READERS - {"outsider"}, {"outsider"}),
    "ledgers:form-edit": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "ledgers:form-drop": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "ledgers:runs": ("get", READERS | {"trainer"}, set()),
    "ledgers:sessions": ("get", READERS | {"trainer"}, set()),
    "ledgers:enrolments": ("get", READERS, set()),
    "ledgers:learners": ("get", READERS, set()),
    "ledgers:certificates": ("get", READERS, set()),
    "ledgers:imports": ("get", READERS, set()),
    "ledgers:import-new": ("get", OFFICE, set()),
    "ledgers:import": ("get", READERS - {"outsider"}, {"outsider"}),
    "ledgers:import-status": ("get", READERS - {"outsider"}, {"outsider"}),
    "ledgers:import-faulty": ("get", READERS - {"outsider"}, {"outsider"}),
    # Only who uploaded it: the officer.
    "ledgers:import-terms": ("post", {"officer"}, {"outsider"}),
    "ledgers:import-adjust": ("post", {"officer"}, {"outsider"}),
    "ledgers:import-columns": ("post", {"officer"}, {"outsider"}),
    "ledgers:import-reopen": ("post", {"officer"}, {"outsider"}),
    "ledgers:import-confirm": ("post", {"officer"}, {"outsider"}),
    "ledgers:import-drop": ("post", {"officer"}, {"outsider"}),
    "ledgers:import-cancel": ("post", {"officer"}, {"outsider"}),
    "ledgers:import-seen": ("post", {"officer"}, {"outsider"}),
    "ledgers:sheets": ("get", OFFICE, set()),
    "ledgers:sheet-new": ("get", OFFICE, set()),
    "ledgers:sheet": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "ledgers:sheet-choose": ("post", {"officer"}, {"outsider"}),
    "ledgers:sheet-confirm": ("post", {"officer"}, {"outsider"}),
    "ledgers:sheet-drop": ("post", {"officer"}, {"outsider"}),
    "ledgers:sheet-undo": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "ledgers:import-give-back": ("post", OFFICE - {"outsider"}, {"outsider"}),
    # People: who may import for the bureau decides, the office that holds both records merges.
    "ledgers:import-doubts": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "ledgers:import-decide": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "ledgers:import-recheck": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "ledgers:person-decisions": ("get", OFFICE, set()),
    "ledgers:person-decision-withdraw": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "ledgers:duplicates": ("get", OFFICE, set()),
    "ledgers:compare": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "ledgers:not-same": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "ledgers:merges": ("get", OFFICE, set()),
    "ledgers:merge": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "ledgers:merge-undo": ("post", OFFICE - {"outsider"}, {"outsider"}),
    # A bureau's layouts and headings: whoever imports there.
    "ledgers:layouts": ("get", OFFICE, set()),
    "ledgers:layout": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "ledgers:layout-delete": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "ledgers:heading-delete": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "ledgers:import-undo": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "ledgers:import-weigh": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "ledgers:import-undone": ("get", READERS - {"outsider"}, {"outsider"}),
    "ledgers:templates": ("get", READERS, set()),
    "ledgers:template": ("get", READERS, set()),
    "courses:run": ("get", (READERS | {"trainer"}) - {"outsider"}, {"outsider"}),
    "courses:session": ("get", (READERS | {"trainer"}) - {"outsider"}, {"outsider"}),
    "certificates:record": ("get", READERS - {"outsider"}, {"outsider"}),
    "certificates:own": ("get", SIGNED_IN, set()),
    # The learner's place: one's own for whose account looks after the learner, whatever the role.
    "certificates:own-certificate": ("get", {"learner_user"}, SIGNED_IN - {"learner_user"}),
    "certificates:own-certificate-pdf": ("get", {"learner_user"}, SIGNED_IN - {"learner_user"}),
    "certificates:share": ("post", {"learner_user"}, SIGNED_IN - {"learner_user"}),
    "certificates:share-withdraw": ("post", {"learner_user"}, SIGNED_IN - {"learner_user"}),
    "certificates:shared": ("get", SIGNED_IN | {"stranger"}, set()),
    "certificates:own-data": ("get", SIGNED_IN, set()),
    "certificates:own-helper-end": ("post", {"learner_user"}, SIGNED_IN - {"learner_user"}),
    "certificates:own-data-file": ("get", {"learner_user"}, SIGNED_IN - {"learner_user"}),
    "certificates:data-requests": ("get", OFFICE, set()),
    "certificates:data-request": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "certificates:duties": ("get", READERS, set()),
    "certificates:duties-file": ("get", READERS, set()),
    "certificates:id-number": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "certificates:helpers": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "certificates:helper-end": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "certificates:exemptions": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "certificates:exemption-remove": ("post", OFFICE - {"outsider"}, {"outsider"}),
    # Issuing: the office of the run's bureau; the certificate was drawn for that bureau.
    "certificates:issue-runs": ("get", OFFICE, set()),
    "certificates:issue": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "certificates:batch": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "certificates:batch-status": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "certificates:batch-resume": ("post", OFFICE - {"outsider"}, {"outsider"}),
    **{f"certificates:{name}": ("get", READERS - {"outsider"}, {"outsider"}) for name in ISSUED},
    "certificates:handed-out": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "certificates:revoke": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "certificates:replace": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "certificates:issuers": ("get", OFFICE, set()),
    "certificates:issuer-edit": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "certificates:issuer-example": ("get", OFFICE - {"outsider"}, {"outsider"}),
    # Everybody who issues sees the rules; the bureau that leads the programme keeps them.
    "certificates:rules": ("get", OFFICE, set()),
    "certificates:rule-new": ("get", OFFICE, set()),
    "certificates:rule-edit": ("get", OFFICE - {"outsider"}, set()),
    "certificates:rule-end": ("get", OFFICE - {"outsider"}, set()),
    # Templates and pictures of the bureau: those of others do not exist.
    "certificates:templates": ("get", OFFICE, set()),
    "certificates:template-new": ("get", OFFICE, set()),
    **{f"certificates:{name}": ("get", OFFICE - {"outsider"}, {"outsider"}) for name in DESIGNING},
    "certificates:template-preview": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "certificates:template-active": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "certificates:template-restore": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "certificates:pictures": ("get", OFFICE, set()),
    "certificates:picture-new": ("get", OFFICE, set()),
    "certificates:picture-file": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "certificates:picture-remove": ("get", OFFICE - {"outsider"}, {"outsider"}),
    # Registering attendance: the trainer of the session, and the office of its bureau.
    "courses:enrol": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "courses:enrol-people": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "courses:applications": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "courses:decide": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "courses:finish": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "courses:finish-undo": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "courses:walk-ins": ("get", OFFICE, set()),
    "courses:walk-in": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "courses:walk-in-match": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "courses:walk-in-identify": ("post", OFFICE - {"outsider"}, {"outsider"}),
    # Still planned: only for those who see the run, and for the learner who is in it.
    "courses:apply": (
        "get",
        (READERS | {"trainer", "learner_user"}) - {"outsider"},
        {"outsider", "auditor", "technician"},
    ),
    "courses:my-classes": ("get", SIGNED_IN, set()),
    "courses:withdraw-own": ("get", {"learner_user"}, SIGNED_IN - {"learner_user"}),
    # Without a network: the phone's views answer a stranger too, in JSON.
    "courses:worker": ("get", SIGNED_IN | {"stranger"}, set()),
    "courses:manifest": ("get", SIGNED_IN | {"stranger"}, set()),
    "courses:offline": ("get", SIGNED_IN | {"stranger"}, set()),
    "courses:offline-state": ("get", SIGNED_IN | {"stranger"}, set()),
    "courses:offline-marks": ("post", OFFICE | {"trainer", "stranger"}, set()),
    "courses:offline-photos": ("post", OFFICE | {"trainer", "stranger"}, set()),
    "courses:marks": ("get", OFFICE | {"trainer"}, set()),
    "courses:mark-settle": ("post", (OFFICE | {"trainer"}) - {"outsider"}, {"outsider"}),
    "courses:today": ("get", OFFICE | {"trainer"}, set()),
    "courses:register": ("get", (OFFICE | {"trainer"}) - {"outsider"}, {"outsider"}),
    "courses:session-about": ("post", (OFFICE | {"trainer"}) - {"outsider"}, {"outsider"}),
    "courses:session-again": ("post", (OFFICE | {"trainer"}) - {"outsider"}, {"outsider"}),
    "courses:evidence": ("get", (READERS | {"trainer"}) - {"outsider"}, {"outsider"}),
    "courses:evidence-remove": ("get", OFFICE - {"outsider"}, {"outsider"}),
    # Whose enrolment it is, who teaches it, and who reads names in its bureau.
    "courses:hours": (
        "get",
        (READERS | {"trainer", "learner_user"}) - {"outsider"},
        {"outsider", "auditor", "technician"},
    ),
    # Nobody asks for somebody else.
    "courses:appeal": ("get", {"learner_user"}, SIGNED_IN - {"learner_user"}),
    "courses:appeals": ("get", OFFICE, set()),
    "courses:appeal-decide": ("get", OFFICE - {"outsider"}, {"outsider"}),
    # Class runs and sessions. The run is not open, so its notice is for those who see the run.
    **{f"courses:{name}": ("get", OFFICE, set()) for name in ("run-new", "runs-copy", "session-new")},
    **{f"courses:{name}": ("get", OFFICE - {"outsider"}, {"outsider"}) for name in ARRANGING},
    **{f"courses:{name}": ("post", OFFICE - {"outsider"}, {"outsider"}) for name in DECIDING},
    "courses:run-notice": ("get", (READERS | {"trainer"}) - {"outsider"}, UNSEEING | {"outsider"}),
    "courses:calendar": ("get", READERS | {"trainer"}, set()),
    "courses:feed": ("get", READERS | {"trainer", "learner_user"}, set()),
    "courses:feed-new": ("post", READERS | {"trainer", "learner_user"}, set()),
    "courses:feed-drop": ("post", SIGNED_IN, set()),
    "courses:feed-file": ("get", SIGNED_IN | {"stranger"}, set()),
    # Programmes, courses, trainers: the programme is led by the cast's bureau, which keeps the course.
    "courses:programmes": ("get", READERS | {"trainer"}, set()),
    "courses:programme": ("get", READERS | {"trainer"}, set()),
    "courses:programme-new": ("get", {"coordinator", "administrator"}, set()),
    "courses:programme-edit": ("get", {"coordinator", "administrator"}, set()),
    "courses:programmes-copy": ("get", {"coordinator"}, set()),
    "courses:courses": ("get", SIGNED_IN, set()),
    "courses:course": ("get", SIGNED_IN, set()),
    "courses:course-new": ("get", OFFICE, set()),
    "courses:course-edit": ("get", OFFICE - {"outsider"}, set()),
    "courses:course-copy": ("get", OFFICE, set()),
    "courses:material": ("get", SIGNED_IN, set()),
    "courses:material-new": ("post", OFFICE - {"outsider"}, set()),
    "courses:material-remove": ("get", OFFICE - {"outsider"}, set()),
    "courses:trainers": ("get", READERS | {"trainer"}, set()),
    "courses:trainer": ("get", (READERS | {"trainer"}) - {"outsider"}, {"outsider"}),
    "courses:trainer-new": ("get", OFFICE, set()),
    "courses:trainer-edit": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "courses:open": ("get", SIGNED_IN, set()),
    # Boards, workload, notices.
    "courses:board": ("get", REGISTER, {"outsider"}),
    "courses:workload": ("get", READERS | {"trainer"}, set()),
    "courses:trainer-workload": ("get", (READERS | {"trainer"}) - {"outsider"}, {"outsider"}),
    "courses:workload-file": ("get", READERS | {"trainer"}, set()),
    "courses:notices": ("get", OFFICE, set()),
    "courses:notice-again": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "courses:notice-drop": ("post", OFFICE - {"outsider"}, {"outsider"}),
    # Checking in: the session's trainer and the office; the scan and the questions are for everybody.
    "courses:code": ("get", REGISTER, {"outsider"}),
    "courses:check-in": ("get", SIGNED_IN | {"stranger"}, set()),
    "courses:digits": ("get", REGISTER, {"outsider"}),
    "courses:digits-check-in": ("post", REGISTER, {"outsider"}),
    "courses:proxy": ("get", REGISTER, {"outsider"}),
    "courses:sheet": ("get", REGISTER, {"outsider"}),
    "courses:sheet-read": ("get", REGISTER, {"outsider"}),
    "courses:sheet-confirm": ("get", REGISTER, {"outsider"}),
    "courses:evaluate-code": ("get", REGISTER, {"outsider"}),
    "courses:evaluations": ("get", (READERS | {"trainer"}) - {"outsider"}, {"outsider"}),
    "courses:say": ("get", SIGNED_IN | {"stranger"}, set()),
    # Checking certificates is for everybody; the badge for the office that sees it, and for its holder.
    **{
        f"certificates:{name}": ("get", SIGNED_IN | {"stranger"}, set())
        for name in ("check", "check-form", "verify-offline", "keys", "issuer", "status-list", "robots")
    },
    # Looking up one's own without an account is for everybody too; codes are sent here.
    **{
        f"certificates:{name}": (method, SIGNED_IN | {"stranger"}, set())
        for name, method in (
            *(("look-up", "get"), ("look-up-close", "post"), ("look-up-pdf", "get")),
            *(("look-up-phone", "get"), ("look-up-code", "get")),
        )
    },
    "certificates:account-for": ("get", OFFICE - {"outsider"}, {"outsider"}),
    "certificates:account-reset": ("post", OFFICE - {"outsider"}, {"outsider"}),
    "certificates:credential": (
        "get",
        (READERS | {"learner_user"}) - {"outsider"},
        {"outsider", "auditor", "trainer", "technician"},
    ),
    "certificates:shared-credential": ("get", SIGNED_IN | {"stranger"}, set()),
    "bureaus:type": ("post", SIGNED_IN | {"stranger"}, set()),
    "bureaus:language": ("post", SIGNED_IN | {"stranger"}, set()),
    "bureaus:audit": ("get", AUDITORS, set()),
    "bureaus:years": ("get", CLOSERS, set()),
    "bureaus:close-year": ("post", CLOSERS, set()),
    "bureaus:reopen-year": ("post", CLOSERS, set()),
}
# Routes of checking in whose object is the session.
CHECKING_IN = (
    *("code", "digits", "digits-check-in", "proxy", "sheet", "sheet-read", "sheet-confirm"),
    *("evaluate-code", "evaluations"),
)
# Routes of enrolling whose object is the run.
ENROLLING = ("enrol", "enrol-people", "applications", "decide", "apply", "finish", "finish-undo")
# Routes whose object is the course.
KEEPING = ("course", "course-edit", "course-copy", "material-new")


def white_picture(side: int = 8) -> bytes:
    out = BytesIO()
    Image.new("RGB", (side, side), "white").save(out, "PNG")
    return out.getvalue()


def our_routes(resolver=None, space=""):
    """The names of all routes but the admin's and allauth's."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{entry.namespace}:" if entry.namespace else space
            if entry.namespace != "admin":
                yield from our_routes(entry, inner)
        elif isinstance(entry, URLPattern) and entry.name and not entry.name.startswith("account_"):
            yield f"{space}{entry.name}"


def drawn(enrolment: Enrolment) -> Certificate:
    """A certificate that the bureau of the run issued here."""
    bureau = enrolment.run.bureau
    template = Template.objects.create(bureau=bureau, name="结业证书", title="结业证书")
    return Certificate.objects.create(
        issuer=Issuer.objects.create(name=bureau.name, bureau=bureau),
        number="潭农培〔2024〕0001号",
        title="结业证书",
        learner=enrolment.learner,
        enrolment=enrolment,
        name=enrolment.name,
        issued_on="2024-03-06",
        year=2024,
        origin=Certificate.Origin.DRAWN,
        code=new_code(),
        version=TemplateVersion.objects.create(template=template, number=1, layout={}),
    )


@pytest.fixture
def place(bureau, officer, learner, learner_user, trainer, settings, tmp_path):
    """One object of each kind, all of the officer's bureau; the trainer teaches the session."""
    settings.MEDIA_ROOT = tmp_path
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    programme = Programme.objects.get(name="乡村致富带头人培训计划")
    home = {"bureau": bureau, "district": programme.plan.city, "year": 2024}
    run = ClassRun.objects.create(programme=programme, name="一班", **home)
    session = Session.objects.create(programme=programme, run=run, title="一课", held_on="2024-03-05", **home)
    teacher = Trainer.objects.create(name="罗老师", bureau=bureau, user=trainer)
    session.trainers.add(teacher)
    enrolment = Enrolment.objects.create(run=run, learner=learner, name="王小明", district=home["district"])
    appeal = Appeal.objects.create(enrolment=enrolment, session=session, kind="excuse", words="生病")
    stranger = Learner.objects.create(name="刘路过")
    walk_in = Enrolment.objects.create(
        run=run, learner=stranger, name="刘路过", district=home["district"], to_match=True
    )
    picture = keep(session, white_picture(), user=trainer)
    course = Course.objects.create(name="水稻栽培", programme=programme, bureau=bureau)
    handout = CourseMaterial.objects.create(course=course, title="讲义", file=ContentFile(b"1", "1.pdf"))
    Holder.objects.create(learner=learner, bureau=bureau)
    twin = Learner.objects.create(name="王小明")
    Holder.objects.create(learner=twin, bureau=bureau)
    decided = PersonDecision.objects.create(learner=learner, key="a" * 64, same=False, bureau=bureau)
    merged = Merge.objects.create(
        kept=learner, kept_number=learner.pk, gone_number=10**6, gone_name="王小明", bureau=bureau, steps="[]"
    )
    batch = LedgerImport.objects.create(
        bureau=bureau, uploaded_by=officer, file_name="台账.xlsx", state=LedgerImport.State.PREVIEW, year=2024
    )
    layout = LedgerLayout.objects.create(bureau=bureau, name="村级名册", fingerprint="1")
    heading = HeadingSynonym.objects.create(bureau=bureau, heading="受训者", key="name")
    sheet = SheetImport.objects.create(
        bureau=bureau, uploaded_by=officer, file_name="签到表.xlsx", state=SheetImport.State.UNDONE
    )
    period = QuotaPeriod.objects.get(quota__words__startswith="组织200家以上企业")
    closed = YearClose.objects.create(bureau=bureau, year=2020)
    certificate = drawn(enrolment)
    issued = IssueBatch.objects.create(
        run=run, issuer=certificate.issuer, version=certificate.version, issued_on="2024-03-06"
    )
    version = certificate.version
    stamp = add_picture(
        Picture(bureau=bureau, kind="signature", name="签名"), white_picture(side=300), user=officer
    )
    rule = IssueRule.objects.create(programme=programme, template=certificate.version.template)
    told = Notice.objects.create(key="1", kind="admitted", run=run, state="failed", due_at=timezone.now())
    mark = Mark.objects.create(
        key=uuid.uuid4(), session=session, state="present", marked_at=timezone.now(), outcome="refused"
    )
    shared = ShareLink.objects.create(certificate=certificate)
    asked = DataRequest.objects.create(learner=learner, words="单位写错了")
    helper = AccountLink.objects.create(
        user=User.objects.create(username="女儿"),
        learner=learner,
        relation=AccountLink.Relation.HELPER,
        consented_at=timezone.now(),
    )
    exemption = Exemption.objects.create(
        learner=learner,
        requirement=HoursRequirement.objects.first(),
        valid_from="2024-01-01",
        valid_to="2024-12-31",
        reason="产假",
    )
    own_form = keep_form(learners_form(), file_name="表样.xlsx", name="学员台账", bureau=bureau, user=officer)
    return {
        "ledgers:commitment": {"pk": period.pk},
        "ledgers:template": {"group": "teachers"},
        **{f"ledgers:{name}": {"one": learner.pk, "other": twin.pk} for name in ("compare", "not-same")},
        **{f"ledgers:{name}": {"pk": merged.pk} for name in ("merge", "merge-undo")},
        "ledgers:person-decision-withdraw": {"pk": decided.pk},
        **{f"ledgers:{name}": {"pk": layout.pk} for name in ("layout", "layout-delete")},
        "ledgers:heading-delete": {"pk": heading.pk},
        **{f"ledgers:{name}": {"pk": sheet.pk} for name in ("sheet", *SHEET_DEEDS)},
        "courses:run": {"pk": run.pk},
        "courses:session": {"pk": session.pk},
        **{f"courses:{name}": {"pk": programme.pk} for name in ("programme", "programme-edit")},
        **{f"courses:{name}": {"pk": course.pk} for name in KEEPING},
        **{f"courses:{name}": {"pk": handout.pk} for name in ("material", "material-remove")},
        **{f"courses:{name}": {"pk": teacher.pk} for name in ("trainer", "trainer-edit")},
        **{f"courses:{name}": {"pk": run.pk} for name in ENROLLING},
        **{
            f"courses:{name}": {"pk": walk_in.pk} for name in ("walk-in", "walk-in-match", "walk-in-identify")
        },
        **{f"courses:{name}": {"pk": run.pk} for name in (*RUN_PAGES, *RUN_DEEDS, "run-notice")},
        **{f"courses:{name}": {"pk": session.pk} for name in SESSION_PAGES + SESSION_DEEDS},
        "courses:feed-file": {"key": CalendarFeed.objects.create(user=officer).key},
        "courses:withdraw-own": {"pk": enrolment.pk},
        "courses:register": {"pk": session.pk},
        **{f"courses:{name}": {"pk": session.pk} for name in CHECKING_IN},
        "courses:check-in": {"code": code_for(session, timezone.now())},
        "courses:say": {"token": link_token(session)},
        "courses:session-about": {"pk": session.pk},
        "courses:session-again": {"pk": session.pk},
        "courses:evidence": {"pk": picture.pk},
        "courses:evidence-remove": {"pk": picture.pk},
        "courses:hours": {"pk": enrolment.pk},
        "courses:appeal": {"enrolment": enrolment.pk, "session": session.pk},
        "courses:appeal-decide": {"pk": appeal.pk},
        "courses:board": {"pk": session.pk},
        "courses:mark-settle": {"pk": mark.pk},
        "courses:trainer-workload": {"pk": teacher.pk},
        **{f"courses:{name}": {"pk": told.pk} for name in ("notice-again", "notice-drop")},
        "certificates:record": {"pk": learner.pk},
        **{f"certificates:{name}": {"pk": run.pk} for name in OF_RUN},
        **{f"certificates:{name}": {"pk": issued.pk} for name in ("batch", "batch-status", "batch-resume")},
        **{f"certificates:{name}": {"pk": bureau.pk} for name in ("issuer-edit", "issuer-example")},
        **{f"certificates:{name}": {"pk": rule.pk} for name in ("rule-edit", "rule-end")},
        **{f"certificates:{name}": {"pk": version.template_id} for name in OF_TEMPLATE},
        **{
            f"certificates:{name}": {"pk": version.template_id, "number": version.number}
            for name in ("template-picture", "template-restore")
        },
        **{f"certificates:{name}": {"pk": stamp.pk} for name in ("picture-file", "picture-remove")},
        **{
            f"certificates:{name}": {"pk": certificate.pk}
            for name in ("certificate", "certificate-pdf", "revoke")
        },
        "certificates:replace": {"pk": certificate.pk, "ground": "reissue"},
        **{
            f"certificates:{name}": {"pk": certificate.pk}
            for name in ("own-certificate", "own-certificate-pdf", "share")
        },
        "certificates:share-withdraw": {"pk": shared.pk},
        "certificates:shared": {"key": shared.key},
        "certificates:data-request": {"pk": asked.pk},
        **{f"certificates:{name}": {"pk": learner.pk} for name in ("id-number", "helpers", "exemptions")},
        "certificates:helper-end": {"pk": learner.pk, "link": helper.pk},
        "certificates:own-helper-end": {"pk": helper.pk},
        "certificates:exemption-remove": {"pk": learner.pk, "exemption": exemption.pk},
        "certificates:check": {"code": certificate.code},
        **{f"certificates:{name}": {"pk": certificate.issuer_id} for name in ("issuer", "status-list")},
        "certificates:credential": {"pk": certificate.pk},
        "certificates:look-up-pdf": {"text": "none"},
        **{f"certificates:{name}": {"pk": learner.pk} for name in ("account-for", "account-reset")},
        "certificates:shared-credential": {"key": ShareLink.objects.create(certificate=certificate).key},
        "bureaus:reopen-year": {"pk": closed.pk},
        **{f"ledgers:{name}": {"pk": own_form.pk} for name in ("form", "form-edit", "form-drop")},
    } | {
        name: {"pk": batch.pk}
        for name in TABLE
        if name.startswith("ledgers:import-") or name == "ledgers:import"
    }


def address(name, place):
    no_object = name in ("ledgers:import-new", "ledgers:imports", "ledgers:sheet-new", "ledgers:sheets")
    return reverse(name, kwargs={} if no_object else place.get(name, {}))


def test_every_route_has_a_line():
    assert set(our_routes()) == set(TABLE)


def answered(client, place, *, method=None):
    """Route → status of what that client gets, each as if nobody had asked before."""
    found = {}
    for name, (usual, *_roles) in TABLE.items():
        cache.clear()  # limits of tries
        with transaction.atomic():
            found[name] = getattr(client, method or usual)(address(name, place)).status_code
            transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_what_the_table_says(role, request, place, login):
    wrong = {}
    for name, status in answered(login(request.getfixturevalue(role)), place).items():
        _method, through, unseen = TABLE[name]
        expected = {404} if role in unseen else {200, 302, 422} if role in through else {403}
        if status not in expected:
            wrong[name] = status
    assert wrong == {}


def test_a_stranger_is_sent_to_the_sign_in_page(place):
    for name, (method, through, _unseen) in TABLE.items():
        if "stranger" not in through:
            response = getattr(Client(), method)(address(name, place))
            assert response.status_code == 302, name
            assert response["Location"].startswith("/accounts/login/"), name


def test_what_changes_data_is_post_only(place, login, coordinator):
    statuses = answered(login(coordinator), place, method="get")
    posted = [name for name, (method, *_roles) in TABLE.items() if method == "post"]
    assert {name: statuses[name] for name in posted if statuses[name] != 405} == {}


@pytest.mark.parametrize("name", ["account_login", "account_signup", "account_inactive"])
def test_the_pages_before_signing_in_are_open(name, db):
    assert Client().get(reverse(name)).status_code == 200


@pytest.mark.parametrize(
    "name", ["account_change_password", "account_set_password", "account_reauthenticate"]
)
def test_the_other_account_pages_are_for_those_who_signed_in(name, db):
    assert Client().get(reverse(name))["Location"].startswith(reverse("account_login"))


def test_a_learner_without_a_role_comes_home_to_ones_own_record(login, learner_user):
    response = login(learner_user).get("/")
    assert response["Location"] == reverse("certificates:own")


def test_the_admin_is_for_the_technician_and_holds_no_learner(login, officer, technician, place):
    technician.is_staff = technician.is_superuser = True
    technician.save()
    page = login(technician).get("/admin/")
    assert page.status_code == 200
    assert "/admin/learners/learner/" not in page.content.decode()
    assert "/admin/courses/enrolment/" not in page.content.decode()
    assert login(officer).get("/admin/").status_code == 302


def test_a_disabled_account_is_out_at_once(login, officer):
    client = login(officer)
    officer.is_active = False
    officer.save()
    assert client.get("/").status_code == 302


def test_a_district_reach_sees_what_is_in_the_district_and_no_more(login, plan, place, bureau):
    county = Bureau.objects.create(name="韶山市农业农村局", district=District.objects.get(name="韶山市"))
    user = User.objects.create(username="韶山")
    Membership.objects.create(
        user=user, bureau=county, role=Membership.Role.REVIEWER, reach=Membership.Reach.DISTRICT
    )
    run = ClassRun.objects.get()
    assert login(user).get(reverse("courses:run", args=[run.pk])).status_code == 404
    ClassRun.objects.update(district=county.district)
    assert login(user).get(reverse("courses:run", args=[run.pk])).status_code == 200


def test_reach_below_follows_the_professional_line(login, bureau, administrator, officer):
    county = Bureau.objects.create(name="湘潭县农业农村局", parent=bureau)
    batch = LedgerImport.objects.create(
        id=uuid.uuid4(), bureau=county, file_name="县.xlsx", state="applied", year=2024
    )
    assert login(administrator).get(reverse("ledgers:import", args=[batch.pk])).status_code == 200
    assert login(officer).get(reverse("ledgers:import", args=[batch.pk])).status_code == 404


def test_an_unknown_learner_and_another_bureaus_look_alike(login, outsider, place):
    known = Learner.objects.filter(name="王小明").earliest("pk")
    client = login(outsider)
    responses = [client.get(reverse("certificates:record", args=[pk])) for pk in (known.pk, known.pk + 999)]
    assert [response.status_code for response in responses] == [404, 404]
