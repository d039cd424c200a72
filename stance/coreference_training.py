"""Training the namer: rows that name every actor become the model of whom words mean."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from scipy import sparse

from stance.actors import find_speaker, mark_quotations
from stance.coreference import Discourse, Namer
from stance.detection_training import group_by_sentence, match_mentions
from stance.examples import Example
from stance.mentions import Mention, Token, find_mentions, tokenize
from stance.regression import SoftmaxRegression
from stance.targets import Target, fold_letters

STRENGTH = 0.3
MIN_COUNT = 3
# Below so many pronouns and descriptions the rules are the better judge.
MIN_MENTIONS = 200
# A description that meant the same actor at least so often, and in such a share, is remembered.
_USUAL_COUNT = 2
_USUAL_SHARE = 0.1

_Usual = dict[str, dict[str, float]]


def train_namer(
    examples: Iterable[Example],
    target: Target,
    dates: Mapping[str, str] | None = None,
    seed: int = 0,
    min_mentions: int = MIN_MENTIONS,
) -> Namer | None:
    """Train the model of whom pronouns and descriptions mean.

    Parameters
    ----------
    examples : iterable of Example
        Read rows of articles; in each sentence every actor is marked and named.
    target : Target
        Finds the mentions.
    dates : mapping of str to str, optional
        The day of each article, for the offices held.
    seed : int, default=0
        Seed of the solver.
    min_mentions : int, default=200
        How many pronouns and descriptions of somebody named it takes at least.

    Returns
    -------
    Namer or None
        None where there are fewer than that: the rules judge better then.
    """
    articles = group_by_sentence(examples)
    meanings = {article: _count_meanings(rows, target) for article, rows in articles.items()}
    total = _add_up(meanings.values())
    everywhere = _shares(total)
    pairs: list[list[str]] = []
    right: list[bool] = []
    n_mentions = 0
    for article, sentences in articles.items():
        # What an article's own descriptions meant must not be known while it is read.
        usual = _shares_elsewhere(everywhere, total, meanings[article])
        day = target.on((dates or {}).get(article))
        for described, answers in _read_marked(sentences, day, Namer({}, usual)):
            pairs += described
            right += answers
            n_mentions += 1
    if n_mentions < max(1, min_mentions) or len(set(right)) < 2:
        return None
    weights = _fit(pairs, right, seed)
    return Namer(weights, everywhere)


def _count_meanings(
    sentences: Sequence[Sequence[Example]], target: Target
) -> dict[str, Counter[str]]:
    """Count whom the descriptions of one article mean, by whole description and by head."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for rows in sentences:
        tokens = tokenize(rows[0].sentence)
        matched, _ = match_mentions(find_mentions(rows[0].sentence, target, tokens), rows)
        for mention, row in matched.items():
            if mention.canonical is None and not mention.pronoun:
                text = fold_letters(mention.text)
                for key in {text, text.split()[-1]}:
                    counts[key][row.canonical] += 1
    return counts


def _add_up(counts: Iterable[Mapping[str, Counter[str]]]) -> dict[str, Counter[str]]:
    """Return the sum of counts."""
    total: dict[str, Counter[str]] = defaultdict(Counter)
    for part in counts:
        for key, counter in part.items():
            total[key].update(counter)
    return total


def _shares(total: Mapping[str, Counter[str]]) -> _Usual:
    """Return whom each description usually means."""
    shares = {key: _share(total[key]) for key in sorted(total)}
    return {key: usual for key, usual in shares.items() if usual}


def _shares_elsewhere(
    everywhere: _Usual, total: Mapping[str, Counter[str]], own: Mapping[str, Counter[str]]
) -> _Usual:
    """Return whom each description usually means, leaving the counts of one article out."""
    shares = dict(everywhere)
    for key, counts in own.items():
        shares[key] = _share({name: n - counts[name] for name, n in total[key].items()})
    return shares


def _share(counts: Mapping[str, int]) -> dict[str, float]:
    """Return who is meant often enough to be remembered, with the share of each."""
    n_all = sum(counts.values())
    return {
        name: round(n / n_all, 4)
        for name, n in sorted(counts.items())
        if n >= _USUAL_COUNT and n / n_all >= _USUAL_SHARE
    }


def _read_marked(
    sentences: Sequence[Sequence[Example]], target: Target, namer: Namer
) -> Iterator[tuple[list[list[str]], list[bool]]]:
    """Read an article whose actors are known; yield the candidates of each mention to be named."""
    discourse = Discourse(target)
    for rows in sentences:
        sentence = rows[0].sentence
        tokens = tokenize(sentence)
        index = {token.start: i for i, token in enumerate(tokens)}
        quoted, discourse.in_quotation = mark_quotations(tokens, opened=discourse.in_quotation)
        mentions = find_mentions(sentence, target, tokens)
        matched, _ = match_mentions(mentions, rows)
        speaker = find_speaker(list(matched), tokens, quoted)
        if speaker is not None:
            discourse.speaker = matched[speaker].canonical
        here: dict[str, None] = {}
        for mention in mentions:
            row = matched.get(mention)
            place = index[mention.start]
            if row is not None and mention.canonical is None:
                names = discourse.candidates(mention, namer)
                answers = [name == row.canonical for name in names]
                if any(answers) and mention.kind != "pair":
                    described = discourse.describe(
                        mention, tokens, place, names, namer, inside=quoted[place], here=here
                    )
                    yield list(described), answers
            _meet(discourse, mention, row, tokens, place, here)
        discourse.end_sentence(
            [m._replace(canonical=matched[m].canonical) for m in mentions if m in matched]
        )


def _meet(
    discourse: Discourse,
    mention: Mention,
    row: Example | None,
    tokens: Sequence[Token],
    place: int,
    here: dict[str, None],
) -> None:
    """Remember somebody of a marked sentence."""
    if row is not None:
        discourse.meet(mention, row.canonical, tokens, place, acts=True, leads=not here)
        here.pop(row.canonical, None)
        here[row.canonical] = None
    elif not mention.pronoun and mention.kind != "role":
        name = mention.canonical or discourse.own_name(mention)
        discourse.meet(mention, name, tokens, place, acts=False, leads=False)


def _fit(pairs: list[list[str]], right: list[bool], seed: int) -> dict[str, float]:
    """Fit the regression over pairs of a mention and a candidate."""
    from threadpoolctl import threadpool_limits

    counts = Counter(name for row in pairs for name in row)
    names = sorted(name for name, count in counts.items() if count >= MIN_COUNT)
    column = {name: i for i, name in enumerate(names)}
    indices: list[int] = []
    bounds = [0]
    for row in pairs:
        indices += sorted({column[name] for name in row if name in column})
        bounds.append(len(indices))
    matrix = sparse.csr_matrix(
        (np.ones(len(indices)), indices, bounds), shape=(len(pairs), len(names))
    )
    classifier = SoftmaxRegression(C=STRENGTH, tol=1e-4, max_iter=200, random_state=seed)
    with threadpool_limits(1):
        classifier.fit(matrix, right)
    return dict(zip(names, classifier.coef_[0].tolist(), strict=True))
