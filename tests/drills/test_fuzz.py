"""Damaged copies of our own blank ledger: each ends in a sentence or in a preview that says what is written.

Short by default; `make drills` sets PEIXUN_DRILLS=full.
"""

import os
import re
import signal
from io import BytesIO

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from certificates.models import Certificate
from courses.models import ClassRun, Enrolment, Session
from learners.models import Learner
from ledgers.blanks import HEADER_ROW
from ledgers.columns import columns_for
from ledgers.importing.jobs import went_wrong
from ledgers.models import LedgerImport
from ledgers.reading.apart import TOO_MUCH
from tests.drills.crash import id_number
from tests.drills.damage import damaged_text, damaged_workbook, members_of, zipped

FULL = os.environ.get("PEIXUN_DRILLS") == "full"
WORKBOOKS, TEXTS = (2000, 1000) if FULL else (36, 18)
FAILED_ONCE = (1076,)  # a member without a name
PEOPLE = 5
STEPS = 5  # columns, terms, preview, confirm, and a look at what became of it
CONSTANTS = {"run": "第1期", "hours": "8", "dates": "2024-03-05", "employer": "市一中"}
HUNG = 60  # seconds
State = LedgerImport.State
bases: dict[str, bytes] = {}


@pytest.fixture
def client(login, officer, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return login(officer)


@pytest.fixture
def base(client):
    """Our own template with a few people, as a workbook and as a text. Made once a process."""
    if not bases:
        blank = client.get(reverse("ledgers:template", args=["workers"])).content
        bases["xlsx"], bases["csv"] = filled(blank)
    return bases


def filled(blank):
    book = openpyxl.load_workbook(BytesIO(blank))
    sheet = book.worksheets[0]
    examples = {column.heading: column.example for column in columns_for("workers")}
    headings = [cell.value for cell in sheet[HEADER_ROW]]
    rows = []
    for number in range(1, PEOPLE + 1):
        own = {
            "序号": number,
            "姓名": f"学员{'甲乙丙丁戊'[number - 1]}",
            "身份证号": id_number(number),
            "证书编号": f"测〔2024〕{number:04}号",
        }
        rows.append([own.get(heading, examples.get(heading, "")) for heading in headings])
        for at, value in enumerate(rows[-1], start=1):
            sheet.cell(HEADER_ROW + number, at, value)
    file = BytesIO()
    book.save(file)
    # The day on which the file was made would give other bytes, and so other damage.
    members = members_of(file.getvalue())
    members["docProps/core.xml"] = re.sub(
        rb"\d{4}-\d\d-\d\dT[\d:]+Z", b"2024-01-01T00:00:00Z", members["docProps/core.xml"]
    )
    text = "\n".join(",".join(map(str, row)) for row in [headings, *rows])
    return zipped(members), text.encode()


@pytest.fixture(autouse=True)
def _does_not_hang():
    """By time of the processor: a machine that is busy with other things is no reason to fail."""

    def hung(_signal, _frame):
        raise TimeoutError("It hangs.")

    before = signal.signal(signal.SIGPROF, hung)
    signal.setitimer(signal.ITIMER_PROF, HUNG)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)


@pytest.fixture
def bring_in(client, officer, plan, django_capture_on_commit_callbacks):
    """Takes a file as far as it goes; gives the import, or None where the upload was refused."""
    programme = plan.programmes.get(name="乡村致富带头人培训计划")
    bureau = officer.memberships.get().bureau

    def post(step, batch, **data):
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(address_of(step, batch), data)

    def fill_in(batch, form):
        """The form of the page as it is proposed, with what it asks for."""
        given = {field.html_name: field.value() for field in form if field.value() not in (None, "", False)}
        asked = {f"set_{key}": value for key, value in CONSTANTS.items() if f"set_{key}" in form.fields}
        step = "terms" if batch.state == State.ASKING else "columns"
        return post(f"import-{step}", batch, **asked | given | {"programme": programme.pk, "year": 2024})

    def run(content, name):
        with django_capture_on_commit_callbacks(execute=True):
            file = SimpleUploadedFile(name, content)
            answer = client.post("/imports/new/", {"file": file, "bureau": bureau.pk})
        batch, previewed = LedgerImport.objects.first(), None
        assert answer.status_code == (302 if batch else 422)
        for _step in range(STEPS if batch else 0):
            page = client.get(address_of("import", batch) + "?state=all")
            assert page.status_code == 200
            if batch.state in (State.MAPPING, State.ASKING):
                answer = fill_in(batch, page.context["form"])
            elif batch.state == State.PREVIEW:
                assert written() == NOTHING
                assert client.get(address_of("import-faulty", batch)).status_code == 200
                previewed = batch.figures
                answer = post("import-confirm", batch)
            assert answer.status_code in (302, 422)
            batch.refresh_from_db()
            if answer.status_code == 422:
                break
        return batch, previewed

    return run


def address_of(step, batch):
    return reverse(f"ledgers:{step}", args=[batch.pk])


COUNTED = {
    "learners": Learner,
    "enrolments": Enrolment,
    "runs": ClassRun,
    "certificates": Certificate,
    "sessions": Session,
}
NOTHING = dict.fromkeys(COUNTED, 0)


def written():
    return {name: model.objects.count() for name, model in COUNTED.items()}


def hold_to_its_word(batch, previewed):
    """What is written is what the preview said, or nothing; what is refused has a sentence."""
    if batch is None or batch.state in (State.MAPPING, State.ASKING):
        assert written() == NOTHING
    elif batch.state == State.FAILED:
        assert written() == NOTHING
        assert batch.message.endswith("。")
        assert batch.message not in (went_wrong(), TOO_MUCH)
        assert "439999" not in batch.message
    else:
        assert batch.state == State.APPLIED, (batch.state, batch.message)
        assert batch.figures == previewed
        promised = {name: previewed[name] for name in COUNTED if name != "sessions"}
        assert written() == promised | {"sessions": previewed["headcount"]["sessions"]}


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_the_ledger_itself_is_taken(bring_in, base, kind):
    batch, previewed = bring_in(base[kind], f"台账.{kind}")
    hold_to_its_word(batch, previewed)
    assert (batch.state, previewed["good"], previewed["certificates"]) == (State.APPLIED, PEOPLE, PEOPLE)


@pytest.mark.parametrize("seed", sorted({*range(WORKBOOKS), *FAILED_ONCE}))
def test_a_damaged_workbook_is_refused_or_read_as_a_whole(bring_in, base, seed):
    hold_to_its_word(*bring_in(damaged_workbook(seed, base["xlsx"]), "台账.xlsx"))


@pytest.mark.parametrize("seed", range(TEXTS))
def test_a_damaged_text_is_refused_or_read_as_a_whole(bring_in, base, seed):
    hold_to_its_word(*bring_in(damaged_text(seed, base["csv"]), "台账.csv"))
