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
