"""The people who are trained, and who may know of them."""

from learners.models.groups import Standing, TargetGroup
from learners.models.identities import Identity
from learners.models.learners import AccountLink, Holder, Learner

__all__ = ["AccountLink", "Holder", "Identity", "Learner", "Standing", "TargetGroup"]
