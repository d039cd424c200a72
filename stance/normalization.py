"""One spelling for the quotation marks, dashes, spaces and invisible characters of real news.

Text comes in as it was printed; what leaves is meant for matching, never for showing. Letters are
left alone: no stemming, no folding of accents.
"""

from __future__ import annotations

_SINGLE = "\u2018\u2019\u201a\u201b\u2032\u02bc\u2039\u203a`\u00b4"
_DOUBLE = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u301d\u301e"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_SPACES = "\t\n\r\x0b\x0c\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    chr(code) for code in range(0x2000, 0x200B)
)
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"

# Neither white space nor part of a word, nor to be met in a text.
PLACEHOLDER = "\x01"

# One character for one character, so that offsets stay true.
_ALIGNED = {
    **{ord(c): "'" for c in _SINGLE},
    **{ord(c): '"' for c in _DOUBLE},
    **{ord(c): "-" for c in _DASHES},
    **{ord(c): " " for c in _SPACES},
    **{ord(c): PLACEHOLDER for c in _INVISIBLE},
}
_FOLDED = {**_ALIGNED, **{ord(c): None for c in _INVISIBLE}}


def normalize(text: str) -> str:
    """Return `text` with plain quotation marks, dashes and spaces and without invisible characters.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The same words; runs of white space are one space, none at the ends.

    Examples
    --------
    >>> normalize("\u201cnot\u00a0ideal\u201d \u2013 he\u00adsaid")
    '"not ideal" - hesaid'
    """
    return " ".join(text.translate(_FOLDED).split())


def align(text: str) -> str:
    """Return `text` normalized character by character, so that an offset means the same in both.

    An invisible character becomes U+0001, which is neither white space nor part of a word.

    Examples
    --------
    >>> align("Putin\u2019s\u00a0aide")
    "Putin's aide"
    """
    return text.translate(_ALIGNED)
