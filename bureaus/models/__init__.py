"""Who works with peixun, for whom, and what they did."""

from bureaus.models.accounts import Membership, User
from bureaus.models.audit import AuditEvent
from bureaus.models.bureaus import Bureau, BureauAlias
from bureaus.models.districts import District, DistrictAlias
from bureaus.models.years import YearClose, YearClosed

__all__ = [
    "AuditEvent",
    "Bureau",
    "BureauAlias",
    "District",
    "DistrictAlias",
    "Membership",
    "User",
    "YearClose",
    "YearClosed",
]
