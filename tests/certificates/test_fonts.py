"""Every character is drawn by a font of the packages, or told of before issue."""

import re
from pathlib import Path

import pylopdf_fonts_zh_cn
from fontTools import subset
from fontTools.ttLib import TTFont

from certificates.drawing.fonts import MARK, found_fonts, has_kai, missing_glyphs
from certificates.drawing.pdf import draw
from tests.certificates.papers import DAY, LONG_NAME, RARE_NAME, fonts_of, lone, page_of, text_in


def test_rare_characters_are_drawn():
    assert missing_glyphs(RARE_NAME + LONG_NAME + "㙓𫖯𬍛𬭚㛃〇") == []
    pdf = draw([lone(RARE_NAME)], day=DAY)
    assert text_in(pdf) == RARE_NAME


def test_what_no_font_has_is_told_and_marked():
    assert missing_glyphs("张𪚥\u200b𪚥龘\n") == ["𪚥"]
    assert text_in(draw([lone("张𪚥")], day=DAY)) == f"张{MARK}"


def test_signs_without_ink_are_no_fault():
    nothing = "\u200b\ufeff\u202e\x00\ud800\ufe00"
    assert missing_glyphs(nothing) == []
    assert text_in(draw([lone(f"张{nothing}伟")], day=DAY)) == "张伟"


def test_fonts_are_embedded_as_subsets_of_the_packages():
    found = fonts_of(draw([page_of("合格证书", name=RARE_NAME)], day=DAY))
    assert {name.split("+")[1] for name in found} == {
        "NotoSerifSC-Regular",
        "NotoSansSC-Regular",
        "NotoSerifJP-Regular",
    }
    assert all(re.match(r"/[A-Z]{6}\+", name) and embedded for name, embedded in found.items())


def test_no_font_of_the_system_is_looked_at():
    families = set(found_fonts().families())
    assert families == {"Noto Sans SC", "Noto Serif SC", "Noto Sans JP", "Noto Serif JP"}


def test_kai_is_song_until_a_folder_has_one(tmp_path):
    page = lone("张伟", font="kai")
    assert not has_kai()
    assert "NotoSerifSC" in next(iter(fonts_of(draw([page], day=DAY))))
    make_kai(tmp_path / "kai.otf")
    folder = (tmp_path,)
    assert has_kai(folder)
    assert "TestKaiTi" in next(iter(fonts_of(draw([page], day=DAY, fonts=folder))))


def test_a_folder_fills_in_what_the_packages_lack(tmp_path):
    make_kai(tmp_path / "kai.otf", instead_of={"𬱖": "𪚥"})
    assert missing_glyphs("𪚥", (tmp_path,)) == []
    assert text_in(draw([lone("张𪚥")], day=DAY, fonts=(tmp_path,))) == "张𪚥"


def make_kai(path: Path, instead_of: dict[str, str] | None = None) -> None:
    """A small font that is called Kai, out of the packaged one."""
    font = TTFont(pylopdf_fonts_zh_cn.serif_path())
    cut = subset.Subsetter()
    cut.populate(text="张伟𬱖")
    cut.subset(font)
    for old, new in (instead_of or {}).items():
        for table in font["cmap"].tables:
            if table.format == 12:
                table.cmap[ord(new)] = table.cmap[ord(old)]
    for record in font["name"].names:
        if record.nameID in (1, 16):
            record.string = "Test KaiTi"
        if record.nameID in (4, 6):
            record.string = "TestKaiTi"
    font["CFF "].cff.fontNames[0] = "TestKaiTi"
    font.save(path)
