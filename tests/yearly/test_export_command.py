"""`manage.py export_ledger`."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from bureaus.models import BureauAlias, DistrictAlias
from tests.figures.city import YEAR, City


def exported(folder: Path, **options: Any) -> list[str | None]:
    """The learners in the workbook."""
    path = folder / "out.xlsx"
    call_command("export_ledger", year=YEAR, output=path, **options)
    sheet = openpyxl.load_workbook(path)["学员台账"]
    return [row[4] for row in sheet.iter_rows(min_row=4, values_only=True) if isinstance(row[0], int)]


@pytest.fixture
def busy(city: City) -> City:
    city.enrol(city.run("一期"), "张三")
    city.enrol(city.run("县里", bureau=city.county_science, district=city.county), "李四")
    city.enrol(city.run("讲座班", city.talks, bureau=city.health, district=city.park), "王五")
    BureauAlias.objects.create(bureau=city.science, name="潭城市科学技术协会")
    DistrictAlias.objects.create(district=city.park, name="潭城高新技术产业开发区")
    return city


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["张三", "李四", "王五"]),
        ({"bureau": "潭城市科学技术协会"}, ["张三", "李四"]),
        ({"bureau": "潭县科协"}, ["李四"]),
        ({"programme": "教师提升工程"}, ["张三", "李四"]),
        ({"group": "老年人"}, ["王五"]),
        ({"district": "潭城高新技术产业开发区"}, ["王五"]),
        ({"district": "市本级"}, ["张三"]),
    ],
)
def test_the_workbook_is_narrowed_to_the_options(
    busy: City, tmp_path: Path, options: dict[str, str], names: list[str]
) -> None:
    assert exported(tmp_path, **options) == names


@pytest.mark.parametrize(
    ("option", "kind"),
    [("bureau", "单位"), ("programme", "项目"), ("group", "群体"), ("district", "县市区")],
)
def test_an_unknown_name_is_one_sentence_and_no_file(
    city: City, tmp_path: Path, option: str, kind: str
) -> None:
    with pytest.raises(CommandError, match=f"系统里没有名为“没有的”的{kind}，请核对名称。") as refused:
        exported(tmp_path, **{option: "没有的"})
    assert refused.value.returncode == 2
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_one_sentence(city: City, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="不能写入") as refused:
        call_command("export_ledger", year=YEAR, output=tmp_path / "没有" / "out.xlsx")
    assert refused.value.returncode == 2
