"""`import_ledger --layout NAME`: a file whose headings are not understood, from the shell."""

import pytest
from django.core.management import CommandError

from bureaus.models import Bureau
from courses.models import Enrolment
from ledgers.models import HeadingSynonym, LedgerLayout
from ledgers.reading.headings import fingerprint
from tests.imports.conftest import ANNA, BO

HEADINGS = ["受训者", "证件", "所属"]
MEANT = {"受训者": "name", "证件": "id_number", "所属": "employer"}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "名册.csv"
    path.write_text("\n".join(",".join(row) for row in (HEADINGS, ANNA, BO)), encoding="utf-8")
    return path


@pytest.fixture
def layout(plan) -> LedgerLayout:
    return LedgerLayout.objects.create(
        bureau=Bureau.objects.get(name="市科协"),
        name="名册",
        fingerprint=fingerprint([(heading,) for heading in HEADINGS]),
        headings=HEADINGS,
        mapping=MEANT,
        constants={"run": "第1期", "hours": "8"},
    )


def test_a_layout_reads_the_file_and_gives_what_it_lacks(bring_in, file, layout):
    code, result = bring_in(file, "--layout", "名册")
    assert (code, result["new"], result["hours"]) == (0, 2, 16)
    assert set(Enrolment.objects.values_list("run__name", flat=True)) == {"第1期"}


def test_what_is_set_goes_before_the_layouts_own(bring_in, file, layout):
    _, result = bring_in(file, "--layout", "名册", "--set", "学时=4")
    assert result["hours"] == 8


def test_without_a_layout_the_file_is_refused_and_nothing_is_written(bring_in, file, layout):
    with pytest.raises(CommandError, match="没有找到台账的表头"):
        bring_in(file)
    assert not Enrolment.objects.exists()


@pytest.mark.parametrize(("bureau", "words"), [("市科协", "有：名册"), ("市教育局", "还没有记住任何版式")])
def test_an_unknown_layout_is_told_with_those_that_there_are(bring_in, file, layout, bureau, words):
    name = "别的" if bureau == "市科协" else "名册"
    with pytest.raises(CommandError, match=words) as error:
        bring_in(file, "--layout", name, bureau=bureau)
    assert error.value.returncode == 2


def test_a_layout_that_does_not_fit_the_file_is_told_with_its_columns(bring_in, layout):
    with pytest.raises(CommandError, match="与这个文件的表头不一致.*受训者、证件、所属"):
        bring_in("teachers-2024.xlsx", "--layout", "名册")


def test_learned_headings_act_in_the_shell_too(bring_in, file, layout):
    for heading, key in MEANT.items():
        HeadingSynonym.objects.create(bureau=layout.bureau, heading=heading, key=key)
    code, _ = bring_in(file, "--set", "班次=第1期")
    assert code == 0


def test_id_numbers_under_an_unknown_heading_are_refused_asking_for_the_right_one(bring_in, tmp_path):
    path = tmp_path / "名册.csv"
    path.write_text("\n".join(["姓名,证件,单位", ",".join(ANNA), ",".join(BO)]), encoding="utf-8")
    with pytest.raises(CommandError, match="“证件”一列.*身份证号") as error:
        bring_in(path, "--set", "班次=第1期")
    assert ANNA[1] not in str(error.value)
    assert not Enrolment.objects.exists()
