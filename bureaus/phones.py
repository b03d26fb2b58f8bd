"""Mobile numbers, however they are typed."""

import re
import unicodedata

_DROPPED = re.compile(r"[\s\-()]")
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})", re.ASCII)


def mobile(text: str) -> str:
    """The 11 digits of a mobile number of the mainland, or empty where it is none."""
    found = _MOBILE.fullmatch(_DROPPED.sub("", unicodedata.normalize("NFKC", text)))
    return found[1] if found else ""
