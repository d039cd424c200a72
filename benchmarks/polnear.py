"""Print how well the sources of attributions are found in PolNeAR, news of another subject.

The same features and the same regression as `stance.detection` are fitted on PolNeAR's train part,
whose sources are marked, with an empty alias table; settings are those of the product. Relative
pronouns and a few others, which PolNeAR marks and the product does not, are added as mentions. The
second row is the detector of the corpus as it is, which marks everybody who acts, not sources only.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from public_data import find_data
from stance.actors import mark_quotations
from stance.articles import Article, split_sentences
from stance.corpus import read_corpus
from stance.detection import Detector, bind_mentions, describe_mentions, name_features
from stance.detection_training import MarkedMentions, fit_detector, train_detector
from stance.mentions import Mention, Token, find_mentions, tokenize
from stance.tables import format_plain
from stance.targets import Target, load_target

NOBODY = Target("polnear")
PRONOUNS = frozenset("who which that whose whom you one another everyone someone anyone".split())
# What belongs to a source before its name or noun: PolNeAR marks whole noun phrases.
LEAD = re.compile(
    r"(?:(?:the|a|an|his|her|its|their|our|my|some|many|several|other|most|two|three"
    r"|[A-Z][\w.'-]*|\w+(?:ing|ed|al|an|ic|ive|ous)) )+$"
)


@dataclass(frozen=True)
class Sentence:
    """A sentence with its sources, as offsets into it; a source may have several parts."""

    article: str
    text: str
    tokens: list[Token]
    quoted: list[bool]
    mentions: list[Mention]
    sources: list[tuple[tuple[int, int], ...]]


def read_part(folder: Path) -> Iterator[Sentence]:
    """Yield the sentences of a part, each article once, with its first annotator's sources."""
    seen: set[str] = set()
    for path in sorted((folder / "attributions").glob("*.ann")):
        stem = path.stem.rsplit("_", 1)[0]
        if stem in seen:
            continue
        seen.add(stem)
        text = (folder / "text" / f"{stem}.txt").read_text(encoding="utf-8")
        sources = read_sources(path.read_text(encoding="utf-8"))
        opened = False
        for sentence in split_sentences(Article(id=stem, text=text)):
            start, end = sentence.start, sentence.end
            tokens = tokenize(sentence.text)
            quoted, opened = mark_quotations(tokens, opened=opened)
            here = [
                tuple((a - start, b - start) for a, b in parts)
                for parts in sources
                if start <= parts[0][0] < end
            ]
            mentions = add_pronouns(find_mentions(sentence.text, NOBODY, tokens), tokens)
            yield Sentence(stem, sentence.text, tokens, quoted, mentions, here)


def read_sources(annotation: str) -> list[tuple[tuple[int, int], ...]]:
    """Return the parts of each source of an attribution in a brat file, each source once."""
    spans: dict[str, tuple[tuple[int, int], ...]] = {}
    tied: set[str] = set()
    for line in annotation.splitlines():
        fields = line.split("\t")
        if len(fields) < 2:
            continue
        if line[0] == "T":
            _, _, places = fields[1].partition(" ")
            parts = [tuple(map(int, place.split())) for place in places.split(";")]
            spans[fields[0]] = tuple((part[0], part[1]) for part in parts)
        elif line[0] == "E" and fields[1].startswith("Attribution"):
            roles = [role.split(":") for role in fields[1].split()]
            tied |= {span for role, span in roles if role.startswith("Source")}
    return sorted({spans[span] for span in tied if span in spans})


def add_pronouns(mentions: list[Mention], tokens: list[Token]) -> list[Mention]:
    """Return the mentions with those pronouns that PolNeAR knows as sources besides."""
    taken = {i for mention in mentions for i in range(mention.start, mention.end)}
    more = [
        Mention(token.start, token.end, token.text, "relative", None, True)
        for token in tokens
        if token.folded in PRONOUNS and token.start not in taken
    ]
    return sorted([*mentions, *more], key=lambda mention: mention.start)


def pair(sentence: Sentence) -> dict[int, int]:
    """Return which mention stands for which source: the first that overlaps it."""
    pairs: dict[int, int] = {}
    for number, parts in enumerate(sentence.sources):
        for i, mention in enumerate(sentence.mentions):
            if i not in pairs and any(a < mention.end and mention.start < b for a, b in parts):
                pairs[i] = number
                break
    return pairs


def mark(sentences: list[Sentence]) -> MarkedMentions:
    """Return the mentions of marked sentences, ready for training."""
    features, takes_part, articles, n_missed = [], [], [], 0
    for sentence in sentences:
        pairs = pair(sentence)
        described = describe_mentions(sentence.tokens, sentence.mentions, sentence.quoted)
        features += [name_features(values) for values in described]
        takes_part += [i in pairs for i in range(len(sentence.mentions))]
        articles += [sentence.article] * len(sentence.mentions)
        n_missed += len(sentence.sources) - len(pairs)
    bonds = [bind_mentions(sentence.tokens, sentence.mentions) for sentence in sentences]
    return MarkedMentions(features, np.array(takes_part), np.array(articles), n_missed, bonds)


def noun_phrase(sentence: Sentence, mention: Mention) -> tuple[int, int]:
    """Return a mention with the article, the title and the adjectives before it."""
    if mention.pronoun:
        return mention.start, mention.end
    lead = LEAD.search(sentence.text, max(0, mention.start - 80), mention.start)
    return (lead.start() if lead else mention.start), mention.end


def score(detector: Detector, sentences: list[Sentence]) -> dict[str, list[float]]:
    """Return precision, recall and F1 by overlap, exactly, and for sources that are no pronoun."""
    counts = {name: [0, 0, 0] for name in ("overlap", "exact", "no pronouns", "pronouns")}
    for sentence in sentences:
        chances = detector.probabilities(sentence.tokens, sentence.mentions, sentence.quoted)
        found = [i for i, chance in enumerate(chances) if chance >= detector.threshold]
        pairs = pair(sentence)
        words = [sentence.text[parts[0][0] : parts[0][1]].lower() for parts in sentence.sources]
        pronouns = {mention.text.lower() for mention in sentence.mentions if mention.pronoun}
        right = [i for i in found if i in pairs]
        exact = [
            i
            for i in right
            if noun_phrase(sentence, sentence.mentions[i]) == sentence.sources[pairs[i]][0]
            and len(sentence.sources[pairs[i]]) == 1
        ]
        is_pronoun = [word in pronouns for word in words]
        for name, hits, given, wanted in (
            ("overlap", len(right), len(found), len(words)),
            ("exact", len(exact), len(found), len(words)),
            (
                "no pronouns",
                sum(not is_pronoun[pairs[i]] for i in right),
                sum(not sentence.mentions[i].pronoun for i in found),
                is_pronoun.count(False),
            ),
            (
                "pronouns",
                sum(is_pronoun[pairs[i]] for i in right),
                sum(sentence.mentions[i].pronoun for i in found),
                is_pronoun.count(True),
            ),
        ):
            counts[name] = [a + b for a, b in zip(counts[name], (hits, given, wanted), strict=True)]
    return {
        name: [hits / given, hits / wanted, 2 * hits / (given + wanted)]
        for name, (hits, given, wanted) in counts.items()
    }


def main() -> None:
    """Fit on train, score on dev."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="the benchmarks' folder (STANCE_BENCH_DATA)")
    parser.add_argument("--corpus", type=Path, default=Path("data"))
    args = parser.parse_args()
    folder = find_data(args.data, "polnear", "PolNeAR")
    dev = list(read_part(folder / "dev"))
    fitted = fit_detector(mark(list(read_part(folder / "train"))))
    corpus = read_corpus(args.corpus / "raw", args.corpus / "labels")
    shipped = train_detector(corpus.examples, load_target())
    if fitted is None or shipped is None:
        raise SystemExit("too few marked mentions to train on.")
    total = sum(len(sentence.sources) for sentence in dev)
    reachable = sum(len(pair(sentence)) for sentence in dev)
    print(f"{total} sources in PolNeAR dev, {reachable / total:.1%} of them among the mentions")
    table = []
    results = {
        "fitted on PolNeAR train": score(fitted, dev),
        "fitted on our corpus": score(shipped, dev),
    }
    for name, result in results.items():
        for kind, values in result.items():
            table.append([name, kind, *(f"{value:.3f}" for value in values)])
    print(
        "\n".join(
            format_plain(["detector", "counted", "precision", "recall", "F1"], table, [2, 3, 4])
        )
    )
    value = round(results["fitted on PolNeAR train"]["overlap"][2], 4)
    summary = {"benchmark": "polnear-dev", "metric": "source_overlap_f1", "value": value}
    peers = {"Citron on PARC3, another corpus (published)": 0.853}
    print(json.dumps({**summary, "peers": peers}))


if __name__ == "__main__":
    main()
