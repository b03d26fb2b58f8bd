"""Under which name, and in which row, a file first lists each person."""

from __future__ import annotations

from array import array


class FirstNames:
    """Some thirty bytes for each person, who may be one of a million."""

    def __init__(self) -> None:
        self.kept = bytearray(1)
        self.ends = array("Q")  # by person, from 0: where the name ends in `kept`, or 0
        self.begins = array("Q")
        self.rows = array("L")

    def of(self, person: int, name: str, row: int) -> tuple[str, int]:
        """The name and the row that were kept for a person; these, where there were none."""
        if missing := max(0, person + 1 - len(self.ends)):
            for numbers in (self.begins, self.ends, self.rows):
                numbers.extend([0] * missing)
        if not self.ends[person]:
            self.begins[person] = len(self.kept)
            self.kept += name.encode()
            self.ends[person] = len(self.kept)
            self.rows[person] = row
            return name, row
        first = self.kept[self.begins[person] : self.ends[person]]
        return first.decode(), self.rows[person]
