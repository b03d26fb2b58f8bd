"""The people who are trained, and who may know of them."""

from learners.models.aliases import FormerRecord, LearnerAlias
from learners.models.duties import Exemption, HoursRequirement
from learners.models.groups import Standing, TargetGroup
from learners.models.identities import Identity
from learners.models.learners import AccountLink, Holder, Learner
from learners.models.requests import DataRequest

__all__ = [
    "AccountLink",
    "DataRequest",
    "Exemption",
    "FormerRecord",
    "Holder",
    "HoursRequirement",
    "Identity",
    "Learner",
    "LearnerAlias",
    "Standing",
    "TargetGroup",
]
