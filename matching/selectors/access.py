"""Who may see rules, what they decided, and suggestions: their lender, and staff whose job it is."""

from __future__ import annotations

from django.db.models import Q

from matching.enums.permissions import VIEW_DECISIONS, VIEW_MANDATES, VIEW_PROPOSALS
from matching.models import AllocationDecision, LendingMandate, MatchProposal, RiskProfile
from p2plending.lib.access import AccessRule

MANDATES = AccessRule(LendingMandate, VIEW_MANDATES, own=lambda user: Q(lender=user))
DECISIONS = AccessRule(AllocationDecision, VIEW_DECISIONS, own=lambda user: Q(mandate__lender=user))
PROPOSALS = AccessRule(MatchProposal, VIEW_PROPOSALS, own=lambda user: Q(lender=user))
RISK_PROFILES = AccessRule(RiskProfile, VIEW_MANDATES, own=lambda user: Q(lender=user))
