"""Write the facts of the law of loss: fit it to the table of runs, and resample the runs.

python tools/type_training.py FOLDER    # folder with chinchilla_points.csv

Writes facts/training_loss.toml of the catalogue; the runs themselves are not shipped.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from narrows.fitted import Z90
from narrows.training.scaling import FACTS, PARAMETERS, correlations
from narrows.training.scaling_fit import bootstrap, fit_law, read_points

HOME = Path(__file__).parent.parent / "src" / "narrows" / "catalog" / "facts"
RESAMPLES = 40_000
WORDS = {
    "size_coefficient": "coefficient A of the size in the loss E + A/N^alpha + B/D^beta",
    "data_coefficient": "coefficient B of the data in the loss E + A/N^alpha + B/D^beta",
    "floor": "loss E that no model goes below, nat a token",
    "size_exponent": "exponent alpha of the size in the loss E + A/N^alpha + B/D^beta",
    "data_exponent": "exponent beta of the data in the loss E + A/N^alpha + B/D^beta",
}
HEAD = """# How the loss of a language model falls with size and data.
# Written by tools/type_training.py.

[defaults]
source = "chinchilla-points"
as_of = "2024-04"
kind = "estimate"
level = "P5-P95"
unit = "1"
standing = true
why = "a property of the architecture and text of 2022; newer recipes lie lower"
"""


def main(arguments: list[str]) -> int:
    """Fit and write.

    Parameters
    ----------
    arguments
        The folder of the table.

    Returns
    -------
    int
        Exit code.
    """
    fit = fit_law(read_points(arguments[0]))
    drawn = bootstrap(fit, RESAMPLES)
    spread, correlation = drawn.std(axis=0, ddof=1), np.asarray(np.corrcoef(drawn.T))
    blocks = [HEAD]
    for place, name in enumerate(PARAMETERS):
        log = place < 3
        ends = [fit.logs[place] + step * spread[place] for step in (-Z90, 0.0, Z90)]
        low, value, high = np.exp(ends) if log else ends
        shape = "lognormal" if log else "normal"
        blocks.append(
            _block(name, (low, value, high), WORDS[name])
            + f'shape = "{shape}"\nlocator = "our fit; spread of {RESAMPLES} resamples"\n'
        )
    for row, column, name in correlations():
        value = round(float(correlation[row, column]), 6)
        reach = Z90 * (1.0 - value**2) / len(fit.points.loss) ** 0.5
        words = f"correlation of {PARAMETERS[row]} and {PARAMETERS[column]}, coefficients and floor as logs"
        blocks.append(
            _block(name.removeprefix(f"{FACTS}."), (value - reach, value, value + reach), words)
            + f'shape = "normal"\nlocator = "our fit; {RESAMPLES} resamples; error of a correlation"\n'
        )
    (HOME / "training_loss.toml").write_text("\n".join(blocks), encoding="utf-8")
    return 0


def _block(name: str, numbers: tuple[float, float, float], words: str) -> str:
    low, value, high = (float(f"{number:.7g}") for number in numbers)
    return f'[[fact]]\nid = "{FACTS}.{name}"\nvalue = {value}\nlow = {low}\nhigh = {high}\nof = "{words}"\n'


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
