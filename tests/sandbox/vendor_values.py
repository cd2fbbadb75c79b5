"""What Salesforce and HubSpot themselves offer and demand, to hold the demo world against."""

from __future__ import annotations

REQUIRED = {
    "User": {"Username", "LastName", "Email", "Alias"},
    "Account": {"Name", "OwnerId"},
    "Contact": {"LastName", "OwnerId"},
    "Lead": {"LastName", "Company", "Status", "OwnerId"},
    "Opportunity": {"Name", "StageName", "CloseDate", "OwnerId"},
    "OpportunityContactRole": {"OpportunityId", "ContactId", "Role"},
    "owners": {"email", "firstName", "lastName"},
    "companies": {"name", "domain"},
    "contacts": {"lastname"},
    "deals": {"dealname", "dealstage", "pipeline"},
}

_INDUSTRIES = """
ACCOUNTING AIRLINES_AVIATION ALTERNATIVE_DISPUTE_RESOLUTION ALTERNATIVE_MEDICINE ANIMATION
APPAREL_FASHION ARCHITECTURE_PLANNING ARTS_AND_CRAFTS AUTOMOTIVE AVIATION_AEROSPACE BANKING
BIOTECHNOLOGY BROADCAST_MEDIA BUILDING_MATERIALS BUSINESS_SUPPLIES_AND_EQUIPMENT CAPITAL_MARKETS
CHEMICALS CIVIC_SOCIAL_ORGANIZATION CIVIL_ENGINEERING COMMERCIAL_REAL_ESTATE
COMPUTER_NETWORK_SECURITY COMPUTER_GAMES COMPUTER_HARDWARE COMPUTER_NETWORKING COMPUTER_SOFTWARE
INTERNET CONSTRUCTION CONSUMER_ELECTRONICS CONSUMER_GOODS CONSUMER_SERVICES COSMETICS DAIRY
DEFENSE_SPACE DESIGN EDUCATION_MANAGEMENT E_LEARNING ELECTRICAL_ELECTRONIC_MANUFACTURING
ENTERTAINMENT ENVIRONMENTAL_SERVICES EVENTS_SERVICES FACILITIES_SERVICES FARMING
FINANCIAL_SERVICES FINE_ART FISHERY FOOD_BEVERAGES FOOD_PRODUCTION FURNITURE
GOVERNMENT_ADMINISTRATION HEALTH_WELLNESS_AND_FITNESS HIGHER_EDUCATION HOSPITAL_HEALTH_CARE
HOSPITALITY HUMAN_RESOURCES INSURANCE INVESTMENT_BANKING LAW_PRACTICE LOGISTICS_AND_SUPPLY_CHAIN
MACHINERY MANAGEMENT_CONSULTING MARITIME MEDIA_PRODUCTION MEDICAL_DEVICES
NON_PROFIT_ORGANIZATION_MANAGEMENT OIL_ENERGY PHARMACEUTICALS RETAIL TELECOMMUNICATIONS
TRANSPORTATION_TRUCKING_RAILROAD UTILITIES WHOLESALE
"""

HUBSPOT_OPTIONS = {
    ("companies", "industry"): set(_INDUSTRIES.split()),
    ("companies", "type"): {"PROSPECT", "PARTNER", "RESELLER", "VENDOR", "OTHER"},
    ("contacts", "hs_lead_status"): {
        "NEW", "OPEN", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED", "ATTEMPTED_TO_CONTACT",
        "CONNECTED", "BAD_TIMING",
    },
    ("deals", "pipeline"): {"default"},
    ("deals", "dealtype"): {"newbusiness", "existingbusiness"},
    ("deals", "dealstage"): {
        "appointmentscheduled", "qualifiedtobuy", "presentationscheduled",
        "decisionmakerboughtin", "contractsent", "closedwon", "closedlost",
    },
} | {
    (object_type, "lifecyclestage"): {
        "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity",
        "customer", "evangelist", "other",
    }
    for object_type in ("companies", "contacts")
}  # fmt: skip

SALESFORCE_LENGTHS = {
    "Account": {"Name": 255, "BillingCity": 40, "BillingStreet": 255, "Phone": 40, "Website": 255},
    "Contact": {"FirstName": 40, "LastName": 80, "Title": 128, "Email": 80, "Phone": 40},
    "Lead": {"FirstName": 40, "LastName": 80, "Title": 128, "Email": 80, "Company": 255},
    "Opportunity": {"Name": 120, "NextStep": 255},
}
