"""The object types of the sandbox, their relationships, and the picklists of a new organisation."""

from __future__ import annotations

from typing import Final, NamedTuple


class ObjectTable(NamedTuple):
    """One object type: label, plural, key prefix, and flags.

    Flags: c createable, u updateable, d deletable, e undeletable, m mergeable, q queryable,
    r replicateable, s searchable, v has the last-viewed fields, f feed, I has IsDeleted, t of the
    Tooling API only.
    """

    name: str
    label: str
    plural: str
    prefix: str
    flags: str


OBJECTS: Final = (
    ObjectTable("Account", "Account", "Accounts", "001", "cudemqrsvfI"),
    ObjectTable("Contact", "Contact", "Contacts", "003", "cudemqrsvfI"),
    ObjectTable("Lead", "Lead", "Leads", "00Q", "cudemqrsvfI"),
    ObjectTable("Opportunity", "Opportunity", "Opportunities", "006", "cudeqrsvfI"),
    ObjectTable(
        "OpportunityContactRole",
        "Opportunity Contact Role",
        "Opportunity Contact Role",
        "00K",
        "cudqrI",
    ),
    ObjectTable(
        "AccountContactRelation",
        "Account Contact Relationship",
        "Account Contact Relationship",
        "07k",
        "cudqrI",
    ),
    ObjectTable("User", "User", "Users", "005", "cuqrsf"),
    ObjectTable("Group", "Group", "Group", "00G", "cudqr"),
    ObjectTable("OpportunityStage", "Opportunity Stage", "Opportunity Stage", "01J", "qr"),
    ObjectTable("LeadStatus", "Lead Status Value", "Lead Status Value", "01J", "qr"),
    ObjectTable("Organization", "Organization", "Organizations", "00D", "uqr"),
    ObjectTable("RecordType", "Record Type", "Record Types", "012", "cuqrs"),
    ObjectTable("CustomField", "Custom Field", "Custom Fields", "00N", "t"),
    ObjectTable("PermissionSet", "Permission Set", "Permission Sets", "0PS", "cudq"),
    ObjectTable(
        "PermissionSetAssignment",
        "Permission Set Assignment",
        "Permission Set Assignments",
        "0Pa",
        "cdq",
    ),
    ObjectTable("FieldPermissions", "Field Permissions", "Field Permissions", "01k", "cudq"),
    ObjectTable("CurrencyType", "Currency Type", "Currency Types", "01L", "cuq"),
)


class ChildRelation(NamedTuple):
    """Rows of `child` whose `field` holds the parent's id; `cascade`: deleted with the parent."""

    parent: str
    child: str
    field: str
    name: str | None
    cascade: bool = False


CHILDREN: Final = (
    ChildRelation("Account", "Account", "ParentId", "ChildAccounts"),
    ChildRelation("Account", "Contact", "AccountId", "Contacts", cascade=True),
    ChildRelation("Account", "Opportunity", "AccountId", "Opportunities", cascade=True),
    ChildRelation(
        "Account",
        "AccountContactRelation",
        "AccountId",
        "AccountContactRelations",
        cascade=True,
    ),
    ChildRelation("Account", "Lead", "ConvertedAccountId", None),
    ChildRelation("Contact", "Contact", "ReportsToId", None),
    ChildRelation(
        "Contact",
        "AccountContactRelation",
        "ContactId",
        "AccountContactRelations",
        cascade=True,
    ),
    ChildRelation("Contact", "Lead", "ConvertedContactId", None),
    ChildRelation("Contact", "Opportunity", "ContactId", "Opportunities"),
    ChildRelation(
        "Contact", "OpportunityContactRole", "ContactId", "OpportunityContactRoles", cascade=True
    ),
    ChildRelation("Opportunity", "Lead", "ConvertedOpportunityId", None),
    ChildRelation(
        "Opportunity",
        "OpportunityContactRole",
        "OpportunityId",
        "OpportunityContactRoles",
        cascade=True,
    ),
)

_SALUTATIONS = ("Mr.", "Ms.", "Mrs.", "Dr.", "Prof.")

PICKLISTS: Final[dict[str, tuple[str, ...]]] = {
    "account_type": (
        "Prospect",
        "Customer - Direct",
        "Customer - Channel",
        "Channel Partner / Reseller",
        "Installation Partner",
        "Technology Partner",
        "Other",
    ),
    "geocode": (
        "Address", "NearAddress", "Block", "Street", "ExtendedZip", "Zip", "Neighborhood", "City",
        "County", "State", "Unknown",
    ),
    "industry": (
        "Agriculture", "Apparel", "Banking", "Biotechnology", "Chemicals", "Communications",
        "Construction", "Consulting", "Education", "Electronics", "Energy", "Engineering",
        "Entertainment", "Environmental", "Finance", "Food & Beverage", "Government",
        "Healthcare", "Hospitality", "Insurance", "Machinery", "Manufacturing", "Media",
        "Not For Profit", "Recreation", "Retail", "Shipping", "Technology",
        "Telecommunications", "Transportation", "Utilities", "Other",
    ),
    "ownership": ("Public", "Private", "Subsidiary", "Other"),
    "rating": ("Hot", "Warm", "Cold"),
    "source": ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"),
    "salutation": _SALUTATIONS,
    "lead_salutation": (*_SALUTATIONS, "Mx."),
    "opportunity_type": (
        "Existing Customer - Upgrade",
        "Existing Customer - Replacement",
        "Existing Customer - Downgrade",
        "New Customer",
    ),
    "forecast": (
        "Omitted", "Pipeline", "BestCase=Best Case", "MostLikely=Most Likely", "Forecast=Commit",
        "Closed",
    ),
    "forecast_name": ("Omitted", "Pipeline", "Best Case", "Commit", "Closed"),
    "contact_role": (
        "Business User", "Decision Maker", "Economic Buyer", "Economic Decision Maker",
        "Evaluator", "Executive Sponsor", "Influencer", "Technical Buyer", "Other",
    ),
    "time_zone": ("Europe/Berlin", "America/Los_Angeles", "America/New_York", "UTC=GMT"),
    "locale": ("en_US", "en_GB", "de_DE", "fr_FR"),
    "language": ("en_US", "de", "fr"),
    "user_type": ("Standard", "PowerPartner", "Guest"),
    "group_type": ("Regular", "Queue", "Role"),
    "edition": ("Enterprise Edition", "Developer Edition", "Unlimited Edition"),
    "record_type_object": ("Account", "Contact", "Lead", "Opportunity"),
}  # fmt: skip
"""A value, or value=label; an organisation's options may replace any of them."""


class Stage(NamedTuple):
    """A row of OpportunityStage, and a value of Opportunity.StageName."""

    name: str
    probability: float
    forecast: str = "Pipeline"
    closed: bool = False
    won: bool = False


STAGES: Final = (
    Stage("Prospecting", 10),
    Stage("Qualification", 10),
    Stage("Needs Analysis", 20),
    Stage("Value Proposition", 50),
    Stage("Id. Decision Makers", 60),
    Stage("Perception Analysis", 70),
    Stage("Proposal/Price Quote", 75),
    Stage("Negotiation/Review", 90),
    Stage("Closed Won", 100, "Closed", closed=True, won=True),
    Stage("Closed Lost", 0, "Omitted", closed=True),
)


class LeadStatus(NamedTuple):
    """A row of LeadStatus, and a value of Lead.Status."""

    name: str
    converted: bool = False
    default: bool = False


LEAD_STATUSES: Final = (
    LeadStatus("Open - Not Contacted", default=True),
    LeadStatus("Working - Contacted"),
    LeadStatus("Closed - Converted", converted=True),
    LeadStatus("Closed - Not Converted"),
)

FORECAST_NAMES: Final = {
    "Omitted": "Omitted",
    "Pipeline": "Pipeline",
    "BestCase": "Best Case",
    "MostLikely": "Most Likely",
    "Forecast": "Commit",
    "Closed": "Closed",
}
