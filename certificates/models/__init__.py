"""Certificates: who issues them, by which rule, how they look, and each as it was issued."""

from certificates.models.batches import IssueBatch
from certificates.models.certificates import Certificate, ShareLink
from certificates.models.issuers import LONGEST_KEY, Counter, Issuer, number_key
from certificates.models.keys import SigningKey
from certificates.models.rules import IssueRule
from certificates.models.templates import Picture, PictureUse, Template, TemplateVersion

__all__ = [
    "LONGEST_KEY",
    "Certificate",
    "Counter",
    "IssueBatch",
    "IssueRule",
    "Issuer",
    "Picture",
    "PictureUse",
    "ShareLink",
    "SigningKey",
    "Template",
    "TemplateVersion",
    "number_key",
]
