"""The views of a passage and the mentions of a sentence, written the plain and slow way.

`stance.features` and `stance.mentions` take short cuts; the tests hold them against this, byte for
byte. Nothing is remembered here, and each expression is tried on each text.
"""

from __future__ import annotations

import re

from stance import mentions
from stance.actors import acting_mentions
from stance.clauses import own_clause
from stance.dictionary import KEPT_WORDS
from stance.examples import ACTOR_TOKEN
from stance.features import VIEWS, Passage, _crop
from stance.mentions import Mention, Token
from stance.normalization import _ALIGNED, _FOLDED
from stance.targets import Target, fold_letters

MASK = "\ue000"
ALIGN, FOLD = str.maketrans(_ALIGNED), str.maketrans(_FOLDED)


def canonical(text: str) -> str:
    text = " ".join(text.translate(FOLD).split())

    def spell(match: re.Match[str]) -> str:
        words = re.sub(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Z])", " ", match[1])
        return f"{match[0]} {words}" if " " in words else match[0]

    text = re.sub(r"#(\w+)", spell, text).lower()
    text = text.replace("won't", "will not").replace("can't", "can not")
    text = re.sub(r"\bcannot\b", "can not", re.sub(r"(?<=\w)n't\b", " not", text))
    text = re.sub(r"\d+", lambda match: "0" * min(len(match[0]), 4), text)
    return text.replace(MASK, ACTOR_TOKEN)


def categories(text: str, target: Target) -> str:
    found = [
        target.categories.get(word) or (word if word in KEPT_WORDS else "")
        for word in re.findall(r"\w+", text)
    ]
    return " ".join(category for category in found if category)


def find_spans(passage: Passage, target: Target) -> tuple[list, list]:
    own = (passage.actor_start, passage.actor_end)
    spans, others = [own], []
    for mention, acts in acting_mentions(passage.sentence, target):
        if mention.start < own[1] and mention.end > own[0]:
            continue
        if passage.canonical and mention.canonical == passage.canonical:
            spans.append((mention.start, mention.end))
        elif acts:
            others.append((mention.start, mention.end))
    return sorted(spans), others


def mask(text: str, spans: list, start: int, end: int) -> str:
    result, position = "", start
    for begin, stop in spans:
        if begin >= position and stop <= end:
            result += text[position:begin] + MASK
            position = stop
    return canonical(result + text[position:end])


def build_views(passage: Passage, target: Target) -> dict[str, str]:
    if not passage.has_actor:
        whole = canonical(passage.sentence)
        clause = "" if target.unit == "text" else whole
        empty = dict.fromkeys(VIEWS, "")
        kinds = categories(whole, target)
        return {**empty, "sentence": whole, "clause": clause, "categories": kinds}
    passage = _crop(passage)
    text, own = passage.sentence, (passage.actor_start, passage.actor_end)
    spans, others = find_spans(passage, target)

    def words(start: int, end: int) -> list[str]:
        return re.findall(r"\w+", mask(text, spans, start, end))

    start, end = own_clause(text, *own, others)
    whole = mask(text, spans, 0, len(text))
    left, right = words(0, own[0])[-10:], words(own[1], len(text))[:10]
    near = f"{' '.join(left)} {ACTOR_TOKEN} {' '.join(right)}"
    return {
        "sentence": whole,
        "clause": mask(text, spans, start, end),
        "before": " ".join(words(start, own[0])[-8:]),
        "after": " ".join(words(own[1], end)[:8]),
        "near": near,
        "categories": categories(whole, target),
        "near_categories": categories(near, target),
    }


def tokenize(sentence: str) -> list[Token]:
    return [
        Token(
            match.start(),
            match.end(),
            sentence[match.start() : match.end()],
            fold_letters(match[0].replace("\x01", "")),
        )
        for match in mentions._TOKEN.finditer(sentence.translate(ALIGN))
    ]


def find_mentions(sentence: str, target: Target) -> list[Mention]:
    tokens = tokenize(sentence)
    aliases = mentions._alias_table(target)
    found: list[Mention] = []
    i = 0
    while i < len(tokens):
        match = mentions._match_at(tokens, i, aliases)
        i = match[1] + 1 if match else i + 1
        if match:
            first, last, kind, canonical = match
            start, end = tokens[first].start, tokens[last].end
            pronoun = canonical is None and kind not in ("name", "role")
            found.append(Mention(start, end, sentence[start:end], kind, canonical, pronoun))
    kept: list[Mention] = []
    for mention in found:
        while kept and mentions._introduces(kept[-1], mention, sentence):
            kept.pop()
        kept.append(mention)
    return kept
