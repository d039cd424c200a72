"""No reader takes more than its share of time for a longer text, however odd the text is."""

from __future__ import annotations

import gc

import pytest

import bounded

# Those that read a text by the model are slower, and the steps that they take have their own tests.
LARGE, SMALL = 20_000, 4_000
# So little time tells nothing about growth.
ENOUGH = 0.12
# Four times the text: 4 in proportion, 16 for the square. Caches and rests of others' work add.
MOST = 9.0


@pytest.fixture(scope="module", autouse=True)
def trained_model(model_folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STANCE_MODEL", str(model_folder))
        bounded.model.cache_clear()
        bounded.model()
        # What is there before is not to be walked through by each collection of what is not.
        gc.collect()
        gc.freeze()
        yield
        gc.unfreeze()
        bounded.model.cache_clear()


def growth(job, build, size):
    """Return how many times as long four times the text takes, as far as a clock can tell."""
    long = bounded.seconds(job, build(size), runs=1)
    if long < ENOUGH:
        return 1.0
    ratios = []
    for _ in range(3):
        short = bounded.seconds(job, build(size // 4))
        ratios.append(bounded.seconds(job, build(size)) / max(short, 0.01))
        if ratios[-1] < MOST:
            break
    return min(ratios)


@pytest.mark.parametrize("reader", bounded.READERS)
def test_time_grows_in_proportion(reader):
    size = SMALL if reader in bounded.BY_MODEL else LARGE
    found = {
        shape: growth(bounded.READERS[reader], build, size)
        for shape, build in bounded.SHAPES.items()
    }
    assert {shape: ratio for shape, ratio in found.items() if ratio >= MOST} == {}


def test_the_square_would_be_seen():
    def square(text):
        return sum(1 for a in text for b in text if a == b)

    assert growth(square, lambda size: "a" * size, 3_000) > MOST


def test_what_never_ends_is_stopped():
    def never(text):
        while True:
            pass

    assert bounded.seconds(never, "", limit=0.1) == float("inf")
