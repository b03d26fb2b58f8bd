"""The people who are trained, and who may know of them."""

from learners.models.duties import Exemption, HoursRequirement
from learners.models.groups import Standing, TargetGroup
from learners.models.identities import Identity
from learners.models.learners import AccountLink, Holder, Learner
from learners.models.requests import DataRequest

__all__ = [
    "AccountLink",
    "DataRequest",
    "Exemption",
    "Holder",
    "HoursRequirement",
    "Identity",
    "Learner",
    "Standing",
    "TargetGroup",
]
