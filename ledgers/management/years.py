"""The year that commands take."""

import re
from argparse import ArgumentTypeError

FIRST, LAST = 2000, 2100


def year(text: str) -> int:
    """For argparse: a year that a ledger can have, else the command ends with 2."""
    if re.fullmatch(r"[0-9]{4}", text) and FIRST <= int(text) <= LAST:
        return int(text)
    raise ArgumentTypeError(f"年度要写成 {FIRST} 到 {LAST} 之间的四位数字。")
