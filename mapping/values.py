"""One normal form per kind of scalar, so that two spellings of one value are equal.

Every function takes a value that is not blank (see `blank`), returns its canonical form, and
raises ValueError with a reason where the value cannot be represented. Every function is
idempotent: a canonical value is its own normal form.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
import pycountry

EMAIL = re.compile(r"[^\s@<>(),;]+@[^\s@<>(),;]+\.[^\s@<>(),;.]+")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MILLIS = re.compile(r"-?\d{1,16}", re.ASCII)
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
PHONE = re.compile(
    r"[+＋]?[\d\s().\-–/·]{3,40}((;ext=|,|ext\.?|extension|x|#|durchwahl)[\s.:]*\d{1,11})?",
    re.IGNORECASE,
)
MAX_EXPONENT = 40
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def blank(raw: object) -> bool:
    """Whether a side shows nothing: null, an empty list or object, only white space."""
    return raw is None or raw in ([], {}) or (isinstance(raw, str) and not raw.strip())


def text(raw: object) -> str:
    """Trimmed and in Unicode's composed form (NFC); inner white space is the person's own."""
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        raise ValueError("is not a text")  # noqa: TRY004 - a value, not a programming error
    value = unicodedata.normalize("NFC", str(raw).strip())
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a character (a lone surrogate)") from None
    return value


def long_text(raw: object) -> str:
    """As `text`, with line ends as line feeds."""
    return text(text(raw).replace("\r\n", "\n").replace("\r", "\n"))


def email(raw: object) -> str:
    """Trimmed, lower case. Only the outline is checked: vendors check the rest, and a real
    address may sit under a reserved domain (Salesforce appends `.invalid` in its sandboxes)."""
    value = unicodedata.normalize("NFC", text(raw).lower())
    if not EMAIL.fullmatch(value):
        raise ValueError("is not an e-mail address")
    return value


@lru_cache(maxsize=65536)
def phone(raw: str, country: str | None = None) -> str:
    """E.164, with ` ext. N` where there is an extension.

    `country` is the ISO country of numbers written without one; such a number must be a valid
    one there, or the country was a wrong guess. A text that is not plainly one number ("ask for
    Bob", two numbers, too few digits) is kept, trimmed: it is representable on every side, so it
    neither becomes null nor an error.
    """
    value = text(raw)
    if not PHONE.fullmatch(value):
        return value
    found = _e164(value, country)
    return found if found and _e164(found, country) == found else value


def _e164(value: str, country: str | None) -> str | None:
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        return None
    abroad = value.startswith(("+", "＋"))
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    if not abroad and not phonenumbers.is_valid_number(number):
        return None
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain} ext. {number.extension}" if number.extension else str(plain)


def number(raw: object) -> str:
    """A decimal without exponent, superfluous zeros or sign of zero: "20", "0.5", "-3"."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str | Decimal):
        raise ValueError("is not a number")  # noqa: TRY004 - a value, not a programming error
    written = str(raw).strip()
    if not NUMBER.fullmatch(written):
        raise ValueError("is not a number")
    return plain_decimal(_decimal(written))


def _decimal(written: str) -> Decimal:
    try:
        value = Decimal(written)
    except InvalidOperation:
        raise ValueError("is not a number") from None
    if value and abs(value.adjusted()) > MAX_EXPONENT:
        raise ValueError("is out of range")
    return value


def plain_decimal(value: Decimal) -> str:
    """The canonical form of a Decimal, exact."""
    written = format(value, "f")
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    sign, digits = ("-", written[1:]) if written.startswith("-") else ("", written.lstrip("+"))
    digits = digits.lstrip("0") or "0"
    digits = "0" + digits if digits.startswith(".") else digits
    return digits if digits == "0" else sign + digits


def integer(raw: object) -> int:
    """A whole number; 12.0 and "12.0" are whole."""
    value = number(raw)
    if "." in value:
        raise ValueError("is not a whole number")
    return int(value)


def boolean(raw: object) -> bool:
    """true or false, or the words (HubSpot's booleans are strings)."""
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    if word not in ("true", "false"):
        raise ValueError("is neither true nor false")
    return word == "true"


def day(raw: object, zone: tzinfo = UTC) -> str:
    """`YYYY-MM-DD`, from a date, a moment (its day in `zone`) or midnight UTC, which vendors
    write for a date without time, in ISO form or as epoch milliseconds."""
    written = str(raw).strip()
    if DAY.fullmatch(written):
        return date.fromisoformat(written).isoformat()
    moment = _moment(raw)
    if moment.timetz() == time(0, tzinfo=UTC):
        return moment.date().isoformat()
    return _local(moment, zone).date().isoformat()


def local_day(raw: object, zone: tzinfo) -> str:
    """`YYYY-MM-DD` of a moment in `zone`, for fields whose clock time counts."""
    written = str(raw).strip()
    if DAY.fullmatch(written):
        return date.fromisoformat(written).isoformat()
    return _local(_moment(raw), zone).date().isoformat()


def start_of_day(value: str, zone: tzinfo) -> str:
    """The moment a canonical date begins in `zone`, as a canonical datetime."""
    return instant(datetime.combine(date.fromisoformat(value), time(0), tzinfo=zone).isoformat())


def instant(raw: object) -> str:
    """ISO datetime in UTC with Z, from any ISO form with a zone or from epoch milliseconds."""
    moment = _moment(raw)
    spec = "milliseconds" if moment.microsecond % 1000 == 0 else "microseconds"
    written = moment.isoformat(timespec=spec if moment.microsecond else "seconds")
    return written.replace("+00:00", "Z")


def _moment(raw: object) -> datetime:
    written = str(raw).strip()
    if isinstance(raw, bool) or not written:
        raise ValueError("is not a date or time")
    try:
        if MILLIS.fullmatch(written):
            return EPOCH + timedelta(milliseconds=int(written))
        moment = datetime.fromisoformat(written)
    except (ValueError, OverflowError):
        raise ValueError("is not a date or time") from None
    if moment.tzinfo is None and DAY.fullmatch(written) is None:
        raise ValueError("is a time without a zone")
    return _local(moment if moment.tzinfo else moment.replace(tzinfo=UTC), UTC)


def _local(moment: datetime, zone: tzinfo) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError:
        raise ValueError("is out of range") from None


def time_zone(name: str) -> tzinfo:
    """An IANA time zone. Raises ValueError where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}") from None


@lru_cache(maxsize=512)
def currency(raw: str) -> str:
    """An ISO 4217 code, upper case."""
    code = text(raw).upper()
    if pycountry.currencies.get(alpha_3=code) is None:
        raise ValueError("is not an ISO currency")
    return code
