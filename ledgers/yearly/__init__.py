"""The yearly ledger (年度培训台账) that goes up: one workbook of nine sheets."""

from ledgers.yearly.exporting import export_yearly, write_workbook
from ledgers.yearly.report import file_name

__all__ = ["export_yearly", "file_name", "write_workbook"]
