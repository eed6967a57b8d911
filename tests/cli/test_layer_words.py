"""``narrows layer`` takes plain words: the label, hyphens, and a part that one layer alone has."""

from __future__ import annotations

import pytest

from narrows.catalog import default
from narrows.cli import main


@pytest.mark.parametrize(
    ("words", "id_"),
    [
        ("cooling", "liquid_cooling"),
        ("data-halls", "data_hall"),
        ("Data halls", "data_hall"),
        ("Grid connections", "grid_connection"),
        ("GRID", "grid_connection"),
        ("on-site generation", "onsite_generation"),
        ("transformers", "transformer"),
        ("rack", "rack"),
        *((layer.name, layer.id) for layer in default().layers if layer.feeds),
    ],
)
def test_words(words, id_, capsys):
    assert main(["layer", words]) == 0
    assert f"({id_})" in capsys.readouterr().out.splitlines()[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "hbm",
            (
                "The layer 'hbm' may be 'hbm_wafer', 'hbm_stack'. One layer is named by its id, its label, or a part "
                "that no other layer has. Write `narrows layer hbm_wafer`."
            ),
        ),
        (
            "nosuch",
            "The layer 'nosuch' is not known. The nearest known: 'switch'. List the layers with `narrows layer`.",
        ),
    ],
)
def test_refusals(words, said, capsys):
    assert main(["layer", words]) == 2
    assert capsys.readouterr().err == f"narrows: {said}\n"
