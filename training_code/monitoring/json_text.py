"""JSON that names half a character.

JSON can write half of a surrogate pair ("\\ud800"), and an endpoint answers such a request like any other. No UTF-8
file can hold one: in its place stands what Unicode has for what cannot be shown, U+FFFD.
"""

import re

REPLACEMENT = rb"\ufffd"

# The pair of a whole character, then a half one, then any other escape: so a backslash that is one itself stays.
_ESCAPES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)


def names_surrogates(text: bytes) -> bool:
    """Also of whole pairs; an emoji is one."""
    return rb"\ud" in text or rb"\uD" in text


def with_whole_characters(text: bytes) -> bytes:
    """text: in an encoding that has ASCII's bytes for ASCII's letters."""
    if not names_surrogates(text):
        return text
    return _ESCAPES.sub(lambda escape: REPLACEMENT if escape["half"] else escape[0], text)
