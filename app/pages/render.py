"""Makes one self-contained page: template, style, script and data in a single file.

The page says by a content security policy that nothing may be loaded and that only its own style
and script (by their hash) may run; all text goes through the template's escaping, all data
through an escaping that no `</script>` in a name can leave.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_FOLDER = Path(__file__).parent
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def render(template: str, scripts: Sequence[str], data: Any, **values: Any) -> str:
    """The page of a template with its scripts (file names, in order). `data` is what the scripts
    find as JSON in the element `data`; `values` are for the template."""
    style = _asset("page.css")
    script = "\n".join(_asset(name) for name in scripts)
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}';"
        " base-uri 'none'; form-action 'none'"
    )
    found = _environment().get_template(template)
    return found.render(
        style=Markup(style),
        script=Markup(script),
        policy=Markup(policy),
        data=Markup(embedded(data)),
        **values,
    )


def embedded(data: Any) -> str:
    """JSON that may stand inside a script element whatever the strings in it are."""
    text = orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS).decode()
    for sign, escape in _UNSAFE.items():
        text = text.replace(sign, escape)
    return text


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["cut"] = cut
    return made


def cut(text: str, longest: int) -> str:
    """The beginning of a text that may be too long for its place."""
    plain = " ".join(str(text).split())
    return plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"


def _asset(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    raw = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(raw).decode()}"
