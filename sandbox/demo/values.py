"""The vendors' own picklist values that the demo world uses, each beside its counterpart.

Salesforce values are those of a new org, HubSpot values those of a new account (internal names).
"""

from __future__ import annotations

from dataclasses import dataclass

HUBSPOT_PIPELINE = "default"


@dataclass(frozen=True, slots=True)
class Industry:
    """An industry in both vendors' values, and words that its companies have in their names."""

    salesforce: str
    hubspot: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """A deal stage in both vendors' values; `weight` says how many deals stand there."""

    salesforce: str
    hubspot: str
    weight: int
    closed: bool = False


def _industries(table: str) -> tuple[Industry, ...]:
    rows = (tuple(part.strip() for part in line.split("|")) for line in table.strip().splitlines())
    return tuple(Industry(left, right, tuple(words.split())) for left, right, words in rows)


INDUSTRIES = _industries("""
Agriculture        | FARMING                         | Farms Seeds Growers Harvest
Apparel            | APPAREL_FASHION                 | Apparel Textiles Outfitters
Banking            | BANKING                         | Bank Bancorp Savings
Biotechnology      | BIOTECHNOLOGY                   | Biotech Genomics Biosciences
Chemicals          | CHEMICALS                       | Chemicals Polymers Coatings
Construction       | CONSTRUCTION                    | Construction Builders Concrete
Consulting         | MANAGEMENT_CONSULTING           | Consulting Advisory Partners
Education          | EDUCATION_MANAGEMENT            | Academy Learning Institute
Electronics        | CONSUMER_ELECTRONICS            | Electronics Optics Sensors
Energy             | OIL_ENERGY                      | Energy Power Fuels
Engineering        | CIVIL_ENGINEERING               | Engineering Structures Bridges
Entertainment      | ENTERTAINMENT                   | Studios Pictures Games
Environmental      | ENVIRONMENTAL_SERVICES          | Recycling Renewal Water
Finance            | FINANCIAL_SERVICES              | Capital Finance Holdings
Food & Beverage    | FOOD_BEVERAGES                  | Foods Brewery Bakery Coffee
Government         | GOVERNMENT_ADMINISTRATION       | County Municipal
Healthcare         | HOSPITAL_HEALTH_CARE            | Health Clinics Hospital
Hospitality        | HOSPITALITY                     | Hotels Resorts Inns
Insurance          | INSURANCE                       | Insurance Mutual Assurance
Machinery          | MACHINERY                       | Machinery Robotics Tools
Manufacturing      | ELECTRICAL_ELECTRONIC_MANUFACTURING | Manufacturing Industries Works
Media              | MEDIA_PRODUCTION                | Media Press Broadcasting
Not For Profit     | NON_PROFIT_ORGANIZATION_MANAGEMENT | Foundation Trust
Retail             | RETAIL                          | Retail Stores Market
Shipping           | MARITIME                        | Shipping Freight Marine
Technology         | COMPUTER_SOFTWARE               | Software Systems Labs Cloud Data
Telecommunications | TELECOMMUNICATIONS              | Telecom Networks Mobile
Transportation     | TRANSPORTATION_TRUCKING_RAILROAD | Transport Logistics Rail
Utilities          | UTILITIES                       | Utilities Grid Gas
""")
WEIGHTED_INDUSTRIES = INDUSTRIES + tuple(
    industry
    for industry in INDUSTRIES
    for _ in range({"Technology": 8, "Machinery": 3, "Finance": 3}.get(industry.salesforce, 0))
)
UNKNOWN_INDUSTRIES = ("Space Tourism", "Vertical Farming Robotics", "Crypto Mining")
"""Values that an administrator added in Salesforce and that HubSpot does not have."""

ACCOUNT_TYPES = (
    ("Prospect", "PROSPECT"),
    ("Customer - Direct", ""),
    ("Customer - Channel", ""),
    ("Channel Partner / Reseller", "RESELLER"),
    ("Technology Partner", "PARTNER"),
    ("Other", "OTHER"),
)
"""HubSpot has no company type for a customer: there, the lifecycle stage says so."""
ACCOUNT_TYPE_WEIGHTS = (50, 30, 4, 5, 7, 4)

LEAD_STATUSES = (
    ("Open - Not Contacted", "NEW"),
    ("Working - Contacted", "IN_PROGRESS"),
    ("Closed - Not Converted", "UNQUALIFIED"),
)
LEAD_STATUS_WEIGHTS = (50, 35, 15)
UNKNOWN_LEAD_STATUS = "Nurturing - Webinar"
HUBSPOT_LEAD_STATUSES = ("NEW", "OPEN", "IN_PROGRESS", "CONNECTED", "ATTEMPTED_TO_CONTACT")
HUBSPOT_LEAD_STAGES = ("subscriber", "lead", "lead", "marketingqualifiedlead", "salesqualifiedlead")

STAGES = (
    Stage("Prospecting", "appointmentscheduled", 16),
    Stage("Qualification", "qualifiedtobuy", 14),
    Stage("Value Proposition", "presentationscheduled", 12),
    Stage("Id. Decision Makers", "decisionmakerboughtin", 9),
    Stage("Proposal/Price Quote", "contractsent", 9),
    Stage("Closed Won", "closedwon", 25, closed=True),
    Stage("Closed Lost", "closedlost", 15, closed=True),
)
FINER_STAGES = {
    "Qualification": "Needs Analysis",
    "Id. Decision Makers": "Perception Analysis",
    "Proposal/Price Quote": "Negotiation/Review",
}
"""Salesforce has a second stage where HubSpot has one; deals in Salesforce alone use it too."""
WEIGHTED_STAGES = tuple(stage for stage in STAGES for _ in range(stage.weight))

DEAL_TYPES = (
    ("New Customer", "newbusiness"),
    ("New Customer", "newbusiness"),
    ("New Customer", "newbusiness"),
    ("Existing Customer - Upgrade", "existingbusiness"),
    ("Existing Customer - Replacement", "existingbusiness"),
)
UNKNOWN_DEAL_TYPE = "Pilot Project"

LEAD_SOURCES = ("Web", "Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
ROLES = (
    "Decision Maker", "Economic Buyer", "Evaluator", "Executive Sponsor", "Influencer",
    "Technical Buyer", "Business User", "Other",
)  # fmt: skip
RATINGS = ("Hot", "Warm", "Cold")
OWNERSHIP = ("Private", "Private", "Public", "Subsidiary", "Other")
