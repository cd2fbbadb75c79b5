"""The canonical vocabularies: what the shipped mappings translate picklists into.

A side may add values of its own in its mapping file; these are the words that the two shipped
mappings share.
"""

from __future__ import annotations

LIFECYCLE = (
    "subscriber", "lead", "mal", "mql", "sal", "sql", "opportunity", "customer", "evangelist",
)  # fmt: skip
"""From first to furthest: marketing accepted, marketing qualified, sales accepted, sales
qualified lead stand between lead and opportunity."""

LIFECYCLE_APART = ("other", "disqualified")
"""Lifecycle stages outside the order."""

ACCOUNT_TYPES = ("prospect", "customer", "partner", "competitor", "other")

LEAD_STATUS = (
    "new", "open", "attempted", "connected", "in_progress", "open_deal", "bad_timing",
    "unqualified", "converted",
)  # fmt: skip

LEAD_SOURCES = ("web", "phone_inquiry", "partner_referral", "purchased_list", "other")

OPPORTUNITY_TYPES = ("new_business", "existing_business")

STAGES = (
    "prospecting", "qualification", "needs_analysis", "value_proposition", "decision_makers",
    "perception_analysis", "proposal", "negotiation", "closed_lost", "closed_won",
)  # fmt: skip
"""From first to last."""
