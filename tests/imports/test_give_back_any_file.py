"""Whatever file the reader takes comes back well formed, in the format's order, and is read the same."""

import zipfile
from io import BytesIO

import pytest
from openpyxl.xml.functions import fromstring, localname

from ledgers.reading import read_ledger
from ledgers.returning.giving import give_back
from ledgers.returning.orders import Note, Order, Place
from tests.reading.test_hostile_files import CASES, FOLDER

LIMIT = 20 * 1024 * 1024
TAKEN = [case["file"] for case in CASES if "REJECT_FILE" not in (case["expect"], *case["also"])]
# The elements of a sheet as they must follow each other, as far as giving back touches them.
ORDER = ["sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetProtection"]
ORDER += ["autoFilter", "mergeCells", "conditionalFormatting", "dataValidations", "hyperlinks"]
ORDER += ["printOptions", "pageMargins", "pageSetup", "headerFooter", "drawing", "legacyDrawing"]
ORDER += ["picture", "oleObjects", "controls", "tableParts", "extLst"]


def order_on(ledger, *, alone):
    """A note on each of the first rows of every table."""
    places = [
        Place(table.sheet, list(table.header_rows), 1, {one.heading: one.label for one in table.columns})
        for table in ledger.tables
    ]
    notes = [
        Note(table.sheet, line.number, heading_at(table, at), "请核对<&>。", warning=at % 3 == 1)
        for table in ledger.tables
        for at, line in enumerate(table.rows[:20])
    ]
    return Order(places, notes, alone)


def heading_at(table, at):
    return table.columns[at % len(table.columns)].heading


@pytest.mark.parametrize("alone", [False, True], ids=["whole", "alone"])
@pytest.mark.parametrize("name", TAKEN)
def test_it_comes_back_well_formed_and_is_read_the_same(name, alone):
    content = (FOLDER / name).read_bytes()
    ledger = read_ledger(content, size_limit=LIMIT)
    order = order_on(ledger, alone=alone)
    back = give_back(content, order)
    for part, tree in parts_of(back):
        if part.startswith("xl/worksheets/sheet"):
            tags = list(dict.fromkeys(localname(child) for child in tree))
            assert [tag for tag in ORDER if tag in tags] == [tag for tag in tags if tag in ORDER]
    again = read_ledger(back, size_limit=LIMIT)
    if alone:
        assert len(rows_of(again)) == len(order.notes)
        return
    assert [table.ignored for table in again.tables] == [table.ignored for table in ledger.tables]
    for old, new in zip(rows_of(ledger), rows_of(again), strict=True):
        assert new[: len(old)] == old


def parts_of(content):
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")):
                yield name, fromstring(archive.read(name))


def rows_of(ledger):
    """The values of each row; what is empty behind the last one is left out."""
    found = []
    for table in ledger.tables:
        for line in table.rows:
            values = ["" if cell is None else cell for cell in line.cells]
            while values and values[-1] == "":
                values.pop()
            found.append(values)
    return found
