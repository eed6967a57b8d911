"""Bad input gives one sentence in three parts on stderr, its exit code, and nothing on stdout."""

from __future__ import annotations

import warnings

import pytest

import narrows
from narrows.cli import main

QUICK = ("--draws", "50", "--quarters", "2027Q1")
MAP_OPTIONS = (
    "-h, --help, --quarters, --relax, --add, --budget, --draws, --seed, --method, --as-of, --scenario, --json, "
    "--csv, --svg, --png, -o, --output, --quiet"
)
DAY = (
    "cannot be read. A day is YYYY-MM-DD from 1900 to 2199; a month, quarter or year means its last day. "
    "Write it like 2024-09-30."
)
QUARTER = "cannot be read. A quarter is a year from 1900 to 2199 and Q1 to Q4. Write it like 2026Q1."
DRAWS = "Draws are a whole number from 1 to 1000000. Give --draws 10000."
BEFORE = "The model begins in 2019Q4. Ask for quarters from 2019Q4, for instance --quarters 2019Q4:2030Q4."
ASK_LATER = "Ask for a later day."

LINES = {
    "mapp": "The command 'mapp' is not known. The nearest known: 'map', 'schema', 'market'. See `narrows --help`.",
    "--versio": "The option '--versio' is not known. The nearest known: '--version', '--help'. See `narrows --help`.",
    "map --jsonn": (
        "The option '--jsonn' is not known. The nearest known: '--json', '--as-of', '--svg'. "
        "See `narrows map --help`."
    ),
    "map --drawz=4": (
        "The option '--drawz' is not known. The nearest known: '--draws', '--relax', '--add'. "
        "See `narrows map --help`."
    ),
    "map --js": (
        "The option '--js' is not known. The nearest known: '--json', '--svg', '--csv'. "
        "See `narrows map --help`."
    ),
    "map 2027Q1": (
        f"`narrows map` is given '2027Q1', which is one argument too many. Its options are {MAP_OPTIONS}. "
        "Leave it out, or put texts with blanks in quotes."
    ),
    "map --json --csv": (
        "The command line of `narrows map` cannot be read: argument --csv: not allowed with argument --json. "
        f"The options are {MAP_OPTIONS}. See `narrows map --help`."
    ),
    "map --seed": (
        "The command line of `narrows map` cannot be read: argument --seed: expected one argument. "
        f"The options are {MAP_OPTIONS}. See `narrows map --help`."
    ),
    "why": (
        "The command line of `narrows why` cannot be read: the following arguments are required: id. The "
        "options are -h, --help, --draws, --seed, --method, --as-of, --scenario, --json. "
        "See `narrows why --help`."
    ),
    "map --draws abc": (
        "The option --draws is given 'abc'. It takes a whole number. Write, for instance, --draws 10000."
    ),
    "map --draws -5": f"The number of draws is -5. {DRAWS}",
    "map --draws 0": f"The number of draws is 0. {DRAWS}",
    "map --draws 1000000000": f"The number of draws is 1000000000. {DRAWS}",
    "map --seed -1": "The seed is -1. A seed is a whole number from 0. Give --seed 1.",
    "map --seed 1.5": (
        "The option --seed is given '1.5'. It takes a whole number. Write, for instance, --seed 1."
    ),
    "map --method sobbol": (
        "The method 'sobbol' is not known. The nearest known: 'sobol'. Choose one of these."
    ),
    "layer cowoss": (
        "The layer 'cowoss' is not known. The nearest known: 'cowos'. List the layers with `narrows layer`."
    ),
    "why map.binds.cowoss.2027Q1 --draws 50": (
        "The figure 'map.binds.cowoss.2027Q1' is not known. The nearest known: 'map.binds.cowos.2027Q1', "
        "'map.binds.optics.2027Q1', 'map.binds.rack.2027Q1'. Write map.<quantity>.<layer>.<quarter> or "
        "map.<quantity>.<quarter>."
    ),
    "why cowos.capacit": (
        "The fact 'cowos.capacit' is not known. The nearest known: 'cowos.capacity.2027-12', "
        "'cowos.capacity.2026-12', 'cowos.capacity.2026-01'. List them with `narrows facts`."
    ),
    "why map.binds.cowos.2027Q9": f"The quarter '2027Q9' {QUARTER}",
    "map --quarters 2026Q5": f"The quarter '2026Q5' {QUARTER}",
    "map --quarters 2026Q4:": f"The quarter '' {QUARTER}",
    "map --quarters 2200Q1": f"The quarter '2200Q1' {QUARTER}",
    "map --quarters 2030Q4:2026Q1": (
        "The span '2030Q4:2026Q1' runs backwards. A span has 1 to 400 quarters, the earlier first. "
        "Write it like 2026Q1:2030Q4."
    ),
    "map --quarters 1990Q1": f"The quarters '1990Q1' begin before the model. {BEFORE}",
    "map --quarters 2010Q1:2026Q4": f"The quarters '2010Q1:2026Q4' begin before the model. {BEFORE}",
    "map --as-of yesterday": f"The day asked for, 'yesterday', {DAY}",
    "map --as-of=": f"The day asked for, '', {DAY}",
    "facts --as-of 2026-02-30": f"The day asked for, '2026-02-30', {DAY}",
    "layer --as-of 3000-01-01": f"The day asked for, '3000-01-01', {DAY}",
    "plan --draws 201": (
        "The number of draws is 201. A plan is several linear programs a draw: 1 (the median case) to 200. "
        "Give --draws 20."
    ),
    "plan --at-least tpu": (
        "The option --at-least is given 'tpu'. A promise is PRODUCT=AMOUNT: a share of demand from 0 to 1, or "
        "H100e a quarter above 1. Write, for instance, --at-least tpu=0.3."
    ),
    "plan --at-least tpu=much": (
        "The promise 'much' is no number. A promise is a share of demand from 0 to 1, or H100e a quarter "
        "above 1. Write, for instance, --at-least tpu=0.3."
    ),
    "plan --at-least tpu=-1": (
        "The promise of product 'tpu' is -1.0. A promise is a share of demand from 0 to 1, or H100e a quarter "
        "above 1. Write, for instance, --at-least tpu=0.3."
    ),
    "plan --at-least tpu=nan": (
        "The promise of product 'tpu' is nan. A promise is a share of demand from 0 to 1, or H100e a quarter "
        "above 1. Write, for instance, --at-least tpu=0.3."
    ),
    "plan --products tpu,tpu_v7": (
        "The products 'tpu' and 'tpu_v7' both hold design 'tpu_v7'. A design belongs to one product. "
        "Leave it out of one of them."
    ),
    "plan --products ,": (
        "The products ',' name none. Products are nvidia_current, nvidia_next, tpu, amd, trainium, or makers "
        "and designs. Name one, or leave --products out."
    ),
    "plan --products trainum": (
        "The product 'trainum' is not known. The nearest known: 'trainium', 'trainium3', 'trainium2'. Name "
        "makers, families, designs or products, with commas between."
    ),
    "plan --quarters 2020Q1:2027Q1": (
        "The quarters '2020Q1:2027Q1' begin before anything can be decided. The first quarter after the "
        "newest fact is 2026Q3. Ask for quarters from 2026Q3, for instance --quarters 2026Q3:2030Q4."
    ),
    "loop --draws 0": f"The number of draws is 0. {DRAWS}",
    "loop --draws 20 --quarters 2025Q4": (
        "The quarters begin in 2025Q4. The loop begins with the revenue stated for 2026Q2. Ask for quarters "
        "from 2026Q2, for instance --quarters 2026Q2:2030Q4."
    ),
    "loop --quarters 2026Q5": f"The quarter '2026Q5' {QUARTER}",
    "validate nonsense": (
        "The room 'nonsense' is not known. The nearest known: 'inference', 'bottlenecks', 'systems'. Leave the room out to "
        "run all."
    ),
    "validate --networks 0": (
        "The number of networks is 0. Networks are a whole number from 1 to 1000000. Give --networks 300."
    ),
}


def refused(capsys, *arguments):
    """Run a command that must refuse; return its exit code and its sentence."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        code = main(arguments)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("narrows: ")
    assert err.count("\n") == 1
    return code, err.removeprefix("narrows: ").rstrip("\n")


@pytest.mark.parametrize("line", LINES)
def test_a_bad_line(line, capsys):
    assert refused(capsys, *line.split()) == (2, LINES[line])


@pytest.mark.parametrize(
    "line", ["map --draws 50", "layer", "layer cowos", "why map.binds.cowos.2027Q1 --draws 50"]
)
def test_a_day_on_which_nothing_was_known(line, capsys):
    code, sentence = refused(capsys, *line.split(), "--as-of", "1950-01-01")
    assert code == 3
    assert sentence.startswith("Nothing was known about '")
    assert " on 1950-01-01. It was first known on " in sentence
    assert sentence.endswith(ASK_LATER)


@pytest.mark.parametrize("year", range(1990, 2027))
def test_any_day_is_answered_or_refused(year, capsys):
    code = main(["map", "--draws", "20", "--as-of", f"{year}-06-30"])
    out, err = capsys.readouterr()
    if code == 3:
        assert out == ""
        assert err.endswith(f"{ASK_LATER}\n")
    else:
        assert (code, err) == (0, "")
        assert year > 2019


def test_a_missing_folder_of_measurements(capsys):
    assert refused(capsys, "validate", "--data", "/nowhere") == (
        3,
        (
            "The folder '/nowhere' is not there. Measurements stand in a folder with one sub-folder a subject. "
            "Name it with --data, or leave --data out to run what needs no data."
        ),
    )


def test_the_far_future_is_answered(capsys):
    assert main(["map", "--draws", "20", "--quarters", "2060Q1"]) == 0
    assert "2060" in capsys.readouterr().out


# --- scenario files -------------------------------------------------------------------------------

FACT = "cowos.capacity.2026-12"
KNOWN_UNIT = "wafer/month"
AT_FACT = f"Scenario 'x', fact '{FACT}'"
IN_FILE = "Scenario file 's.toml'"
FINITE = "Numbers are finite. Write the number, or leave the entry out."
FACTOR = "A factor is a finite number from 0. Write 0.8 to take a fifth away."
NONE_LEFT = (
    "reaches down to 0. This quantity is above 0; shares and times may be 0. "
    "For almost nothing, scale it by 0.001."
)
TOO_FAR = "A scenario changes a number by a factor of at most 1000000. Correct the number or the factor."


def setting(value, unit=KNOWN_UNIT):
    return f'[set]\n"{FACT}" = {{ value = {value}, unit = "{unit}" }}'


BODIES = {
    'naem = "x"': (
        2,
        f"{IN_FILE}: the key 'naem' is not known. The nearest known: 'name', 'scale'. Correct or remove it.",
    ),
    '[scale]\n"cowos.capacityy" = 0.5': (
        2,
        (
            "Scenario 'x' changes 'cowos.capacityy', which is no fact and no series. The nearest: "
            "'cowos.capacity', 'cowos.capacity.2027-12', 'cowos.capacity.2026-12'. A scenario may override only "
            "facts that exist; list them with `narrows facts`."
        ),
    ),
    '[scale]\n"zzz.qqq" = 0.5': (
        2,
        (
            "Scenario 'x' changes 'zzz.qqq', which is no fact and no series. The nearest: none. A scenario may "
            "override only facts that exist; list them with `narrows facts`."
        ),
    ),
    setting(70000, "wafr/month"): (
        2,
        (
            f"{AT_FACT}: 'wafr/month' is not a unit here. Did you mean 'wafer/month' (wafer per month)? Also "
            "near: 'bar/month' (bar per month), 'year/month' (year per month). Write a known unit, and say what "
            "it is measured of in the field 'of'."
        ),
    ),
    setting(70000, "MW"): (
        2,
        (
            f"{AT_FACT}: the unit 'MW' measures another thing than 'wafer/month'. Its unit is wafer/month or one "
            "of the same dimension. Write it in wafer/month."
        ),
    ),
    setting(50, "%"): (
        2,
        (
            f"{AT_FACT}: the unit '%' measures another thing than 'wafer/month'. Its unit is wafer/month or one "
            "of the same dimension. Write it in wafer/month."
        ),
    ),
    setting("nan"): (3, f"{IN_FILE}, set.{FACT}.value: nan is not a number that can be used. {FINITE}"),
    setting("inf"): (3, f"{IN_FILE}, set.{FACT}.value: inf is not a number that can be used. {FINITE}"),
    setting(-5): (2, f"{AT_FACT}: -5 is below 0. This quantity is 0 or more. Correct the number."),
    setting(0): (2, f"{AT_FACT}: 0 wafer/month {NONE_LEFT}"),
    setting(1e308): (
        2,
        f"{AT_FACT}: 1e+308 wafer/month is too far from the 115000 wafer/month that is known. {TOO_FAR}",
    ),
    setting('"70000"'): (
        2,
        f"{IN_FILE}, fact '{FACT}': value = '70000'. value is a number. Write, for instance, value = 70000.",
    ),
    f'[set]\n"{FACT}" = 70000': (
        2,
        f"{IN_FILE}, fact '{FACT}' is 70000. A table of entries is needed. Write it as a table.",
    ),
    f'[scale]\n"{FACT}" = 0': (2, f"{AT_FACT}: 0 wafer/month {NONE_LEFT}"),
    '[scale]\n"cowos.growth" = 0': (2, f"Scenario 'x', fact 'cowos.growth': 0 ratio {NONE_LEFT}"),
    '[scale]\n"cowos.capacity" = -1': (2, f"Scenario 'x' scales 'cowos.capacity' by -1.0. {FACTOR}"),
    '[scale]\n"cowos.capacity" = nan': (
        3,
        f"{IN_FILE}, scale.cowos.capacity: nan is not a number that can be used. {FINITE}",
    ),
    f'[scale]\n"{FACT}" = 1e300': (
        2,
        f"{AT_FACT}: 1.15e+305 wafer/month is too far from the 115000 wafer/month that is known. {TOO_FAR}",
    ),
    '[scale]\n"cowos.capacity" = "0.5"': (
        2,
        (
            f"{IN_FILE}: the scale of 'cowos.capacity' is '0.5'. A scale is a number; 0.8 takes a fifth away. "
            'Write "cowos.capacity" = 0.8.'
        ),
    ),
    "[scale]\ncowos.capacity = 0.5": (
        2,
        (
            f"{IN_FILE}: the scale of 'cowos' is a table. A scale is a number; 0.8 takes a fifth away. "
            'Put the id in quotes: "cowos.capacity" = 0.8.'
        ),
    ),
    '[scale]\n"cowos.utilisation" = 50': (
        2,
        (
            "Scenario 'x', fact 'cowos.utilisation': 49.25 is above 1. A share is 0 to 1. "
            "Correct the number or the factor."
        ),
    ),
    '[scale]\n"cowos.capacity" = 0.5\n[quarters]\n"cowos.capacity" = "2026Q9"': (
        2,
        (
            f"{IN_FILE}: the quarters of 'cowos.capacity' are '2026Q9'. Quarters are a text such as "
            '2026Q4:2027Q4. Write "cowos.capacity" = "2026Q4:2027Q4".'
        ),
    ),
    '[set]\n"cowos.lag" = { value = 200, unit = "quarter" }': (
        2,
        (
            "What 'euv' makes is deployed 201 quarters later. The model spans 49 quarters. "
            "Set shorter lags in the scenario."
        ),
    ),
}

FILES = {
    "missing": (None, 3, f"{IN_FILE} does not exist. A TOML file is needed. Check the path."),
    "not UTF-8": (
        b'name = "\xff"',
        3,
        f"{IN_FILE} is not UTF-8 at line 1. Facts are UTF-8 text. Save the file as UTF-8.",
    ),
    "broken": (
        b"name = ",
        3,
        f"{IN_FILE} is not TOML: Invalid value (at end of document). TOML 1.0 is needed. Correct it there.",
    ),
    "deep on one line": (
        b"a = " + b"[" * 100_000 + b"]" * 100_000,
        3,
        f"Line 1 of {IN_FILE} is too long. A line has at most 2000 characters. Break it, or write less.",
    ),
    "deep": (
        b"a = " + b"[" * 900 + b"]" * 900,
        3,
        f"{IN_FILE} is nested too deep. Tables and lists are nested at most 8 deep. Flatten it.",
    ),
    "2 MB": (
        b"#\n" * 1_000_000,
        3,
        (
            f"{IN_FILE} is larger than 1 MB. A file has at most 1000000 bytes. "
            "Split it into files of what arrives together."
        ),
    ),
    "control character": (
        b'name = "a\\u001b[31m"',
        2,
        (
            f"{IN_FILE}: name holds the control character U+001B. name is text of one line. "
            'Write, for instance, name = "CoWoS slips a year".'
        ),
    ),
    "empty": (
        b"",
        2,
        f'{IN_FILE} has no name. name is text of one line. Add name = "CoWoS slips a year".',
    ),
}


@pytest.mark.parametrize("body", BODIES)
def test_a_bad_scenario(body, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    head = "" if body.startswith("naem") else 'name = "x"\n'
    (tmp_path / "s.toml").write_text(head + body, "utf-8")
    assert refused(capsys, "map", *QUICK, "--scenario", "s.toml") == BODIES[body]


@pytest.mark.parametrize("case", FILES)
def test_a_bad_scenario_file(case, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content, code, sentence = FILES[case]
    if content is not None:
        (tmp_path / "s.toml").write_bytes(content)
    assert refused(capsys, "map", *QUICK, "--scenario", "s.toml") == (code, sentence)


@pytest.mark.parametrize("path", [".", ""])
def test_a_scenario_that_is_a_folder(path, capsys):
    assert refused(capsys, "map", "--scenario", path) == (
        3,
        "Scenario file '.' is not a file. A TOML file is needed. Check the path.",
    )


def test_a_mix_of_nothing(capsys, tmp_path):
    series = {".".join(fact.id.split(".")[:2]) for fact in narrows.facts() if fact.id.startswith("mix.")}
    lines = ['name = "none"', "[scale]", *(f'"{name}" = 0' for name in sorted(series))]
    (tmp_path / "s.toml").write_text("\n".join(lines), "utf-8")
    assert refused(capsys, "map", *QUICK, "--scenario", str(tmp_path / "s.toml")) == (
        2,
        (
            "The mix of designs has a year in which every share is 0. Something is deployed in every year of "
            "the mix. Leave one design of that year above 0 in the scenario."
        ),
    )


def test_why_of_a_fact_reads_the_scenario_too(capsys):
    code, sentence = refused(capsys, "why", "cowos.lag", "--scenario", "none.toml")
    assert (code, sentence[:38]) == (3, "Scenario file 'none.toml' does not exi")
