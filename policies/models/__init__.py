"""Policies and their frozen versions, declared cookies, consent records, and the log of access to personal data."""

from policies.models.accesses import PersonalDataAccess
from policies.models.consents import ConsentDay, ConsentRecord
from policies.models.cookies import CookieDetails
from policies.models.facts import Recipient, StatedValue
from policies.models.ledger import LedgerCheck, LedgerEntry, LedgerHead, LedgerStatement, LedgerWitness
from policies.models.pages import CookiePolicyPage, PolicyPage
from policies.models.settings import PolicySettings
from policies.models.tasks import LegalReviewTask, ReviewReminder
from policies.models.versions import Policy, PolicyVersion, VersionWithdrawal

__all__ = [
    "ConsentDay",
    "ConsentRecord",
    "CookieDetails",
    "CookiePolicyPage",
    "LedgerCheck",
    "LedgerEntry",
    "LedgerHead",
    "LedgerStatement",
    "LedgerWitness",
    "LegalReviewTask",
    "PersonalDataAccess",
    "Policy",
    "PolicyPage",
    "PolicySettings",
    "PolicyVersion",
    "Recipient",
    "ReviewReminder",
    "StatedValue",
    "VersionWithdrawal",
]
