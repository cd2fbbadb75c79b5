"""Normal forms: two spellings of one value are equal, what is no value is refused."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mapping import places, values


@pytest.mark.parametrize(
    ("raw", "country", "expected"),
    [
        ("(212) 555-0123", "US", "+12125550123"),
        ("1(302)556-4395", "US", "+13025564395"),
        ("+49 30 123456", "US", "+4930123456"),
        ("030/123456", "DE", "+4930123456"),
        ("0049 30 123456", "DE", "+4930123456"),
        ("212-555-0123 x45", "US", "+12125550123 ext. 45"),
        ("212-555-0123 ext. 45", "US", "+12125550123 ext. 45"),
        ("٢١٢٥٥٥٠١٢٣", "US", "+12125550123"),
        ("call Bob 2125550123", "US", "call Bob 2125550123"),
        ("2125550123/2125550124", "US", "2125550123/2125550124"),
        ("123", "US", "123"),
        ("0370102950", "US", "0370102950"),
        ("0370102950", "AU", "+61370102950"),
        ("1-800-FLOWERS", "US", "1-800-FLOWERS"),
        ("  n/a ", "US", "n/a"),
    ],
)
def test_phone_numbers(raw: str, country: str, expected: str) -> None:
    assert values.phone(raw, country) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("acme.com", "https://acme.com"),
        ("http://www.Acme.com/", "https://acme.com"),
        ("HTTPS://ACME.COM:443", "https://acme.com"),
        ("acme.com/About?q=1#top", "https://acme.com/About?q=1#top"),
        ("acme.com:8080/x", "https://acme.com:8080/x"),
        ("www.müller.de", "https://xn--mller-kva.de"),
        ("//acme.com", "https://acme.com"),
        ("www.com", "https://www.com"),
    ],
)
def test_web_addresses(raw: str, expected: str) -> None:
    assert places.url(raw) == expected


@pytest.mark.parametrize(
    "raw",
    ["n/a", "acme", "javascript:alert(1)", "mailto:a@acme.com", "a@acme.com", "ftp://acme.com",
     "http://user:word@acme.com", "acme .com", "http://[::1", "http://acme.com:99999", "acme..com",
     "http://", "."],
)  # fmt: skip
def test_no_web_addresses(raw: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        places.url(raw)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("https://shop.acme.co.uk/a", "acme.co.uk"),
        ("ACME.com", "acme.com"),
        ("acme.github.io", "acme.github.io"),
        ("www.acme.example", "acme.example"),
        ("mail.müller.de", "xn--mller-kva.de"),
    ],
)
def test_domains(raw: str, expected: str) -> None:
    assert places.domain(raw) == expected


@pytest.mark.parametrize("raw", ["co.uk", "10.0.0.1", "localhost", "a b.com"])
def test_no_domains(raw: str) -> None:
    with pytest.raises(ValueError, match=r"is "):
        places.domain(raw)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("US", "US"), ("usa", "US"), ("U.S.A.", "US"), ("The United States", "US"),
        ("Deutschland", "DE"), ("GERMANY", "DE"), ("DEU", "DE"), ("Allemagne", "DE"),
        ("日本", "JP"), ("Österreich", "AT"), ("Côte d'Ivoire", "CI"), ("UK", "GB"),
        ("England", "GB"), ("Korea, Republic of", "KR"), ("Türkiye", "TR"), ("Turkey", "TR"),
        ("Czech Republic", "CZ"), ("Kosovo", "XK"), ("Holland", "NL"),
    ],
)  # fmt: skip
def test_countries(raw: str, expected: str) -> None:
    assert places.country(raw) == expected


def test_every_country_is_read_back_from_its_written_name() -> None:
    codes = sorted(set(places._iso_countries().values()))
    assert len(codes) >= 249
    assert [places.country(places.country_name(code)) for code in codes] == codes


def test_no_country() -> None:
    with pytest.raises(ValueError, match="not a country"):
        places.country("Wonderland")


def test_regions_are_names_where_codes_are_usual() -> None:
    assert places.region("ca", "US") == places.region("California", "US") == "California"
    assert places.region("QC", "CA") == places.region("québec", "CA")
    assert places.region("CA", "IT") == "CA"
    assert places.region("CA", None) == "CA"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (20, "20"), (20.0, "20"), ("20.00", "20"), (0.1, "0.1"), (".5", "0.5"), ("-0.0", "0"),
        ("007.50", "7.5"), ("1e3", "1000"), (1e-7, "0.0000001"), ("+3", "3"),
        ("123456789012345678901234567890.123456789", "123456789012345678901234567890.123456789"),
    ],
)  # fmt: skip
def test_numbers(raw: object, expected: str) -> None:
    assert values.number(raw) == expected


@pytest.mark.parametrize(
    "raw", ["1,000", "1_000", "NaN", float("inf"), True, "1e999", "abc", [], "١٢", "1 000", "0x10"]
)
def test_no_numbers(raw: object) -> None:
    with pytest.raises(ValueError, match=r"is "):
        values.number(raw)


def test_whole_numbers() -> None:
    assert values.integer("12.0") == values.integer(12.0) == 12
    with pytest.raises(ValueError, match="whole"):
        values.integer("12.5")


@pytest.mark.parametrize(
    ("raw", "zone", "expected"),
    [
        ("2024-02-29", "UTC", "2024-02-29"),
        ("2024-02-29T00:00:00Z", "America/New_York", "2024-02-29"),
        (1709164800000, "America/New_York", "2024-02-29"),
        ("2024-02-29T23:30:00Z", "Europe/Berlin", "2024-03-01"),
        ("2024-03-01T02:00:00+0000", "America/New_York", "2024-02-29"),
    ],
)
def test_days(raw: object, zone: str, expected: str) -> None:
    assert values.day(raw, values.time_zone(zone)) == expected


@pytest.mark.parametrize(
    "raw", ["2023-02-29", "29.02.2024", "soon", "2024-02-29T10:00:00", True, "9" * 16, {}]
)
def test_no_days(raw: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        values.day(raw)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2024-11-12T00:00:00.000+0000", "2024-11-12T00:00:00Z"),
        ("2024-11-12T01:00:00+01:00", "2024-11-12T00:00:00Z"),
        ("2024-11-12T00:00:01.427Z", "2024-11-12T00:00:01.427Z"),
        ("1731369600000", "2024-11-12T00:00:00Z"),
    ],
)
def test_moments(raw: object, expected: str) -> None:
    assert values.instant(raw) == expected


def test_text_is_trimmed_and_composed() -> None:
    assert values.text("  Zoe\u0308 ") == "Zo\u00eb"
    assert values.long_text("a\r\nb\rc ") == "a\nb\nc"
    for raw in ("\ud800", 1.5, True, {}):
        with pytest.raises(ValueError, match=r"."):
            values.text(raw)


def test_email_addresses() -> None:
    assert values.email(" Ann.Lee@Example.COM ") == "ann.lee@example.com"
    assert values.email("ann@example.com.invalid") == "ann@example.com.invalid"
    for raw in ("n/a", "ann@example", "a@b@c.com", "Ann <a@b.com>", "a b@c.com", "@b.com"):
        with pytest.raises(ValueError, match="e-mail"):
            values.email(raw)


ANY_TEXT = st.text(min_size=1).filter(lambda s: s.strip() != "")
HOSTLIKE = st.from_regex(r"(https?://)?(www\.)?[a-zA-Zäß0-9.-]{1,20}\.(com|co\.uk|example)(/\w*)?")
PHONELIKE = st.from_regex(r"[+0(]?[\d .()/-]{4,18}( x\d{1,3})?", fullmatch=True)


@pytest.mark.parametrize(
    ("normal", "raws"),
    [
        (values.text, ANY_TEXT), (values.long_text, ANY_TEXT), (values.email, st.emails()),
        (lambda raw: values.phone(raw, "US"), PHONELIKE),
        (lambda raw: values.phone(raw, "DE"), PHONELIKE),
        (places.url, HOSTLIKE), (places.domain, HOSTLIKE),
        (values.number, st.decimals(-10**30, 10**30)),
        (values.number, st.floats(allow_nan=False, allow_infinity=False)),
        (values.instant, st.datetimes(timezones=st.timezones()).map(lambda d: d.isoformat())),
        (lambda raw: places.region(raw, "US"), st.sampled_from(["ny", "New York", "Bavaria"])),
    ],
)  # fmt: skip
def test_a_normal_form_is_its_own_normal_form(normal, raws) -> None:  # type: ignore[no-untyped-def]
    @given(raws)
    def law(raw: object) -> None:
        try:
            once = normal(raw)
        except ValueError:
            return
        assert normal(once) == once

    law()


@given(st.integers(0, 99999), st.sampled_from(["IT", "MX", "AR", "US", "DE", "BR"]))
@example(1, "AR")
def test_phone_normal_form_does_not_depend_on_the_country_it_was_read_in(
    number: int, country: str
) -> None:
    once = values.phone(f"+54 9 11 2345 {number:05}", country)
    assert values.phone(once, "US") == once
