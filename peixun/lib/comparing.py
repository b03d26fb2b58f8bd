"""Telling whether two writings are the same name."""

import unicodedata


def comparable(text: str) -> str:
    """NFKC, no white space, no upper case: 骨干班（一期） and 骨干班 (一期) are one."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()
