"""One spelling for the quotation marks, dashes, spaces and invisible characters of real news.

Text comes in as it was printed; what leaves is meant for matching, never for showing. Letters are
left alone: no stemming, no folding of accents.
"""

from __future__ import annotations

import re

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
    **dict.fromkeys(_SINGLE, "'"),
    **dict.fromkeys(_DOUBLE, '"'),
    **dict.fromkeys(_DASHES, "-"),
    **dict.fromkeys(_SPACES, " "),
    **dict.fromkeys(_INVISIBLE, PLACEHOLDER),
}
_FOLDED = {**_ALIGNED, **dict.fromkeys(_INVISIBLE, "")}
# Most texts hold few of them: to look for these is several times faster than `str.translate`.
_ODD = re.compile(f"[{''.join(map(re.escape, _ALIGNED))}]")


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
    return " ".join(fold_characters(text).split())


def fold_characters(text: str) -> str:
    """Return `text` normalized but for its white space, of which each character is a space.

    Examples
    --------
    >>> fold_characters("not\u00a0ideal \u2013 \u00ad")
    'not ideal - '
    """
    return text if _is_plain(text) else _ODD.sub(_fold_one, text)


def _is_plain(text: str) -> bool:
    """Tell at once of most texts that they hold no odd character."""
    return text.isascii() and text.isprintable() and "`" not in text


def _fold_one(match: re.Match[str]) -> str:
    """Return what stands for an odd character."""
    return _FOLDED[match[0]]


def _align_one(match: re.Match[str]) -> str:
    """Return the one character that stands for an odd one."""
    return _ALIGNED[match[0]]


def align(text: str) -> str:
    """Return `text` normalized character by character, so that an offset means the same in both.

    An invisible character becomes U+0001, which is neither white space nor part of a word.

    Examples
    --------
    >>> align("Putin\u2019s\u00a0aide")
    "Putin's aide"
    """
    return text if _is_plain(text) else _ODD.sub(_align_one, text)
