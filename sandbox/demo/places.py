"""Where invented companies sit: countries and cities with postal codes and telephone numbers.

Numbers come from the ranges that regulators keep free for films and books where the country has
such a range (US and Canada 555-01xx, the United Kingdom 7946 0xxx, Germany, France, Sweden,
Australia). In the patterns `#` stands for any digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class City:
    """A city with its region ("" where addresses have none), postal code and phone pattern."""

    name: str
    region: str
    postal: str
    phone: str


@dataclass(frozen=True, slots=True)
class Country:
    """A country as the two CRMs may spell it, and what its companies look like."""

    code: str
    name: str
    native: str
    locale: str
    dial: str
    trunk: str
    tlds: tuple[str, ...]
    legal: tuple[str, ...]
    mobile: str
    streets: tuple[str, ...]
    cities: tuple[City, ...]


@dataclass(frozen=True, slots=True)
class Phone:
    """One telephone number in the three forms people write."""

    national: str
    international: str
    e164: str


def _country(code: str, weight: int, names: str, call: str, tlds: str, legal: str, mobile: str,
             streets: str, cities: str) -> tuple[Country, int]:  # fmt: skip
    """A country from compact text: words parted by `|`, cities by line as name|region|zip|phone."""
    name, native, locale = names.split("|")
    dial, trunk = call.split("|")
    towns = tuple(
        City(*(part.strip() for part in line.split("|"))) for line in cities.strip().splitlines()
    )
    country = Country(
        code, name, native, locale, dial, trunk, tuple(tlds.split("|")), tuple(legal.split("|")),
        mobile, tuple(streets.split("|")), towns,
    )  # fmt: skip
    return country, weight


_AMERICAN = "# Maple Ave|# Foundry St|# Harbor Blvd|# Orchard Road|# Union Sq|# Pier Lane"
_BRITISH = "# Mill Lane|# Castle Street|# Wharf Road|# Victoria Parade"
_GERMAN = "Lindenstraße #|Am Alten Hafen #|Gewerbering #|Kirchgasse #|Schloßallee #"

_COUNTRIES = (
    _country("US", 40, "United States|USA|en", "1|", "com|com|com|net|io", "Inc.|Inc.|LLC|Corp.",
             "", _AMERICAN, """
        San Francisco|California|941##|(415) 555-01##
        New York|New York|100##|(212) 555-01##
        Austin|Texas|787##|(512) 555-01##
        Chicago|Illinois|606##|(312) 555-01##
        Seattle|Washington|981##|(206) 555-01##
        Boston|Massachusetts|021##|(617) 555-01##
        Denver|Colorado|802##|(303) 555-01##
        Atlanta|Georgia|303##|(404) 555-01##"""),
    _country("DE", 15, "Germany|Deutschland|de", "49|0", "de|de|com", "GmbH|GmbH|AG|GmbH & Co. KG",
             "0171 39200##", _GERMAN, """
        Berlin||101##|030 23125###
        München||803##|089 99998###
        Köln||506##|0221 4710###
        Hamburg||203##|040 66969###
        Frankfurt am Main||603##|069 90009###"""),
    _country("GB", 10, "United Kingdom|Great Britain|en", "44|0", "co.uk|co.uk|com|uk",
             "Ltd|Ltd|PLC|LLP", "07700 900###", _BRITISH, """
        London||EC1A #BB|020 7946 0###
        Manchester||M1 #AE|0161 496 0###
        Leeds||LS1 #AB|0113 496 0###
        Edinburgh||EH1 #QR|0131 496 0###"""),
    _country("FR", 6, "France|France|fr", "33|0", "fr|com", "SAS|SARL|SA", "06 39 98 ## ##",
             "# rue des Forges|# avenue Jean-Jaurès|# quai de la République", """
        Paris||750##|01 99 00 ## ##
        Lyon||690##|04 65 71 ## ##
        Rennes||350##|02 61 91 ## ##"""),
    _country("CA", 4, "Canada|Canada|en", "1|", "ca|com", "Inc.|Ltd.|Corp.", "", _AMERICAN, """
        Toronto|Ontario|M5V #K4|(416) 555-01##
        Vancouver|British Columbia|V6B #A1|(604) 555-01##
        Montréal|Quebec|H2Y #C6|(514) 555-01##"""),
    _country("NL", 4, "Netherlands|Nederland|nl", "31|0", "nl|com", "B.V.|N.V.", "",
             "Herengracht #|Stationsweg #|Havenkade #", """
        Amsterdam||10## AB|020 555 0###
        Utrecht||35## CD|030 555 0###"""),
    _country("PL", 4, "Poland|Polska|pl", "48|", "pl|com", "Sp. z o.o.|S.A.", "",
             "ul. Młyńska #|ul. Długa #|al. Niepodległości #", """
        Warszawa||00-1##|22 555 0# ##
        Kraków||31-0##|12 555 0# ##
        Łódź||90-0##|42 555 0# ##"""),
    _country("ES", 4, "Spain|España|es", "34|", "es|com", "S.L.|S.A.", "",
             "Calle Mayor #|Avenida del Puerto #|Plaza Nueva #", """
        Madrid||280##|915 550 0##
        Barcelona||080##|935 550 0##"""),
    _country("IT", 4, "Italy|Italia|it", "39|", "it|com", "S.r.l.|S.p.A.", "",
             "Via Garibaldi #|Corso Venezia #|Piazza del Mercato #", """
        Milano|MI|201##|02 5550 0###
        Torino|TO|101##|011 555 00##"""),
    _country("SE", 3, "Sweden|Sverige|sv", "46|0", "se|com", "AB", "",
             "Storgatan #|Hamngatan #|Björkvägen #", """
        Stockholm||111 ##|08-465 004 ##
        Göteborg||411 ##|031-390 06 ##"""),
    _country("CH", 3, "Switzerland|Schweiz|de", "41|0", "ch|com", "AG|GmbH", "",
             "Bahnhofstrasse #|Seeweg #", """
        Zürich||80##|044 555 00 ##
        Bern||30##|031 555 00 ##"""),
    _country("AT", 2, "Austria|Österreich|de", "43|0", "at|com", "GmbH|AG", "",
             "Mariengasse #|Am Graben #", """
        Wien||10##|01 5550###
        Graz||80##|0316 5550##"""),
    _country("AU", 3, "Australia|Australia|en", "61|0", "com.au|com", "Pty Ltd", "0491 570 ###",
             _BRITISH, """
        Sydney|New South Wales|20##|(02) 5550 ####
        Melbourne|Victoria|30##|(03) 7010 ####"""),
    _country("IN", 3, "India|India|hi", "91|0", "in|com|co.in", "Pvt. Ltd.|Ltd.", "",
             "# MG Road|# Residency Road|# Ring Road", """
        Bengaluru|Karnataka|5600##|080 2555 00##
        Mumbai|Maharashtra|4000##|022 2555 00##"""),
    _country("BR", 2, "Brazil|Brasil|pt", "55|0", "com.br|com", "Ltda.|S.A.", "",
             "Rua das Acácias, #|Avenida São João, #", """
        São Paulo|SP|010##-000|011 3555-00##
        Florianópolis|SC|880##-000|048 3555-00##"""),
    _country("JP", 2, "Japan|日本|ja", "81|0", "co.jp|jp|com", "株式会社", "",
             "中央#丁目|港町#丁目", """
        東京|東京都|100-00##|03-5550-00##
        大阪|大阪府|530-00##|06-5550-00##"""),
    _country("CN", 2, "China|中国|zh", "86|0", "cn|com.cn|com", "有限公司|股份有限公司", "",
             "建国路#号|人民路#号", """
        北京|北京市|1000##|010 5550 00##
        上海|上海市|2000##|021 5550 00##"""),
    _country("AE", 1, "United Arab Emirates|الإمارات العربية المتحدة|ar", "971|0", "ae|com",
             "LLC|ش.ذ.م.م", "", "# Corniche Road|شارع الشيخ زايد #", """
        دبي||000##|04 555 00##
        Abu Dhabi||000##|02 555 00##"""),
)  # fmt: skip

COUNTRIES = tuple(country for country, _ in _COUNTRIES)
_WEIGHTED = tuple(country for country, weight in _COUNTRIES for _ in range(weight))
_HOME = frozenset({"US", "CA"})


def invent_country(rng: Random) -> Country:
    """A country, the likelier the more business is done there."""
    return rng.choice(_WEIGHTED)


def digits(rng: Random, pattern: str) -> str:
    """The pattern with a random digit for each `#`."""
    return "".join(str(int(rng.random() * 10)) if sign == "#" else sign for sign in pattern)


def invent_phone(rng: Random, country: Country, pattern: str) -> Phone:
    """A number of that pattern in every form."""
    national = digits(rng, pattern)
    core = national.removeprefix(country.trunk) if country.trunk else national
    if core is national and country.trunk:
        core = national.replace(f"({country.trunk}", "(", 1)
    plain = "".join(sign for sign in core if sign.isdigit())
    shown = core.replace("(", "").replace(")", "")
    return Phone(national, f"+{country.dial} {shown}", f"+{country.dial}{plain}")


def salesforce_phone(rng: Random, country: Country, phone: Phone) -> str:
    """As sales people type it: nationally at home, and seldom (a trap for readers) abroad."""
    if rng.random() < (0.8 if country.code in _HOME else 0.03):
        return phone.national
    return phone.international


def hubspot_phone(rng: Random, phone: Phone) -> str:
    """As web forms leave it: E.164 as a rule."""
    return phone.e164 if rng.random() < 0.9 else phone.international


def hubspot_country(rng: Random, country: Country) -> str:
    """The code, the English name or the country's own name."""
    chance = rng.random()
    if chance < 0.6:
        return country.code
    return country.name if chance < 0.92 else country.native


def invent_street(rng: Random, country: Country) -> str:
    """A street with a house number."""
    return rng.choice(country.streets).replace("#", str(rng.randint(1, 240)))
