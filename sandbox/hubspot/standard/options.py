"""The option lists of HubSpot's standard properties: `value=label`, separated by `;`."""

from __future__ import annotations

INDUSTRY = """
ACCOUNTING=Accounting;AIRLINES_AVIATION=Airlines/Aviation;
ALTERNATIVE_DISPUTE_RESOLUTION=Alternative Dispute Resolution;
ALTERNATIVE_MEDICINE=Alternative Medicine;ANIMATION=Animation;APPAREL_FASHION=Apparel & Fashion;
ARCHITECTURE_PLANNING=Architecture & Planning;ARTS_AND_CRAFTS=Arts and Crafts;
AUTOMOTIVE=Automotive;AVIATION_AEROSPACE=Aviation & Aerospace;BANKING=Banking;
BIOTECHNOLOGY=Biotechnology;BROADCAST_MEDIA=Broadcast Media;
BUILDING_MATERIALS=Building Materials;
BUSINESS_SUPPLIES_AND_EQUIPMENT=Business Supplies and Equipment;CAPITAL_MARKETS=Capital Markets;
CHEMICALS=Chemicals;CIVIC_SOCIAL_ORGANIZATION=Civic & Social Organization;
CIVIL_ENGINEERING=Civil Engineering;COMMERCIAL_REAL_ESTATE=Commercial Real Estate;
COMPUTER_NETWORK_SECURITY=Computer & Network Security;COMPUTER_GAMES=Computer Games;
COMPUTER_HARDWARE=Computer Hardware;COMPUTER_NETWORKING=Computer Networking;
COMPUTER_SOFTWARE=Computer Software;INTERNET=Internet;CONSTRUCTION=Construction;
CONSUMER_ELECTRONICS=Consumer Electronics;CONSUMER_GOODS=Consumer Goods;
CONSUMER_SERVICES=Consumer Services;COSMETICS=Cosmetics;DAIRY=Dairy;
DEFENSE_SPACE=Defense & Space;DESIGN=Design;EDUCATION_MANAGEMENT=Education Management;
E_LEARNING=E-Learning;ELECTRICAL_ELECTRONIC_MANUFACTURING=Electrical/Electronic Manufacturing;
ENTERTAINMENT=Entertainment;ENVIRONMENTAL_SERVICES=Environmental Services;
EVENTS_SERVICES=Events Services;EXECUTIVE_OFFICE=Executive Office;
FACILITIES_SERVICES=Facilities Services;FARMING=Farming;FINANCIAL_SERVICES=Financial Services;
FINE_ART=Fine Art;FISHERY=Fishery;FOOD_BEVERAGES=Food & Beverages;
FOOD_PRODUCTION=Food Production;FUND_RAISING=Fund-Raising;FURNITURE=Furniture;
GAMBLING_CASINOS=Gambling & Casinos;GLASS_CERAMICS_CONCRETE=Glass, Ceramics & Concrete;
GOVERNMENT_ADMINISTRATION=Government Administration;GOVERNMENT_RELATIONS=Government Relations;
GRAPHIC_DESIGN=Graphic Design;HEALTH_WELLNESS_AND_FITNESS=Health, Wellness and Fitness;
HIGHER_EDUCATION=Higher Education;HOSPITAL_HEALTH_CARE=Hospital & Health Care;
HOSPITALITY=Hospitality;HUMAN_RESOURCES=Human Resources;IMPORT_AND_EXPORT=Import and Export;
INDIVIDUAL_FAMILY_SERVICES=Individual & Family Services;
INDUSTRIAL_AUTOMATION=Industrial Automation;INFORMATION_SERVICES=Information Services;
INFORMATION_TECHNOLOGY_AND_SERVICES=Information Technology and Services;INSURANCE=Insurance;
INTERNATIONAL_AFFAIRS=International Affairs;
INTERNATIONAL_TRADE_AND_DEVELOPMENT=International Trade and Development;
INVESTMENT_BANKING=Investment Banking;INVESTMENT_MANAGEMENT=Investment Management;
JUDICIARY=Judiciary;LAW_ENFORCEMENT=Law Enforcement;LAW_PRACTICE=Law Practice;
LEGAL_SERVICES=Legal Services;LEGISLATIVE_OFFICE=Legislative Office;
LEISURE_TRAVEL_TOURISM=Leisure, Travel & Tourism;LIBRARIES=Libraries;
LOGISTICS_AND_SUPPLY_CHAIN=Logistics and Supply Chain;
LUXURY_GOODS_JEWELRY=Luxury Goods & Jewelry;MACHINERY=Machinery;
MANAGEMENT_CONSULTING=Management Consulting;MARITIME=Maritime;MARKET_RESEARCH=Market Research;
MARKETING_AND_ADVERTISING=Marketing and Advertising;
MECHANICAL_OR_INDUSTRIAL_ENGINEERING=Mechanical or Industrial Engineering;
MEDIA_PRODUCTION=Media Production;MEDICAL_DEVICES=Medical Devices;
MEDICAL_PRACTICE=Medical Practice;MENTAL_HEALTH_CARE=Mental Health Care;MILITARY=Military;
MINING_METALS=Mining & Metals;MOTION_PICTURES_AND_FILM=Motion Pictures and Film;
MUSEUMS_AND_INSTITUTIONS=Museums and Institutions;MUSIC=Music;NANOTECHNOLOGY=Nanotechnology;
NEWSPAPERS=Newspapers;NON_PROFIT_ORGANIZATION_MANAGEMENT=Non-Profit Organization Management;
OIL_ENERGY=Oil & Energy;ONLINE_MEDIA=Online Media;OUTSOURCING_OFFSHORING=Outsourcing/Offshoring;
PACKAGE_FREIGHT_DELIVERY=Package/Freight Delivery;
PACKAGING_AND_CONTAINERS=Packaging and Containers;PAPER_FOREST_PRODUCTS=Paper & Forest Products;
PERFORMING_ARTS=Performing Arts;PHARMACEUTICALS=Pharmaceuticals;PHILANTHROPY=Philanthropy;
PHOTOGRAPHY=Photography;PLASTICS=Plastics;POLITICAL_ORGANIZATION=Political Organization;
PRIMARY_SECONDARY_EDUCATION=Primary/Secondary Education;PRINTING=Printing;
PROFESSIONAL_TRAINING_COACHING=Professional Training & Coaching;
PROGRAM_DEVELOPMENT=Program Development;PUBLIC_POLICY=Public Policy;
PUBLIC_RELATIONS_AND_COMMUNICATIONS=Public Relations and Communications;
PUBLIC_SAFETY=Public Safety;PUBLISHING=Publishing;RAILROAD_MANUFACTURE=Railroad Manufacture;
RANCHING=Ranching;REAL_ESTATE=Real Estate;
RECREATIONAL_FACILITIES_AND_SERVICES=Recreational Facilities and Services;
RELIGIOUS_INSTITUTIONS=Religious Institutions;RENEWABLES_ENVIRONMENT=Renewables & Environment;
RESEARCH=Research;RESTAURANTS=Restaurants;RETAIL=Retail;
SECURITY_AND_INVESTIGATIONS=Security and Investigations;SEMICONDUCTORS=Semiconductors;
SHIPBUILDING=Shipbuilding;SPORTING_GOODS=Sporting Goods;SPORTS=Sports;
STAFFING_AND_RECRUITING=Staffing and Recruiting;SUPERMARKETS=Supermarkets;
TELECOMMUNICATIONS=Telecommunications;TEXTILES=Textiles;THINK_TANKS=Think Tanks;TOBACCO=Tobacco;
TRANSLATION_AND_LOCALIZATION=Translation and Localization;
TRANSPORTATION_TRUCKING_RAILROAD=Transportation/Trucking/Railroad;UTILITIES=Utilities;
VENTURE_CAPITAL_PRIVATE_EQUITY=Venture Capital & Private Equity;VETERINARY=Veterinary;
WAREHOUSING=Warehousing;WHOLESALE=Wholesale;WINE_AND_SPIRITS=Wine and Spirits;WIRELESS=Wireless;
WRITING_AND_EDITING=Writing and Editing;MOBILE_GAMES=Mobile Games
"""

OPTIONS: dict[str, str] = {
    "industry": INDUSTRY,
    "true_false": "true=True;false=False",
    "yes_no": "true=Yes;false=No",
    "lifecyclestage": (
        "subscriber=Subscriber;lead=Lead;marketingqualifiedlead=Marketing Qualified Lead;"
        "salesqualifiedlead=Sales Qualified Lead;opportunity=Opportunity;customer=Customer;"
        "evangelist=Evangelist;other=Other"
    ),
    "lead_status": (
        "NEW=New;OPEN=Open;IN_PROGRESS=In Progress;OPEN_DEAL=Open Deal;UNQUALIFIED=Unqualified;"
        "ATTEMPTED_TO_CONTACT=Attempted to Contact;CONNECTED=Connected;BAD_TIMING=Bad Timing"
    ),
    "company_type": "PROSPECT=Prospect;PARTNER=Partner;RESELLER=Reseller;VENDOR=Vendor;OTHER=Other",
    "numemployees": (
        "1-5=1-5;5-25=5-25;25-50=25-50;50-100=50-100;100-500=100-500;500-1000=500-1000;1000+=1000+"
    ),
    "buying_role": (
        "BLOCKER=Blocker;BUDGET_HOLDER=Budget Holder;CHAMPION=Champion;"
        "DECISION_MAKER=Decision Maker;END_USER=End User;EXECUTIVE_SPONSOR=Executive Sponsor;"
        "INFLUENCER=Influencer;LEGAL_AND_COMPLIANCE=Legal & Compliance;OTHER=Other"
    ),
    "role": (
        "accounting=Accounting;administrative=Administrative;"
        "business_development=Business Development;communications=Communications;"
        "consulting=Consulting;customer_service=Customer Service;design=Design;"
        "education=Education;engineering=Engineering;entrepreneurship=Entrepreneurship;"
        "finance=Finance;health_professional=Health Professional;human_resources=Human Resources;"
        "information_technology=Information Technology;legal=Legal;marketing=Marketing;"
        "operations=Operations;product=Product;project_management=Project Management;"
        "public_relations=Public Relations;quality_assurance=Quality Assurance;"
        "real_estate=Real Estate;recruiting=Recruiting;research=Research;sales=Sales;"
        "support=Support;retired=Retired"
    ),
    "seniority": (
        "director=Director;employee=Employee;entry=Entry;executive=Executive;manager=Manager;"
        "owner=Owner;partner=Partner;senior=Senior;vp=VP"
    ),
    "language": (
        "ar=Arabic;cs=Czech;da=Danish;de=German;de-at=German - Austria;de-ch=German - Switzerland;"
        "de-de=German - Germany;el=Greek;en=English;en-au=English - Australia;"
        "en-ca=English - Canada;en-gb=English - United Kingdom;en-us=English - United States;"
        "es=Spanish;es-es=Spanish - Spain;es-mx=Spanish - Mexico;fi=Finnish;fr=French;"
        "fr-ca=French - Canada;fr-fr=French - France;he=Hebrew;hu=Hungarian;it=Italian;"
        "ja=Japanese;ko=Korean;nl=Dutch;no=Norwegian;pl=Polish;pt=Portuguese;"
        "pt-br=Portuguese - Brazil;ro=Romanian;ru=Russian;sv=Swedish;tr=Turkish;uk=Ukrainian;"
        "zh=Chinese;zh-cn=Chinese - China"
    ),
    "timezone": (
        "us_slash_pacific=US/Pacific;us_slash_mountain=US/Mountain;us_slash_central=US/Central;"
        "us_slash_eastern=US/Eastern;america_slash_sao_paulo=America/Sao Paulo;"
        "europe_slash_london=Europe/London;europe_slash_berlin=Europe/Berlin;"
        "europe_slash_paris=Europe/Paris;europe_slash_warsaw=Europe/Warsaw;"
        "asia_slash_dubai=Asia/Dubai;asia_slash_kolkata=Asia/Kolkata;"
        "asia_slash_shanghai=Asia/Shanghai;asia_slash_tokyo=Asia/Tokyo;"
        "australia_slash_sydney=Australia/Sydney"
    ),
    "legal_basis": (
        "Legitimate interest – prospect/lead=Legitimate interest – prospect/lead;"
        "Legitimate interest – existing customer=Legitimate interest – existing customer;"
        "Legitimate interest - other=Legitimate interest - other;"
        "Performance of a contract=Performance of a contract;"
        "Freely given consent from contact=Freely given consent from contact;"
        "Not applicable=Not applicable"
    ),
    "analytics_source": (
        "ORGANIC_SEARCH=Organic Search;PAID_SEARCH=Paid Search;EMAIL_MARKETING=Email Marketing;"
        "SOCIAL_MEDIA=Organic Social;REFERRALS=Referrals;OTHER_CAMPAIGNS=Other Campaigns;"
        "DIRECT_TRAFFIC=Direct Traffic;OFFLINE=Offline Sources;PAID_SOCIAL=Paid Social;"
        "AI_REFERRALS=AI Referrals"
    ),
    "object_source": (
        "CRM_UI=CRM UI;INTEGRATION=Integration;IMPORT=Import;FORM=Form;API=API;"
        "AUTO_ASSOCIATE_BY_DOMAIN=Automatic association by domain;MERGE_OBJECTS=Merge;"
        "AUTOMATION_PLATFORM=Workflow;INTERNAL_PROCESSING=Internal processing"
    ),
    "bounce_reason": (
        "PREVIOUSLY_UNSUBSCRIBED_MESSAGE=Previously unsubscribed message;CONTENT=Content;"
        "FILTERED=Filtered;POLICY=Policy;UNKNOWN_USER=Unknown user;MAILBOX_FULL=Mailbox full;"
        "OTHER=Other"
    ),
    "currency": (
        "USD=US Dollar;EUR=Euro;GBP=British Pound;CHF=Swiss Franc;JPY=Japanese Yen;"
        "PLN=Polish Zloty;SEK=Swedish Krona;CAD=Canadian Dollar;AUD=Australian Dollar"
    ),
    "forecast": (
        "OMIT=Not forecasted;PIPELINE=Pipeline;BEST_CASE=Best case;COMMIT=Commit;CLOSED=Closed won"
    ),
    "amount_kinds": "hs_acv=ACV;hs_mrr=MRR;hs_tcv=TCV;disabled=Disabled",
    "ticket_category": (
        "PRODUCT_ISSUE=Product Issue;BILLING_ISSUE=Billing Issue;FEATURE_REQUEST=Feature Request;"
        "GENERAL_INQUIRY=General Inquiry"
    ),
    "task_status": (
        "NOT_STARTED=Not started;IN_PROGRESS=In progress;WAITING=Waiting;COMPLETED=Completed;"
        "DEFERRED=Deferred"
    ),
    "contacts_pipeline": "contacts-lifecycle-pipeline=Lifecycle Stage Pipeline",
    "marketable": "true=Marketing contact;false=Non-marketing contact",
    "companies_pipeline": "companies-lifecycle-pipeline=Lifecycle Stage Pipeline",
    "profile_tier": "tier_1=Tier 1;tier_2=Tier 2;tier_3=Tier 3",
    "deal_type": "newbusiness=New Business;existingbusiness=Existing Business",
    "deal_priority": "low=Low;medium=Medium;high=High",
    "ticket_priority": "LOW=Low;MEDIUM=Medium;HIGH=High;URGENT=Urgent",
    "source_type": "CHAT=Chat;EMAIL=Email;FORM=Form;PHONE=Phone",
    "task_priority": "NONE=None;LOW=Low;MEDIUM=Medium;HIGH=High",
    "task_type": "TODO=To-do;CALL=Call;EMAIL=Email;LINKED_IN=LinkedIn",
}

LIFECYCLE_DATES = "\n".join(
    f"hs_lifecyclestage_{stage}_date | Became {label} Date | datetime/date | r"
    for stage, label in (
        ("subscriber", "a Subscriber"),
        ("lead", "a Lead"),
        ("marketingqualifiedlead", "a Marketing Qualified Lead"),
        ("salesqualifiedlead", "a Sales Qualified Lead"),
        ("opportunity", "an Opportunity"),
        ("customer", "a Customer"),
        ("evangelist", "an Evangelist"),
        ("other", "an Other Lifecycle"),
    )
)
"""Rows of the properties that hold when a lifecycle stage was reached."""
