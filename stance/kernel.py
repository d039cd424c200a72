"""The kernel: what of the package is compiled, where there was a compiler.

Texts and vocabularies leave in the form that the compiled code reads. What it is used for, and the
same in Python, stands in `stance.acting` and `stance.batch`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_WORD = re.compile(r"\w+")
_CODE_POINTS = 0x110000


def find_kernel() -> ModuleType | None:
    """Return the compiled kernel, or None where there is none or it is not wanted."""
    if os.environ.get("STANCE_KERNEL") == "python":
        return None
    try:
        from stance import _kernel
    except ImportError:
        return None
    return _kernel


def encode_lines(texts: Sequence[str]) -> tuple[bytes, np.ndarray]:
    r"""Return texts as UTF-8, a line each, and where each line ends.

    A line feed within a text becomes a space; to the model both are white space.

    Examples
    --------
    >>> data, ends = encode_lines(["a", "b c", ""])
    >>> data, ends.tolist()
    (b'a\nb c\n\n', [1, 5, 6])
    """
    import numpy as np

    joined = "\n".join([*texts, ""])
    if joined.count("\n") > len(texts):
        joined = "\n".join([*(text.replace("\n", " ") for text in texts), ""])
    # A lone surrogate can stand in a str, and in no vocabulary.
    data = joined.encode("utf-8", "surrogatepass")
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n"))
    return data, ends.astype(np.uint64)


def index_terms(kernel: ModuleType, terms: Sequence[str]) -> tuple[bytes, np.ndarray, np.ndarray]:
    """Return a vocabulary as the kernel reads it: its terms, their ends, and a hash table.

    Raises
    ------
    ValueError
        If the terms were chosen so that too many collide.
    """
    import numpy as np

    # A term with a line feed in it is met nowhere, and neither is an empty one.
    data, ends = encode_lines(["" if "\n" in term else term for term in terms])
    slots = np.zeros(1 << (2 * len(ends)).bit_length(), dtype=np.uint64)
    kernel.index_terms(data, ends, slots)
    return data, ends, slots


@lru_cache(maxsize=1)
def character_classes() -> bytes:
    """Return for each code point 1 if it belongs to a word, 2 if it is white space, 0 otherwise.

    As the regular expressions and `str.split` of this interpreter see them.
    """
    import numpy as np

    everything = np.arange(_CODE_POINTS, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    classes = bytearray(_CODE_POINTS)
    for match in _WORD.finditer(everything):
        classes[match.start() : match.end()] = b"\1" * (match.end() - match.start())
    # What `split` leaves out between two pieces is white space.
    position = 0
    for stretch in everything.split():
        start = everything.index(stretch[0], position)
        classes[position:start] = b"\2" * (start - position)
        position = start + len(stretch)
    return bytes(classes)
