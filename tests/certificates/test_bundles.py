"""Many certificates go into files of bounded size."""

import io
import zipfile

from pypdf import PdfReader

from certificates.drawing.bundles import file_name, merged, zipped
from tests.certificates.papers import DAY, LAYOUTS, page_of


def test_many_pages_become_files_of_so_many_pages():
    pages = (page_of("结业证书", number=f"〔2024〕{at:04}号") for at in range(5))
    files = [PdfReader(io.BytesIO(pdf)) for pdf in merged(pages, day=DAY, per_file=2)]
    assert [len(pdf.pages) for pdf in files] == [2, 2, 1]
    assert "〔2024〕0004号" in files[2].pages[0].extract_text()


def test_pages_of_different_layouts_go_together():
    [pdf] = merged([page_of(title) for title in LAYOUTS], day=DAY)
    sizes = [(round(p.mediabox.width), round(p.mediabox.height)) for p in PdfReader(io.BytesIO(pdf)).pages]
    assert sizes == [(842, 595), (842, 595), (595, 842), (595, 842), (595, 842)]


def test_a_zip_is_sent_as_it_is_drawn():
    drawn = []

    def files():
        for number in ("潭科协培〔2024〕0001号", "潭科协培〔2024〕0001号", "a/../b"):
            drawn.append(number)
            yield file_name(number), b"%PDF"

    pieces = zipped(files(), day=DAY)
    first = next(pieces)
    assert (len(drawn), first[:2]) == (1, b"PK")
    with zipfile.ZipFile(io.BytesIO(first + b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "潭科协培〔2024〕0001号.pdf",
            "潭科协培〔2024〕0001号（2）.pdf",
            "a-..-b.pdf",
        ]


def test_a_file_is_called_by_its_number():
    assert file_name("潭科协培〔2024〕0001号") == "潭科协培〔2024〕0001号.pdf"
    assert file_name("../..\x00") == "证书.pdf"
