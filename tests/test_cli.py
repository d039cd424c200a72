from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stance.cli.commands import app
from stance.reading import load

PROJECT = Path(__file__).parent.parent
COMMANDS = [
    "label", "train", "evaluate", "card", "predict", "explain", "import", "export", "init",
    "agreement", "report",
]  # fmt: skip
run_command = CliRunner().invoke


def run(*arguments, code=0, **options):
    result = run_command(app, [str(a) for a in arguments], **options)
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


def failed(*arguments, **options):
    """Return the one line that a failing command prints."""
    result = run(*arguments, code=1, **options)
    lines = result.stderr.strip().split("\n")
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert "Traceback" not in result.output
    return lines[0]


@pytest.fixture
def corpus(corpus_folder):
    return ["--raw", corpus_folder / "raw", "--labels", corpus_folder / "labels"]


@pytest.fixture
def toy(corpus_folder):
    return ["--target", corpus_folder / "toy.toml"]


@pytest.mark.parametrize("command", [[], *[[c] for c in COMMANDS]])
def test_help_has_an_example(command):
    assert "Example" in run(*command, "--help").stdout


def test_version():
    from stance import __version__

    assert run("--version").stdout == f"stance {__version__}\n"


def test_help_is_quick():
    """Compared with a bare import of typer in the same minute: these machines are noisy."""
    commands = {"help": ["-m", "stance", "--help"], "typer": ["-c", "import typer, rich.table"]}
    best = {}
    for name, arguments in commands.items():
        times = []
        for _ in range(5):
            start = time.perf_counter()
            subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
            times.append(time.perf_counter() - start)
        best[name] = min(times)
    assert best["help"] < 4 * best["typer"] + 0.1


def test_train_prints_each_actor_and_writes_the_model(corpus, toy, tmp_path):
    out = tmp_path / "m"
    result = run("train", *corpus, *toy, "--out", out, "--c", "2", "--jobs", "1")
    for text in ("Ann Lee", "European Union", "actor_prior baseline", "unseen actors", "neutral"):
        assert text in result.stdout
    assert (out / "model.stance").exists()
    evaluation = json.loads((out / "evaluation.json").read_text())
    assert set(evaluation) == {"held_out", "unseen_actors", "detection"}
    card = (out / "README.md").read_text()
    assert "\nlibrary_name: sklearn\n" in card.split("---\n")[1]
    for part in ("## Uses", "### Factors", "| Ann Lee |", "seconds on CPU"):
        assert part in card
    assert json.loads((out / "metadata.json").read_text())["seconds"] > 0
    assert run("card", "--model", out).stdout == card
    run("card", "--model", out, "--license", "mit", "--out", tmp_path / "card.md")
    licensed = (tmp_path / "card.md").read_text()
    assert licensed.replace("mit\n", "unknown\n") == card
    page = tmp_path / "page.html"
    shown = run("evaluate", "--model", out, "--html", page)
    # What was saved is what was printed when the model was trained.
    assert shown.stdout == result.stdout.replace(f"model -> {out}\n", "")
    assert "Surest and wrong" in page.read_text()
    assert json.loads(run("evaluate", "--model", out, "--json").stdout) == evaluation
    hub = tmp_path / "hub"
    assert f"-> {hub}" in run("export", "--format", "hf-model", hub, "--model", out).stdout
    assert (hub / "model.stance").read_bytes() == (out / "model.stance").read_bytes()


def test_evaluate_json(corpus, toy):
    result = run("evaluate", *corpus, *toy, "--c", "2", "--jobs", "1", "--json")
    assert json.loads(result.stdout)["held_out"]["model"]["accuracy"] > 0.9


def test_evaluate_writes_a_page_with_the_learning_curve(corpus, toy, tmp_path):
    page = tmp_path / "evaluation.html"
    options = ["--c", "2", "--jobs", "1", "--learning-curve", "--json"]
    result = run("evaluate", *corpus, *toy, *options, "--html", page)
    curve = json.loads(result.stdout)["held_out"]["learning_curve"]
    assert curve[-1]["share"] == 1
    text = page.read_text()
    assert "What more labels would bring" in text
    assert f"{curve[-1]['accuracy']:.3f}" in text
    assert f"wrote {page}" in result.stderr


def write_table(path, rows):
    import csv

    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerows([["Quote", "Who", "Side"], *rows])
    return path


def toy_rows(label_of, days=6):
    from conftest import ACTORS, CLAIMS

    return [
        [f"{mention} {claim} on day {day}.", mention, label_of[label]]
        for day in range(days)
        for mention, _ in ACTORS
        for claim, label in CLAIMS
    ]


@pytest.fixture
def table(tmp_path):
    numbers = {"supports": 1, "criticizes": 0, "neutral": "n/a, or |x|"}
    rows = write_table(tmp_path / "rows.csv", toy_rows(numbers))
    return ["--data", rows, "--actor-column", "Who", "--label-column", "Side"]


LABEL_MAP = ["--label-map", "1=supports,0=criticizes,n/a, or |x|=neutral"]


def test_train_on_a_table(table, tmp_path):
    out = tmp_path / "m"
    result = run("train", *table, *LABEL_MAP, "--out", out, "--c", "2", "--jobs", "1")
    for text in ("Ann Lee", "model, held-out texts", "actor_prior baseline", "unseen actors"):
        assert text in result.stdout
    assert "actors found in bare text" not in result.stdout
    assert "rows: columns: text from 'Quote', actor from 'Who', label from 'Side'" in result.stderr
    card = (out / "README.md").read_text()
    for text in ("162 labelled rows of the table `rows`", r"'n/a, or \|x\|' = neutral (54)"):
        assert text in card
    for untrue in ("article", "phrasebook clause", "$"):
        assert untrue not in card
    assert json.loads((out / "metadata.json").read_text())["target"]["name"] == "rows"
    lines = run("predict", "Lee rejected the vote as rigged.", "--json", "--model", out).stdout
    assert json.loads(lines)["stance"] == "criticizes"
    assert "rigged" in run("explain", "Lee rejected the vote as rigged.", "--model", out).stdout
    page = tmp_path / "page.html"
    run("evaluate", "--model", out, "--html", page)
    assert "labelled rows in" in page.read_text()
    assert run("evaluate", "--model", out, "--html", "-").stdout == page.read_text()


def test_evaluate_on_a_table_with_another_to_test_on(table, tmp_path):
    numbers = {"supports": 1, "criticizes": 0, "neutral": "n/a, or |x|"}
    rows = [[f"So {row[0]}", *row[1:]] for row in toy_rows(numbers, 1)[:9]]
    test = write_table(tmp_path / "test.csv", [*rows, toy_rows(numbers)[0]])
    result = run(
        "evaluate", *table, *LABEL_MAP, "--test-data", test, "--c", "2", "--jobs", "1", "--json"
    )
    evaluation = json.loads(result.stdout)
    assert evaluation["held_out"]["model"]["support"] == 10
    assert evaluation["held_out"]["others"]["texts not trained on"]["support"] == 9
    assert "1 rows to test on have a text that was trained on" in result.stderr


def test_table_options_are_checked(table, corpus_folder, tmp_path):
    assert "--label-map '0=…,1=…,n/a, or |x|=…'" in failed("train", *table)
    assert "--weak belongs to a corpus" in failed("train", *table, "--weak")
    assert "--raw belongs to a corpus" in failed("evaluate", *table, "--raw", tmp_path)
    assert "--test-data belongs to a table" in failed("train", "--test-data", tmp_path)
    assert "must be COLUMN=VALUE" in failed("train", *table, "--where", "Who")
    two = ["--label-map", "1=supports,0=criticizes,n/a, or |x|=skip"]
    assert "no rows that are neutral" in failed("train", *table, *two, "--out", tmp_path / "m")
    assert not (tmp_path / "m").exists()
    assert "cannot read" in failed("train", "--data", tmp_path / "none.csv")


def test_predict_prints_claims_by_the_contract(model_folder):
    text = "Lee rejected the vote as rigged. It rained."
    lines = run("predict", text, "--json", "--model", model_folder).stdout.strip().split("\n")
    first, second = (json.loads(line) for line in lines)
    assert list(first) == [
        "article", "start", "end", "sentence", "actor", "canonical", "stance", "probabilities",
        "actor_start", "actor_end", "span_start", "span_end",
    ]  # fmt: skip
    assert (first["article"], first["start"], first["end"]) == (None, 0, 32)
    assert (first["actor"], first["canonical"], first["stance"]) == ("Lee", "Ann Lee", "criticizes")
    assert (second["actor"], second["canonical"]) == (None, None)


def test_predict_reads_files_and_standard_input(model_folder, tmp_path):
    (tmp_path / "a.txt").write_text("Bob Ray praised the vote as fair.", encoding="utf-8")
    from_file = run("predict", tmp_path / "a.txt", "--model", model_folder).stdout
    assert "supports" in from_file
    assert "Bob Ray" in from_file
    result = run("predict", "-", "--model", model_folder, input="Lee rejected the vote as rigged.")
    assert "criticizes" in result.stdout


def test_predict_one_actor(model_folder):
    text = "Lee rejected the vote, while Ray praised it."
    result = run("predict", text, "--actor", "Bob Ray", "--json", "--model", model_folder)
    assert [json.loads(line)["canonical"] for line in result.stdout.splitlines()] == ["Bob Ray"]
    assert "does not name 'Zed'" in failed(
        "predict", text, "--actor", "Zed", "--model", model_folder
    )


def test_label_prints_what_each_cue_is_worth(corpus_folder, toy, tmp_path):
    out = tmp_path / "weak.jsonl"
    result = run(
        "label", corpus_folder / "raw", *toy, "--labels", corpus_folder / "labels", "--out", out
    )
    assert result.stdout.split("\n")[0].split() == [
        "cue", "votes", "coverage", "overlaps", "conflicts", "correct", "incorrect", "accuracy",
    ]  # fmt: skip
    assert "on 81 reviewed pairs" in result.stdout
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert {row["source"] for row in rows} == {"weak"}
    assert {row["note"] for row in rows} >= {"rejects", "praises"}


def test_weak_labels_train_only_when_asked(corpus_folder, toy, tmp_path):
    labels = tmp_path / "labels"
    raw = corpus_folder / "raw"
    run("label", raw, *toy, "--labels", labels, "--out", labels / "weak.jsonl")
    where = ["--raw", raw, "--labels", labels, *toy, "--out", tmp_path / "m"]
    assert "bring them in with: stance import" in failed("train", *where)
    assert "no reviewed pairs to test on" in failed("train", *where, "--weak")


def test_export_and_import_come_round(corpus, corpus_folder, tmp_path):
    result = run("export", *corpus, "--format", "inline", tmp_path / "drafts")
    assert result.stdout.startswith("in: 90 rows; out: 9 files")
    again = ["--raw", tmp_path / "raw", "--labels", tmp_path / "labels"]
    run("import", tmp_path / "drafts", *again, "--annotator", "tester")
    for part in ("raw/article-0.md", "labels/reviewed.jsonl"):
        assert (tmp_path / part).read_bytes() == (corpus_folder / part).read_bytes()


def test_debug_shows_the_traceback(tmp_path):
    result = run_command(app, ["--debug", "predict", "x", "--model", str(tmp_path)])
    assert type(result.exception).__name__ == "ModelError"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "Hello there.", "--model", "{tmp}/none"], "make one with: stance train"),
        (["predict", "none.txt", "--model", "{model}"], "no file none.txt"),
        (["predict", "", "--model", "{model}"], "the text is empty"),
        (["predict", "{tmp}", "--model", "{model}"], "is a folder"),
        (["predict", "{tmp}/empty.txt", "--model", "{model}"], "empty.txt is empty"),
        (["predict", "{tmp}/binary.txt", "--model", "{model}"], "binary.txt is binary"),
        (["label", "{tmp}/nothing"], "no file or folder"),
        (["label", "{tmp}/articles", "--column", "text"], "must be FIELD=NAME"),
        (["train", "--raw", "{tmp}/hollow"], "holds no articles"),
        (["train", "--raw", "{tmp}/articles", "--labels", "{tmp}"], "no labels in"),
        (["train", "--target", "nowhere"], "no target 'nowhere'"),
        (["train", "--c", "-1"], "must be a number above 0"),
        (["evaluate", "--model", "{tmp}/none"], "no model in .*none; make one with"),
        (["evaluate", "--model", "{model}", "--c", "2"], "--c belongs to a new run"),
        (["card", "--model", "{tmp}/none"], "no model in .*none; make one with"),
        (["export", "{tmp}/o", "--format", "hf-model", "--model", "{tmp}/none"], "no model at"),
        (["export", "{tmp}/o", "--format", "hff"], "unknown format 'hff'.*Did you mean 'hf'"),
        (["import", "{tmp}/broken.txt"], "broken mark near"),
    ],
)
def test_each_error_is_one_line_and_exit_1(arguments, message, tmp_path, model_folder):
    import re

    (tmp_path / "empty.txt").write_text(" ")
    (tmp_path / "binary.txt").write_bytes(b"\x00\xff\x00")
    (tmp_path / "broken.txt").write_text("{c|Lee left.")
    (tmp_path / "hollow").mkdir()
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "a.txt").write_text("Lee left.")
    filled = [a.format(tmp=tmp_path, model=model_folder) for a in arguments]
    assert re.search(message, failed(*filled))


def test_one_class_only(corpus_folder, toy, tmp_path):
    from stance.examples import read_labels, write_labels

    rows = read_labels(corpus_folder / "labels" / "reviewed.jsonl")
    write_labels(tmp_path / "reviewed.jsonl", [r for r in rows if r.label == "supports"])
    line = failed("train", "--raw", corpus_folder / "raw", "--labels", tmp_path, *toy)
    assert "at least two classes" in line


def test_wrong_usage_is_2():
    assert run("predict", code=2).stderr
    assert run("nothing", code=2).stderr


TRAIN = [sys.executable, "-m", "stance", "train", "--jobs", "1"]


def start_training(corpus_folder, out, **options):
    where = ["--raw", corpus_folder / "raw", "--labels", corpus_folder / "labels", "--out", out]
    target = ["--target", corpus_folder / "toy.toml"]
    return subprocess.Popen(
        [*TRAIN, *map(str, where), *map(str, target)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PROJECT, **options,
    )  # fmt: skip


def snapshot(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


@pytest.mark.parametrize("wait", [0.6, 1.2, 1.8])
def test_interrupted_training_leaves_a_whole_model(corpus_folder, model_folder, tmp_path, wait):
    import shutil

    out = tmp_path / "m"
    shutil.copytree(model_folder, out)
    before = snapshot(out)
    process = start_training(corpus_folder, out)
    time.sleep(wait)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    if process.returncode == 0:  # it was quicker than the signal
        assert set(snapshot(out)) == set(before)
        return
    assert process.returncode in (130, -signal.SIGINT), stderr
    # The signal may come in the moment between the new model's last rename and the exit.
    assert snapshot(out) == before or (set(snapshot(out)) == set(before) and load(out).target)


def test_full_disk_keeps_the_old_model(corpus_folder, model_folder, tmp_path):
    """A limit on file size stands in for the full disk: a refusal in the middle of a write."""
    import resource
    import shutil

    out = tmp_path / "m"
    shutil.copytree(model_folder, out)
    before = snapshot(out)

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    process = start_training(corpus_folder, out, preexec_fn=limit, env=environment)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 1, stderr
    assert stderr.startswith("error: cannot write")
    assert stderr.count("\n") == 1
    assert snapshot(out) == before
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


def test_model_is_used_from_a_script_elsewhere(model_folder, tmp_path):
    script = (
        "import joblib\n"
        f"model = joblib.load({str(model_folder / 'model.joblib')!r})\n"
        "print(*model.predict(['Lee rejected the vote as rigged.']))\n"
    )
    (tmp_path / "use.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "use.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "criticizes\n"


def test_pipe_closed_early_is_no_error(model_folder):
    text = "Lee rejected the vote as rigged. " * 2000
    process = subprocess.Popen(
        [sys.executable, "-m", "stance", "predict", "-", "--json", "--model", str(model_folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=PROJECT,
    )  # fmt: skip
    with process:
        process.stdin.write(text.encode())
        process.stdin.close()
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 0


def test_init_writes_a_target_that_works(tmp_path, monkeypatch):
    from stance.targets import load_target

    monkeypatch.chdir(tmp_path)
    run("init", "dam-vote")
    target = load_target("dam-vote.toml")
    assert (target.name, target.actors, len(target.cues)) == ("dam-vote", (), 2)
    filled = (tmp_path / "dam-vote.toml").read_text().replace('# "', '"').replace("# [[", "[[")
    filled = filled.replace("# names", "names").replace("# holders", "holders")
    (tmp_path / "filled.toml").write_text(filled)
    assert load_target("filled.toml").canonical("German Chancellor") == "Angela Merkel"
    before = (tmp_path / "dam-vote.toml").read_bytes()
    assert "is there already" in failed("init", "dam-vote")
    assert (tmp_path / "dam-vote.toml").read_bytes() == before
    assert "must be letters" in failed("init", "a b")


def test_the_model_of_a_table_is_named_after_it(tmp_path):
    from stance.cli.models import table_name

    assert table_name(tmp_path / "dam.train.csv") == "dam"
    assert table_name(tmp_path / "folder") == "folder"
    assert table_name(tmp_path / ".hidden") == "stance"
