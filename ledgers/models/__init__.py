"""Ledgers in and out: imports and their rows, layouts, doubts and merges, sign-in sheets, own forms."""

from ledgers import lookups  # noqa: F401  (registers them)
from ledgers.models.imports import ImportWork, LedgerImport, PreviewPiece
from ledgers.models.layouts import HeadingSynonym, LedgerLayout
from ledgers.models.rows import LedgerRow
from ledgers.own_forms.models import OwnForm
from ledgers.people.models import Doubt, Merge, PersonDecision
from ledgers.signing.models import SheetImport

__all__ = [
    "Doubt",
    "HeadingSynonym",
    "ImportWork",
    "LedgerImport",
    "LedgerLayout",
    "LedgerRow",
    "Merge",
    "OwnForm",
    "PersonDecision",
    "PreviewPiece",
    "SheetImport",
]
