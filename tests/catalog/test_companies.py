"""Companies are listed once, and what names one that is not listed is refused."""

from __future__ import annotations

import pytest

from narrows.catalog import lint, load

FILES = {
    "sources.toml": """
[report]
producer = "House A"
title = "Packaging in numbers"
date_published = "2024-08"
date_accessed = "2026-01-05"
licence = "facts only"
""",
    "designs.toml": """
[[design]]
id = "hopper"
name = "Hopper"
maker = "NVIDIA"
announced = "2022-03"
""",
    "layers.toml": """
[[layer]]
id = "deployed"
name = "Deployed compute"
day = 9
family = "demand"
unit = "h100e"
makers = "cowos.maker"
""",
    "companies.toml": """
[[company]]
id = "nvidia"
name = "NVIDIA"

[[company]]
id = "tsmc"
name = "TSMC"
ticker = "TWSE:2330"
""",
    "roles.toml": """
[[role]]
id = "nvidia-compute"
company = "nvidia"
part = "Compute"
role = "designs"
threat = "other designers"
layers = ["designs"]
source = "report"
""",
    "facts/makers.toml": "".join(
        f"""
[[fact]]
id = "cowos.maker.{maker}"
value = {share}
low = {share - 0.05}
high = {share + 0.05}
unit = "share"
of = "CoWoS"
level = "P10-P90"
kind = "estimate"
as_of = "2024-08"
source = "report"
locator = "page 1"
"""
        for maker, share in (("tsmc", 0.9), ("others", 0.1))
    ),
}


@pytest.fixture
def home(tmp_path):
    (tmp_path / "facts").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_companies_and_roles_are_read_from_the_files_and_from_the_cache(home, monkeypatch, tmp_path):
    monkeypatch.setenv("NARROWS_CACHE_DIR", str(tmp_path / "cache"))
    first, again = load(home), load(home)
    assert first.companies == again.companies
    assert first.roles == again.roles
    assert [(company.id, company.ticker) for company in again.companies] == [
        ("nvidia", ""),
        ("tsmc", "TWSE:2330"),
    ]
    assert again.roles[0].layers == ("designs",)
    assert again.as_known_on("2025-01-01").companies == first.companies


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        (
            "companies.toml",
            'id = "tsmc"',
            'id = "tsm"',
            (
                "Fact 'cowos.maker.tsmc' in facts/makers.toml names the company 'tsmc', which companies.toml lacks. "
                "The nearest: 'tsm'. Correct it, or add the company."
            ),
        ),
        (
            "designs.toml",
            '"NVIDIA"',
            '"Nvidia"',
            (
                "Design 'hopper' in designs.toml names the company 'Nvidia', which companies.toml lacks. "
                "The nearest: none. Correct it, or add the company."
            ),
        ),
        (
            "roles.toml",
            '"nvidia"',
            '"nvidea"',
            (
                "Role 'nvidia-compute' in roles.toml names the company 'nvidea', which companies.toml lacks. "
                "The nearest: 'nvidia'. Correct it, or add the company."
            ),
        ),
        (
            "roles.toml",
            '["designs"]',
            '["cowoss"]',
            (
                "Role 'nvidia-compute' in roles.toml: layers names 'cowoss', which no fact and no design has. "
                "The nearest: none. Correct it, or type the fact."
            ),
        ),
    ],
)
def test_what_names_no_company_is_refused(home, name, old, new, sentence):
    (home / name).write_text(FILES[name].replace(old, new, 1), "utf-8")
    assert [str(problem) for problem in lint(home)] == [sentence]


def test_a_catalogue_without_companies_checks_none(home):
    (home / "companies.toml").unlink()
    (home / "roles.toml").unlink()
    assert lint(home) == []
