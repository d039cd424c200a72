"""Write a tiny model and what it answers, so that a reader in any language can be tested.

`tiny.stance` is a whole model of a few kilobytes, trained on invented sentences about a dam that
nobody built. `vectors.json` holds texts as the model reads them, its views, with the probabilities
that a reader must find to 1e-9. Run it again after a change of the format:

    python examples/make_vectors.py
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from stance.context import Context
from stance.coreference import Namer
from stance.detection import Detector
from stance.features import Passage, build_views
from stance.files import write_whole
from stance.model import StanceClassifier
from stance.pipeline import DEFAULT_SPECS
from stance.scorer import Scorer, dump_scorer
from stance.targets import parse_target

HERE = Path(__file__).parent
TARGET = """\
name = "dam"
title = "the Elm Dam"
question = "Does the actor support or criticize the dam?"
date = 2031-05-01
[actors.women]
"Ida Moss" = ["Moss"]
[actors.men]
"Tom Reed" = ["Reed"]
[actors.bodies]
"Elm Council" = ["the council"]
[[roles]]
names = ["mayor of Elm"]
holders = [{since = 2030-01-01, actor = "Ida Moss"}, {since = 2031-04-01, actor = "Tom Reed"}]
[[cues]]
name = "praises"
stance = "supports"
pattern = "prais*"
"""
DICTIONARY = {"praised": "PRAISE", "welcomed": "PRAISE", "rejected": "REFUSE", "opposed": "REFUSE"}
ACTS = [
    ("rejected the dam", "criticizes"),
    ("opposed the new dam", "criticizes"),
    ("will not accept the dam", "criticizes"),
    ("praised the dam", "supports"),
    ("welcomed the new dam", "supports"),
    ("will pay for the dam", "supports"),
    ("visited the dam", "neutral"),
    ("spoke about the new dam", "neutral"),
    ("will meet at the dam", "neutral"),
]
WEIGHTS = {
    **{"kind=name": 1.5, "kind=women": 2.0, "kind=men": 2.0, "kind=bodies": 1.0},
    **{"right0=rejected": 1.0, "left=by": -0.5},
    **{"again.slope=": 0.9, "again.intercept=": 0.1, "again.prev,gap=- |": 0.25},
}
USUAL = {"mayor": {"Ida Moss": 0.75, "Tom Reed": 0.25}, "river guards": {"Elm Council": 1.0}}
ASKED = [
    ("Moss rejected the dam.", "Moss"),
    ("On Monday Tom Reed praised the new dam, while Moss opposed it, the council said.", "Reed"),
    ("The council didn\u2019t reject the dam and will pay 12,500 for it #ElmDam.", "council"),
    ("dam dam dam dam dam dam, said Moss, dam dam", "Moss"),
    ("\u041c\u043e\u0441\u0441 \u043e\u0442\u0432\u0435\u0440\u0433\u043b\u0430 the dam", ""),
    ("\U0001f600 Reed \U00010400\U00010428 na\u00efve \u2169 \u0e01\u0e33 _x_ dam\u0301s", "Reed"),
    ("a", ""),
    ("?", ""),
    ("", ""),
]


def build_model() -> Scorer:
    """Return the tiny model."""
    target = replace(parse_target(TARGET), dictionary=DICTIONARY)
    texts = [f"{name} {act}." for name in ("Moss", "Reed") for act, _ in ACTS]
    specs = [
        replace(spec, ngram_range=(2, 4)) if spec.analyzer == "char_wb" else spec
        for spec in DEFAULT_SPECS
    ]
    model = StanceClassifier(target, min_df=2, specs=specs)
    scorer = model.fit(texts, [label for _ in "ab" for _, label in ACTS]).to_scorer()
    scorer.detector = Detector(WEIGHTS, -1.0, 0.4)
    scorer.namer = Namer({"role usual 3": 1.0, "role bears True False": 0.5}, USUAL)
    near = np.vstack([np.eye(3), np.eye(3) / 4, np.eye(3) / 8])
    scorer.context = Context(near, np.array([0.1, 0.0, -0.1]), np.eye(3) * 0.9, np.zeros(3))
    return scorer


def build_vectors(scorer: Scorer) -> list[dict[str, object]]:
    """Return views with the probabilities of a claim alone."""
    rows = []
    for text, actor in ASKED:
        start = text.find(actor)
        passage = Passage(text, start, start + len(actor), actor)
        chances = scorer.predict_rows([passage])[0]
        rows.append({"views": build_views(passage, scorer.target), "probabilities": chances})
    return rows


def main() -> None:
    """Write both files beside this one."""
    scorer = build_model()
    write_whole(HERE / "tiny.stance", dump_scorer(scorer))
    vectors = {"classes": list(scorer.classes), "rows": build_vectors(scorer)}
    text = json.dumps(vectors, indent=1, ensure_ascii=True) + "\n"
    write_whole(HERE / "vectors.json", text)


if __name__ == "__main__":
    main()
