"""Links that lead out, loops, pipes, devices, and small files that unpack to large ones."""

from __future__ import annotations

import gzip
import io
import os
import resource
import socket
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stance import intake, records
from stance.articles import read_article, read_articles
from stance.errors import ArticleError, StanceError, TargetError
from stance.examples import read_labels
from stance.exchange.inline import export_inline
from stance.intake import list_files, read_file, unpack_gzip
from stance.labelled import read_labelled_table
from stance.records import csv_records, read_records
from stance.targets import load_target


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "raw"
    (folder / "below").mkdir(parents=True)
    (folder / "a.md").write_text("Ann Lee left.")
    (folder / "below" / "b.txt").write_text("Bob Ray stayed.")
    (tmp_path / "secret.md").write_text("A secret.")
    return folder


def ids(folder):
    return [article.id for article in read_articles(folder)]


def test_folder_that_is_a_link_is_read(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    assert ids(tmp_path / "link") == ids(folder) == ["a", "below/b"]


def test_link_within_the_folder_is_read(folder):
    (folder / "c.md").symlink_to("below/b.txt")
    assert ids(folder) == ["a", "below/b", "c"]


@pytest.mark.parametrize("target", ["../secret.md", "/etc/passwd", "../../../../../etc/hostname"])
def test_link_that_leads_out_is_refused(folder, target):
    (folder / "c.md").symlink_to(target)
    with pytest.raises(ArticleError, match="c.md is a link that leads out of .*raw; put a copy"):
        ids(folder)


def test_link_to_a_folder_that_leads_out_is_refused(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (folder / "more").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArticleError, match="more is a link that leads out"):
        ids(folder)


def test_a_chain_of_links_counts_by_its_end(folder, tmp_path):
    (tmp_path / "out.md").symlink_to(folder / "a.md")
    (folder / "c.md").symlink_to(tmp_path / "out.md")
    assert ids(folder) == ["a", "below/b", "c"]


def test_loops_of_folders_end(folder):
    (folder / "below" / "up").symlink_to("..")
    (folder / "self").symlink_to(".")
    assert ids(folder) == ["a", "below/b"]


def test_link_to_itself_and_to_nothing_are_told(folder):
    (folder / "c.md").symlink_to("c.md")
    with pytest.raises(StanceError, match="cannot read .*c.md"):
        ids(folder)
    (folder / "c.md").unlink()
    (folder / "c.md").symlink_to("nothing.md")
    with pytest.raises(StanceError, match="cannot read .*c.md: No such file"):
        ids(folder)


def test_hidden_links_and_those_of_other_endings_do_not_matter(folder):
    (folder / ".hidden.md").symlink_to("/etc/passwd")
    (folder / ".git").symlink_to("/etc")
    (folder / "README.md").symlink_to("/etc/passwd")
    (folder / "picture.png").symlink_to("/etc/passwd")
    assert ids(folder) == ["a", "below/b"]


def test_pipes_sockets_and_devices_are_refused_at_once(folder, tmp_path):
    os.mkfifo(folder / "c.md")
    with pytest.raises(ArticleError, match="c.md is a pipe, and a file is wanted"):
        ids(folder)
    (folder / "c.md").unlink()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "c.md"))
        with pytest.raises(ArticleError, match="c.md is a socket"):
            ids(folder)
    os.unlink(folder / "c.md")
    for device in ("/dev/zero", "/dev/urandom"):
        for read in (read_article, read_labels, read_records, load_target, read_file):
            link = tmp_path / "link.toml"
            link.symlink_to(device)
            with pytest.raises(StanceError, match="is a device, and a file is wanted"):
                read(link)
            link.unlink()


def test_large_files_are_refused_unread(tmp_path):
    path = tmp_path / "a.md"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(ArticleError, match="holds more than 10 MB"):
        read_article(path)
    with pytest.raises(ArticleError, match="holds more than 1,074 MB"):
        read_labels(path)
    path = path.rename(tmp_path / "t.toml")
    with pytest.raises(TargetError, match="holds more than 10 MB.*Name a TOML file"):
        load_target(path)


def test_file_without_a_size_of_its_own_is_read():
    assert read_file("/proc/self/status").startswith(b"Name:")


def test_endless_standard_input_is_refused():
    command = [sys.executable, "-m", "stance", "predict", "-"]
    with open("/dev/zero", "rb") as endless:
        done = subprocess.run(command, stdin=endless, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "error: standard input holds more than 10 MB, the most that is read at once; divide it.\n"  # noqa: E501 # fmt: skip


def bomb(size):
    """Return zeros, packed by a thousand to one, without ever holding all of them."""
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) as packed:
        for _ in range(size >> 20):
            packed.write(bytes(1 << 20))
    return stream.getvalue()


def test_gzip_bomb_is_refused_before_it_bursts(tmp_path, monkeypatch):
    data = bomb(1 << 26)
    assert len(data) < 1 << 17
    (tmp_path / "t.csv.gz").write_bytes(data)
    monkeypatch.setattr(unpack_gzip, "__defaults__", (1 << 22,))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ArticleError, match="t.csv.gz, unpacked, holds more than 4 MB"):
        read_records(tmp_path / "t.csv.gz")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 1 << 15  # KiB: half of what it holds


def test_gzip_within_gzip_is_not_unpacked_twice(tmp_path):
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(bomb(1 << 24)))
    with pytest.raises(ArticleError, match="binary, not text"):
        read_records(tmp_path / "t.csv.gz")


def write_parquet(path, columns):
    pq.write_table(pa.table(columns), path, compression="zstd")
    return path


def test_parquet_of_many_rows_is_refused_unread(tmp_path, monkeypatch):
    path = write_parquet(tmp_path / "t.parquet", {"text": pa.repeat("a", 1_000_000)})
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(records, "MOST_ROWS", 500_000)
    with pytest.raises(ArticleError, match="1,000,000 rows .* at most 500,000"):
        read_records(path)


def test_parquet_whose_rows_share_one_long_text_is_refused(tmp_path, monkeypatch):
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), ["a" * 10_000])
    path = write_parquet(tmp_path / "t.parquet", {"text": texts.dictionary_decode()})
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(records, "LARGEST_TABLE", 50_000_000)
    with pytest.raises(ArticleError, match="unpacks to 200 MB of text; at most 50 MB"):
        read_records(path)


def test_parquet_of_lists_is_read_without_them(tmp_path):
    path = write_parquet(
        tmp_path / "t.parquet",
        {"text": ["a", "b"], "label": ["pro", "con"], "tokens": [["a"], ["b", "c"]], "n": [1, 2]},
    )
    assert [row.values for row in read_records(path)] == [
        {"text": "a", "label": "pro", "n": 1},
        {"text": "b", "label": "con", "n": 2},
    ]
    assert len(read_labelled_table(path).examples) == 2


def test_tables_of_too_many_rows_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "MOST_ROWS", 100)
    with pytest.raises(ArticleError, match="more than 100 rows"):
        list(csv_records("text\n" + "a\n" * 100, "t.csv"))
    assert len(list(csv_records("text\n" + "a\n" * 99, "t.csv"))) == 99
    (tmp_path / "t.jsonl").write_text('{"text": "a"}\n' * 101)
    with pytest.raises(ArticleError, match="more than 100 rows"):
        read_records(tmp_path / "t.jsonl")


def test_spreadsheets_are_not_unpacked(tmp_path):
    import zipfile

    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", bytes(1 << 24))
    with pytest.raises(ArticleError, match="is a spreadsheet; save it as CSV"):
        read_records(path)


def test_folder_below_that_cannot_be_listed_is_told(folder, monkeypatch):
    def refuse(path):
        if str(path).endswith("below"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    scandir = os.scandir
    monkeypatch.setattr(intake.os, "scandir", refuse)
    with pytest.raises(StanceError, match="Permission denied"):
        list_files(folder, lambda parts: True)


def test_id_of_a_table_never_leads_out_of_the_folder(tmp_path, monkeypatch):
    from conftest import make_example

    from stance.articles import Article
    from stance.corpus import Corpus

    for name in ("../out", "/etc/out", "a//b", "a/../../out", "a\x00b", "..", "a\\..\\b"):
        row = make_example(article=name)
        corpus = Corpus({name: Article(name, row.sentence)}, [row], [])
        with pytest.raises(StanceError, match="has an id that is no file's name"):
            export_inline(corpus, tmp_path / "drafts")
        assert not list(tmp_path.iterdir())
