"""Labelling: cues vote on the stance of each actor of each sentence.

Sentences of articles enter, weak labels leave, each with the cues that fired. A pair on which no
cue votes, or on which votes are tied, stays without a label. Reviewed labels win over these always.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stance.actors import acting_mentions, detect_actors
from stance.articles import Article, split_sentences
from stance.clauses import own_clause
from stance.cues import STANCES
from stance.examples import ACTOR_TOKEN, Example
from stance.targets import Target

Votes = dict[str, str]
_ANNOTATOR = "cues"


@dataclass(frozen=True)
class LabeledPair:
    """A (sentence, actor) pair with the cues' votes.

    Parameters
    ----------
    example : Example
        The pair; its label is the majority's, and means nothing where `label` is None.
    votes : dict of str to str
        Name of each cue that fired, and what it voted for.
    label : str or None
        What the majority voted for; None where no cue fired or votes are tied.
    """

    example: Example
    votes: Votes
    label: str | None


@dataclass(frozen=True)
class CueScore:
    """What one cue is worth.

    Parameters
    ----------
    name, stance : str
        The cue, and what it votes for.
    coverage : float
        Share of the pairs on which it votes.
    overlaps : float
        Share of the pairs on which it votes together with another.
    conflicts : float
        Share of the pairs on which another votes for something else.
    correct, incorrect : int
        Votes that agree, or not, with a reviewed label.
    """

    name: str
    stance: str
    coverage: float
    overlaps: float
    conflicts: float
    correct: int
    incorrect: int

    @property
    def accuracy(self) -> float:
        """Share of right votes among those that a reviewed label can check; NaN for none."""
        checked = self.correct + self.incorrect
        return self.correct / checked if checked else math.nan


def vote(sentence: str, start: int, end: int, target: Target) -> Votes:
    """Let the target's cues vote on the stance of the actor at ``start:end``.

    Parameters
    ----------
    sentence : str
        The sentence as printed.
    start, end : int
        Offsets of the actor's mention.
    target : Target
        Its cues, and its actors, which bound the actor's clause.

    Returns
    -------
    dict of str to str
        Name of each cue that fired, and its vote, in the target's order.

    Examples
    --------
    >>> from stance.targets import load_target
    >>> vote("Berlin does not recognise the result.", 0, 6, load_target())
    {'not-recognise': 'criticizes'}
    """
    others = [
        (mention.start, mention.end)
        for mention, acts in acting_mentions(sentence, target)
        if acts and (mention.end <= start or mention.start >= end)
    ]
    left, right = own_clause(sentence, start, end, others)
    whole = f"{sentence[:start]} {ACTOR_TOKEN} {sentence[end:]}"
    clause = f"{sentence[left:start]} {ACTOR_TOKEN} {sentence[end:right]}"
    votes = {}
    for cue in target.cues:
        stance = cue.vote(whole if cue.scope == "sentence" else clause)
        if stance is not None:
            votes[cue.name] = stance
    return votes


def majority(votes: Votes) -> str | None:
    """Return what most cues voted for; None for no votes and for a tie.

    Examples
    --------
    >>> majority({"a": "supports", "b": "neutral", "c": "supports"})
    'supports'
    >>> majority({"a": "supports", "b": "neutral"}) is None
    True
    """
    ranking = Counter(votes.values()).most_common(2)
    if not ranking or (len(ranking) == 2 and ranking[0][1] == ranking[1][1]):
        return None
    return ranking[0][0]


def label_articles(articles: Iterable[Article], target: Target) -> list[LabeledPair]:
    """Find the actors of each sentence and let the cues vote on each.

    Parameters
    ----------
    articles : iterable of Article
        The articles.
    target : Target
        Its actors and cues.

    Returns
    -------
    list of LabeledPair
        One for each (sentence, actor) pair, in reading order.
    """
    pairs = []
    for article in articles:
        sentences = split_sentences(article)
        for sentence, mentions in zip(
            sentences, detect_actors([s.text for s in sentences], target), strict=True
        ):
            for mention in mentions:
                blank = Example(
                    article.id, sentence.start, sentence.end, sentence.text, mention.text,
                    mention.start, mention.end, mention.canonical or "", STANCES[1], "weak",
                    _ANNOTATOR,
                )  # fmt: skip
                pairs.append(label_pair(blank, target))
    return pairs


def label_pair(example: Example, target: Target) -> LabeledPair:
    """Let the cues vote on a pair whose actor is known.

    Parameters
    ----------
    example : Example
        The pair; its own label is not looked at.
    target : Target
        Its cues.

    Returns
    -------
    LabeledPair
    """
    votes = vote(example.sentence, example.actor_start, example.actor_end, target)
    label = majority(votes)
    weak = Example(
        example.article, example.start, example.end, example.sentence, example.actor,
        example.actor_start, example.actor_end, example.canonical, label or STANCES[1], "weak",
        _ANNOTATOR, ", ".join(votes),
    )  # fmt: skip
    return LabeledPair(weak, votes, label)


def score_cues(
    pairs: Sequence[LabeledPair], reviewed: Sequence[Example], target: Target
) -> list[CueScore]:
    """Return what each cue is worth.

    Parameters
    ----------
    pairs : sequence of LabeledPair
        The pairs on which the cues voted: coverage, overlaps and conflicts are shares of these.
    reviewed : sequence of Example
        Pairs with labels by reading, on which the cues are made to vote to see how often they
        are right.
    target : Target
        Its cues give the order.

    Returns
    -------
    list of CueScore
        One for each cue, in the target's order.
    """
    n_pairs = max(1, len(pairs))
    checks = [(example.label, label_pair(example, target).votes) for example in reviewed]
    scores = []
    for cue in target.cues:
        fired = [pair.votes for pair in pairs if cue.name in pair.votes]
        right = [votes[cue.name] == label for label, votes in checks if cue.name in votes]
        scores.append(
            CueScore(
                cue.name,
                cue.stance,
                len(fired) / n_pairs,
                sum(len(votes) > 1 for votes in fired) / n_pairs,
                sum(len(set(votes.values())) > 1 for votes in fired) / n_pairs,
                sum(right),
                len(right) - sum(right),
            )
        )
    return scores
