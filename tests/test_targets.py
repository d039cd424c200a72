from __future__ import annotations

import pytest

from stance.errors import TargetError
from stance.targets import list_targets, load_target, parse_target


def test_shipped_target_loads():
    assert "belarus-2020" in list_targets()
    target = load_target()
    assert target.title == "2020 Belarus election"
    assert target.canonical("Lukashenka") == "Alexander Lukashenko"
    assert target.canonical("the EU") == "European Union"
    assert target.canonical("Nausėda") == target.canonical("nauseda") == "Gitanas Nauseda"
    assert target.canonical("somebody else") is None


def test_alias_lookup_is_idempotent():
    target = load_target()
    for actor in target.actors:
        for name in actor.names:
            assert target.canonical(name) == actor.canonical
            assert target.canonical(target.canonical(name)) == actor.canonical


def test_empty_alias_table():
    target = parse_target('name = "bare"')
    assert target.canonical("Merkel") is None
    assert target.actors == target.cues == ()


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("name = ", "is not TOML"),
        ('title = "x"', "name must be a text"),
        ('name = "a b"', "must be letters, digits"),
        ('name = "t"\nquestoin = "x"', "unknown key 'questoin'.*Did you mean 'question'"),
        ('name = "t"\n[actors.persons]', "unknown key 'persons'"),
        ('name = "t"\n[actors.men]\n"A" = "B"', "must be a list"),
        ('name = "t"\n[actors.men]\n"A" = [3]', "is not a text"),
        (
            'name = "t"\n[actors.men]\n"Al Moe" = ["Moe"]\n"Bo Moe" = ["the MOE"]',
            "alias 'the MOE' is claimed by 'Al Moe' and by 'Bo Moe'",
        ),
        ('name = "t"\n[[cues]]\nname = "c"\nstance = "suport"\npattern = "x"', "'supports'"),
        ('name = "t"\n[[cues]]\nname = "c"\nstance = "supports"\npattern = "(x"', "never closed"),
        ('name = "t"\n[[cues]]\nname = "c"\nstance = "supports"', "pattern must be a text"),
        ('name = "t"\ncues = 3', "written as"),
        (
            'name = "t"\n[[cues]]\nname = "c"\nstance = "supports"\npattern = "x"\n'
            '[[cues]]\nname = "c"\nstance = "neutral"\npattern = "y"',
            "stands twice",
        ),
    ],
)
def test_wrong_target_is_refused(toml, message):
    with pytest.raises(TargetError, match=message):
        parse_target(toml)


def test_unknown_target_names_the_known_ones():
    with pytest.raises(TargetError, match="no target 'belarus-2021'.*Did you mean 'belarus-2020'"):
        load_target("belarus-2021")


def test_missing_file(tmp_path):
    with pytest.raises(TargetError, match="cannot read target"):
        load_target(tmp_path / "none.toml")


ROLES = 'name = "t"\n[actors.men]\n"Al Moe" = ["Moe"]\n[[roles]]\n'


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        (ROLES + 'names = ["mayor"]', "holders must be a list"),
        (ROLES + 'names = "mayor"\nholders = []', "must be a list of names"),
        (ROLES + 'names = ["Moe"]\nholders = []', "'Moe' also stands for Al Moe"),
        (ROLES + 'names = ["mayor", "the mayor"]\nholders = []', "also stands for another role"),
        (
            ROLES + 'names = ["mayor"]\nholders = [{since = 2020-01-01, actor = "Al Mo"}]',
            "'Al Mo' stands in no .actors. table.*Did you mean 'Al Moe'",
        ),
        (
            ROLES + 'names = ["mayor"]\nholders = [{since = "May", actor = "Al Moe"}]',
            "must be a day such as 2020-08-09, found 'May'",
        ),
        (ROLES + 'names = ["mayor"]\nholders = [{from = 3}]', "unknown key 'from'"),
        ('name = "t"\nroles = 3', "written as"),
        ('name = "t"\ndate = "soon"', "date must be a day"),
    ],
)
def test_wrong_roles_are_refused(toml, message):
    with pytest.raises(TargetError, match=message):
        parse_target(toml)


def test_shipped_roles():
    target = load_target()
    names = ["US Secretary of State", "Kremlin spokesman", "EU foreign policy chief"]
    assert [target.canonical(name) for name in names] == [
        "Mike Pompeo", "Dmitry Peskov", "Josep Borrell",
    ]  # fmt: skip
    assert target.on("2021-03-01").canonical(names[0]) == "Antony Blinken"
