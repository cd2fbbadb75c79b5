"""Golden translations: whole records of both vendors, into canonical values and across."""

from __future__ import annotations

from typing import Any

from mapping.spec import MappingSpec
from mapping.translate import compile_mapping
from tests.mapping.shipped import HUBSPOT, SALESFORCE, document, shipped

LEAD = {
    "FirstName": "Zoë", "LastName": " Łukasz ", "Email": "Zoe@Acme.COM", "Phone": "(212) 555-0123",
    "MobilePhone": None, "Title": "CTO", "Company": "Acme, Inc.", "Status": "Working - Contacted",
    "LeadSource": "Partner Referral", "Street": "1 Main St\r\nFloor 2", "City": "New York",
    "State": "NY", "PostalCode": "10001", "Country": "USA", "Description": None,
    "HasOptedOutOfEmail": False, "DoNotCall": True, "OwnerId": "005000000000001AAA",
    "Tieline_Id__c": None,
}  # fmt: skip

LEAD_SHOWN = {
    "first_name": "Zoë", "last_name": "Łukasz", "email": "zoe@acme.com", "phone": "+12125550123",
    "mobile": None, "title": "CTO", "company_name": "Acme, Inc.", "lead_status": "in_progress",
    "lead_source": "partner_referral",
    "address": {"street": "1 Main St\nFloor 2", "city": "New York", "region": "New York",
                "postal_code": "10001", "country": "US"},
    "description": None, "email_opt_out": False, "do_not_call": True,
    "owner": {"object": "User", "id": "005000000000001AAA"},
}  # fmt: skip

CONTACT = {
    "FirstName": "Ann", "LastName": "Lee", "Email": "ann@acme.com", "Phone": None,
    "MobilePhone": "+49 171 1234567", "Title": None, "Department": "IT",
    "AccountId": "001000000000001AAA", "LeadSource": None, "MailingStreet": None,
    "MailingCity": " ", "MailingState": None, "MailingPostalCode": None, "MailingCountry": "",
    "Description": "x", "HasOptedOutOfEmail": True, "DoNotCall": False,
    "OwnerId": "005000000000001AAA", "Tieline_Id__c": "e1",
    "AccountContactRelations": [
        {"id": "001000000000001AAA", "label": None, "primary": True},
        {"id": "001000000000009AAA", "label": "Evaluator", "primary": False},
        {"id": "001000000000009AAA", "label": "Other", "primary": False},
    ],
}  # fmt: skip

CONTACT_SHOWN = {
    "first_name": "Ann", "last_name": "Lee", "email": "ann@acme.com", "phone": None,
    "mobile": "+491711234567", "title": None, "department": "IT",
    "account": {"object": "Account", "id": "001000000000001AAA"}, "lead_source": None,
    "account_roles": [
        {"ref": {"object": "Account", "id": "001000000000001AAA"}, "role": None,
         "primary": False},
        {"ref": {"object": "Account", "id": "001000000000009AAA"}, "role": "Evaluator",
         "primary": False},
        {"ref": {"object": "Account", "id": "001000000000009AAA"}, "role": "Other",
         "primary": False},
    ],
    "address": None, "description": "x", "email_opt_out": True, "do_not_call": False,
    "owner": {"object": "User", "id": "005000000000001AAA"},
}  # fmt: skip

ACCOUNT = {
    "Name": "Müller GmbH", "Website": "http://www.Müller.de/", "Phone": "030 123456",
    "Industry": "Food & Beverage", "NumberOfEmployees": 120, "AnnualRevenue": 1250000.5,
    "CurrencyIsoCode": "EUR", "BillingStreet": "Hauptstr. 1", "BillingCity": "Berlin",
    "BillingState": None, "BillingPostalCode": "10115", "BillingCountry": "Deutschland",
    "Description": None, "Type": "Customer - Channel", "ParentId": None,
    "OwnerId": "005000000000002AAA", "Tieline_Id__c": None,
}  # fmt: skip

ACCOUNT_SHOWN = {
    "name": "Müller GmbH", "website": "https://xn--mller-kva.de", "domain": "xn--mller-kva.de",
    "phone": "+4930123456", "industry": "food_beverage", "employees": 120,
    "annual_revenue": {"amount": "1250000.5", "currency": "EUR"},
    "billing_address": {"street": "Hauptstr. 1", "city": "Berlin", "postal_code": "10115",
                        "country": "DE"},
    "description": None, "account_type": "customer", "parent": None,
    "owner": {"object": "User", "id": "005000000000002AAA"},
}  # fmt: skip

OPPORTUNITY = {
    "Name": "Acme renewal", "Amount": 5000.0, "CurrencyIsoCode": "EUR", "CloseDate": "2026-02-28",
    "StageName": "Negotiation/Review", "Probability": 90.0, "IsClosed": False, "IsWon": False,
    "AccountId": "001000000000001AAA",
    "OpportunityContactRoles": [
        {"id": "003000000000002AAA", "label": None, "primary": False},
        {"id": "003000000000001AAA", "label": "Decision Maker", "primary": True},
    ],
    "Type": "Existing Customer - Replacement", "LeadSource": "Web", "NextStep": "call",
    "OwnerId": "005000000000001AAA", "Description": None, "Tieline_Id__c": None,
}  # fmt: skip

OPPORTUNITY_SHOWN = {
    "name": "Acme renewal", "amount": {"amount": "5000", "currency": "EUR"},
    "close_date": "2026-02-28", "stage": "negotiation", "probability": "90", "is_closed": False,
    "is_won": False, "account": {"object": "Account", "id": "001000000000001AAA"},
    "contacts": [
        {"ref": {"object": "Contact", "id": "003000000000001AAA"}, "role": "Decision Maker",
         "primary": True},
        {"ref": {"object": "Contact", "id": "003000000000002AAA"}, "role": None,
         "primary": False},
    ],
    "opportunity_type": "existing_business", "lead_source": "web", "next_step": "call",
    "owner": {"object": "User", "id": "005000000000001AAA"}, "description": None,
}  # fmt: skip

COMPANIES = [
    {"id": "11", "label": None, "primary": True},
    {"id": "12", "label": "Advisor", "primary": False},
]

HS_CONTACT = {
    "firstname": "Ann", "lastname": "Lee", "email": "ann@acme.com",
    "hs_additional_emails": "b@acme.com;A@acme.com", "phone": "", "mobilephone": "+491711234567",
    "jobtitle": None, "company": "Acme", "associations.companies": COMPANIES,
    "lifecyclestage": "marketingqualifiedlead", "hs_lead_status": "ATTEMPTED_TO_CONTACT",
    "address": None, "city": "San Jose", "state": "ca", "zip": None, "country": "United States",
    "hs_email_optout": None, "hubspot_owner_id": "77", "tieline_id": None,
}  # fmt: skip

HS_CONTACT_SHOWN = {
    "first_name": "Ann", "last_name": "Lee", "email": "ann@acme.com",
    "other_emails": ["a@acme.com", "b@acme.com"], "phone": None, "mobile": "+491711234567",
    "title": None, "company_name": "Acme",
    "account_roles": [
        {"ref": {"object": "companies", "id": "11"}, "role": None, "primary": False},
        {"ref": {"object": "companies", "id": "12"}, "role": "Advisor", "primary": False},
    ],
    "account": {"object": "companies", "id": "11"}, "lifecycle_stage": "mql",
    "lead_status": "attempted",
    "address": {"city": "San Jose", "region": "California", "country": "US"},
    "email_opt_out": False, "owner": {"object": "owners", "id": "77"},
}  # fmt: skip

HS_COMPANY = {
    "name": "Müller GmbH", "domain": "müller.de", "website": "müller.de", "phone": "+4930123456",
    "industry": "WINE_AND_SPIRITS", "numberofemployees": "120", "annualrevenue": "1250000.50",
    "address": "Hauptstr. 1", "city": "Berlin", "state": "", "zip": "10115", "country": "Germany",
    "description": None, "type": "RESELLER", "associations.parent": [],
    "hubspot_owner_id": None, "tieline_id": None,
}  # fmt: skip

HS_COMPANY_SHOWN = {
    **ACCOUNT_SHOWN, "account_type": "partner", "owner": None, "parent": None,
}  # fmt: skip

HS_DEAL = {
    "dealname": "Acme renewal", "amount": "5000", "deal_currency_code": None,
    "closedate": "2026-02-28T23:30:00Z", "pipeline": "default", "dealstage": "contractsent",
    "hs_deal_stage_probability": "0.9", "hs_is_closed": "false", "hs_is_closed_won": None,
    "associations.companies": COMPANIES[:1],
    "associations.contacts": [{"id": "51", "label": "Champion", "primary": False}],
    "dealtype": "existingbusiness", "hs_next_step": "call", "hubspot_owner_id": "77",
    "description": None, "tieline_id": "e9",
}  # fmt: skip

HS_DEAL_SHOWN = {
    "name": "Acme renewal", "amount": {"amount": "5000", "currency": "EUR"},
    "close_date": "2026-03-01", "pipeline": "default", "stage": "proposal", "probability": "90",
    "is_closed": False, "is_won": False, "account": {"object": "companies", "id": "11"},
    "contacts": [{"ref": {"object": "contacts", "id": "51"}, "role": "Champion",
                  "primary": False}],
    "opportunity_type": "existing_business", "next_step": "call",
    "owner": {"object": "owners", "id": "77"}, "description": None,
}  # fmt: skip

BERLIN = {"currency": "EUR", "country": "DE", "timezone": "Europe/Berlin"}


def shows(mapping: Any, object_type: str, record: dict[str, Any]) -> dict[str, Any]:
    shown = mapping.to_canonical(object_type, record)
    assert shown.errors == {}
    return shown.values


def test_salesforce_records_read() -> None:
    berlin = shipped("salesforce", **BERLIN)
    assert shows(SALESFORCE, "Lead", LEAD) == LEAD_SHOWN
    assert shows(SALESFORCE, "Contact", CONTACT) == CONTACT_SHOWN
    assert shows(berlin, "Account", ACCOUNT) == ACCOUNT_SHOWN
    assert shows(SALESFORCE, "Opportunity", OPPORTUNITY) == OPPORTUNITY_SHOWN


def test_hubspot_records_read() -> None:
    berlin = shipped("hubspot", **BERLIN)
    assert shows(HUBSPOT, "contacts", HS_CONTACT) == HS_CONTACT_SHOWN
    assert shows(berlin, "companies", HS_COMPANY) == HS_COMPANY_SHOWN
    assert shows(berlin, "deals", HS_DEAL) == HS_DEAL_SHOWN


def test_an_account_goes_to_hubspot() -> None:
    wished = {n: v for n, v in ACCOUNT_SHOWN.items() if n != "owner"}
    written = shipped("hubspot", **BERLIN).from_canonical("companies", wished)
    assert written.errors == {}
    assert written.values == {
        "name": "Müller GmbH", "domain": "xn--mller-kva.de", "website": "https://xn--mller-kva.de",
        "phone": "+4930123456", "industry": "FOOD_BEVERAGES", "numberofemployees": "120",
        "annualrevenue": "1250000.5", "address": "Hauptstr. 1", "city": "Berlin", "state": None,
        "zip": "10115", "country": "Germany", "description": None, "type": "OTHER",
        "associations.parent": [],
    }  # fmt: skip


def test_a_company_goes_to_salesforce_in_one_currency() -> None:
    org = shipped("salesforce", **BERLIN).without_absent(
        {"Account": set(ACCOUNT) - {"CurrencyIsoCode"}}
    )
    written = org.from_canonical("Account", {**HS_COMPANY_SHOWN, "website": None})
    assert written.errors == {}
    assert written.values == {
        "Name": "Müller GmbH", "Website": "xn--mller-kva.de", "Phone": "+4930123456",
        "Industry": "Food & Beverage", "NumberOfEmployees": 120, "AnnualRevenue": 1250000.5,
        "BillingStreet": "Hauptstr. 1", "BillingCity": "Berlin", "BillingState": None,
        "BillingPostalCode": "10115", "BillingCountry": "Germany", "Description": None,
        "Type": "Channel Partner / Reseller", "ParentId": None, "OwnerId": None,
    }  # fmt: skip


def test_a_lead_goes_to_hubspot() -> None:
    names = [n for n in LEAD_SHOWN if HUBSPOT.writable("contacts", n, creating=True)]
    wished = {n: LEAD_SHOWN[n] for n in names if n != "owner"}
    written = HUBSPOT.from_canonical("contacts", wished)
    assert written.errors == {}
    assert written.values == {
        "firstname": "Zoë", "lastname": "Łukasz", "email": "zoe@acme.com",
        "phone": "+12125550123", "mobilephone": None, "jobtitle": "CTO", "company": "Acme, Inc.",
        "hs_lead_status": "IN_PROGRESS", "address": "1 Main St\nFloor 2", "city": "New York",
        "state": "New York", "zip": "10001", "country": "United States",
    }  # fmt: skip


def test_an_opportunity_goes_to_hubspot() -> None:
    hubspot = shipped("hubspot", **BERLIN)
    wished = {
        "name": "Acme renewal", "amount": {"amount": "5000", "currency": "EUR"},
        "close_date": "2026-02-28", "stage": "negotiation", "opportunity_type": "new_business",
        "account": {"object": "companies", "id": "11"},
        "contacts": [{"ref": {"object": "contacts", "id": "51"}, "role": "Decision Maker",
                      "primary": True}],
    }  # fmt: skip
    written = hubspot.from_canonical("deals", wished)
    assert written.errors == {}
    assert written.values == {
        "dealname": "Acme renewal", "amount": "5000", "deal_currency_code": "EUR",
        "closedate": "2026-02-27T23:00:00Z", "pipeline": "default", "dealstage": "contractsent",
        "associations.companies": [{"id": "11", "label": None, "primary": True}],
        "associations.contacts": [{"id": "51", "label": "Decision Maker", "primary": False}],
        "dealtype": "newbusiness",
    }  # fmt: skip
    shown = hubspot.project("deals", wished).values
    assert shown["stage"] == "proposal"
    assert shown["contacts"] == [{**wished["contacts"][0], "primary": False}]


def test_a_deal_goes_to_salesforce() -> None:
    wished = {
        "name": "Acme renewal", "close_date": "2026-03-01", "stage": "decision_makers",
        "contacts": [{"ref": {"object": "Contact", "id": "003A"}, "role": None,
                      "primary": False}],
    }  # fmt: skip
    written = SALESFORCE.from_canonical("Opportunity", wished)
    assert written.errors == {}
    assert written.values == {
        "Name": "Acme renewal", "CloseDate": "2026-03-01", "StageName": "Id. Decision Makers",
        "OpportunityContactRoles": [{"id": "003A", "label": None, "primary": False}],
    }  # fmt: skip


def test_a_phone_number_is_of_the_country_of_its_record() -> None:
    german = {"Phone": "030 123456", "BillingCountry": "Deutschland"}
    assert SALESFORCE.to_canonical("Account", german).values == {"phone": "+4930123456"}
    unknown = {"Phone": "(212) 555-0123", "BillingCountry": "Wonderland"}
    assert SALESFORCE.to_canonical("Account", unknown).values == {"phone": "+12125550123"}
    assert SALESFORCE.from_canonical("Account", {"phone": "+4930123456"}, german).values == {
        "Phone": "030 123456"
    }
    new = SALESFORCE.from_canonical("Account", {"phone": "+4930999"}, german)
    assert new.values == {"Phone": "+4930999"}


def test_what_reads_the_same_keeps_its_spelling() -> None:
    current = {"industry": "COMPUTER_GAMES", "website": "www.acme.com/", "type": "VENDOR"}
    wished = {"industry": "entertainment", "website": "https://acme.com", "account_type": "other"}
    written = HUBSPOT.from_canonical("companies", wished, current)
    assert written.values == current


def test_another_company_becomes_the_primary_one_and_the_others_stay() -> None:
    moved = {"account": {"object": "companies", "id": "12"}}
    written = HUBSPOT.from_canonical("contacts", moved, {"associations.companies": COMPANIES})
    assert written.values["associations.companies"] == [
        {"id": "11", "label": None, "primary": False},
        {"id": "12", "label": "Advisor", "primary": True},
    ]
    new = {"account": {"object": "companies", "id": "13"}}
    written = HUBSPOT.from_canonical("contacts", new, {"associations.companies": COMPANIES})
    assert written.values["associations.companies"] == [
        {"id": "11", "label": None, "primary": False},
        {"id": "12", "label": "Advisor", "primary": False},
        {"id": "13", "label": None, "primary": True},
    ]


def test_roles_and_primary_company_written_together() -> None:
    wished = {
        "account": {"object": "companies", "id": "13"},
        "account_roles": [
            {"ref": {"object": "companies", "id": "12"}, "role": "Board", "primary": False}
        ],
    }
    written = HUBSPOT.from_canonical("contacts", wished, {"associations.companies": COMPANIES})
    assert written.values["associations.companies"] == [
        {"id": "12", "label": "Board", "primary": False},
        {"id": "13", "label": None, "primary": True},
    ]


def test_labels_that_are_no_roles_stay_when_the_people_change() -> None:
    now = {"associations.contacts": HS_DEAL["associations.contacts"]}
    wished = {
        "contacts": [
            {"ref": {"object": "contacts", "id": i}, "role": "Evaluator", "primary": False}
            for i in ("51", "52")
        ]
    }
    given = document("hubspot")
    given["objects"]["deals"]["fields"]["contacts"]["labels"] = "ignore"
    unlabelled = compile_mapping(MappingSpec.model_validate(given))
    written = unlabelled.from_canonical("deals", wished, now)
    assert written.values["associations.contacts"] == [
        {"id": "51", "label": "Champion", "primary": False},
        {"id": "52", "label": None, "primary": False},
    ]


def test_several_companies_without_a_primary_one_are_not_guessed_at() -> None:
    items = [{**item, "primary": False} for item in COMPANIES]
    shown = HUBSPOT.to_canonical("contacts", {"associations.companies": items})
    assert "none of them is the primary" in str(shown.errors["account"])
    assert len(shown.values["account_roles"]) == 2


def test_a_stage_stays_in_the_pipeline_of_the_deal() -> None:
    now = {"pipeline": "12345", "dealstage": "678"}
    written = HUBSPOT.from_canonical("deals", {"stage": "proposal"}, now)
    assert "no stage in the pipeline '12345'" in str(written.errors["stage"])
    assert "not in the value map 'stage'" in str(HUBSPOT.to_canonical("deals", now).errors["stage"])


def test_a_partial_record_shows_only_what_is_all_there() -> None:
    shown = HUBSPOT.to_canonical("companies", {"name": "A", "city": "Rome", "country": "IT"})
    assert (shown.values, shown.errors) == ({"name": "A"}, {})
