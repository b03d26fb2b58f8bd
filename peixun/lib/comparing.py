"""Telling whether two writings are the same name."""

import unicodedata


def comparable(text: str) -> str:
    """NFKC, no white space, no upper case: 骨干班（一期） and 骨干班 (一期) are one."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def plain_quotes(name: str) -> str:
    """A programme's name as the plan writes it, whichever quotation marks a ledger has around a word."""
    opening = True
    written = []
    for character in name.strip():
        if character in '"“”「」＂':
            written.append("“" if opening else "”")
            opening = not opening
        else:
            written.append(character)
    return "".join(written).replace("(", "（").replace(")", "）")
