"""Inputs named for the situation in which they have broken a CRM integration."""

from __future__ import annotations

from collections.abc import Mapping

ONE_LINE: Mapping[str, str] = {
    "emoji": "Café 🚀 Tools",
    "emoji_joined": "👩‍👩‍👧‍👦 Family Ltd",
    "right_to_left": "شركة المثال",
    "mixed_direction": "Acme שלום Ltd",
    "han": "北京示例公司",
    "outside_the_basic_plane": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "combining_accent": "Zoe\u0308 Cafe\u0301",
    "composed_accent": "Zoë Café",
    "polish": "Łukasz Żółć",
    "turkish_i": "İstanbul ılık",
    "sharp_s": "Straße & Söhne",
    "zero_width_joiner": "a\u200db",
    "no_break_space": "a\u00a0b",
    "single_quote": "O'Brien & Sons",
    "double_quote": 'The "Best" Co',
    "backslash": "back\\slash\\n not a newline",
    "soql": "x' OR Name != '",
    "sql": "Robert'); DROP TABLE students;--",
    "json": '{"a": [1, null]}',
    "html": "<script>alert(1)</script> &amp;",
    "percent": "100% sure %20 %s",
    "wildcards": "a_b*c?d",
    "plus_and_equals": "a+b=c&d=e#f",
    "slash": "and/or ../../x",
    "colon": "Re: Fwd: note",
    "formula": "=1+1",
    "braces": "{0} {{x}} @{ref.id} ${HOME}",
    "number_as_text": "007",
    "boolean_as_text": "false",
    "null_as_text": "null",
    "none_as_text": "None",
    "nan_as_text": "NaN",
    "date_as_text": "2024-02-30",
}
"""Single lines without blanks at either end (which vendors may trim); at most 40 characters."""

SEVERAL_LINES: Mapping[str, str] = {
    "newline": "first\nsecond\n\nfourth",
    "tab": "a\tb",
    "long": "0123456789" * 200,
    "long_emoji": "🚀" * 500,
}
"""Texts for a field of several lines."""

SEARCHED: tuple[str, ...] = (
    "single_quote", "double_quote", "backslash", "soql", "percent", "wildcards", "slash", "json",
    "emoji", "han", "polish", "right_to_left", "braces", "plus_and_equals",
)  # fmt: skip
"""Those of ONE_LINE that are looked for by `find`."""

UNKNOWN_IDS: Mapping[str, str] = {
    "slash": "no/such/record",
    "question_mark": "no?such=record",
    "dots": "../../contacts",
    "quote": "no'such",
    "url": "https://example.org/x",
    "blank": " ",
    "digits": "999999999999",
    "unicode": "☃",
}
"""Ids that no record has, each a danger to whoever builds addresses or queries of them."""
