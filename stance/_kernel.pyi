from typing_extensions import Buffer

def index_terms(terms: Buffer, ends: Buffer, slots: Buffer, /) -> None: ...
def add_scores(
    data: Buffer,
    ends: Buffer,
    classes: Buffer,
    terms: Buffer,
    term_ends: Buffer,
    slots: Buffer,
    weights: Buffer,
    is_word: bool,
    low: int,
    high: int,
    weight: float,
    scores: Buffer,
    /,
) -> None: ...
def find_acting(
    data: Buffer,
    ends: Buffer,
    characters: Buffer,
    terms: Buffer,
    term_ends: Buffer,
    slots: Buffer,
    words: Buffer,
    most_words: int,
    rows: Buffer,
    counts: Buffer,
    /,
) -> None: ...
