"""Print every problem of the facts typed by hand: `python tools/lint_facts.py [DIRECTORY]`.

Exit code 0 where all is well, 3 where anything is wrong.
"""

from __future__ import annotations

import sys

from narrows.catalog import lint


def main(arguments: list[str]) -> int:
    """Lint a catalogue directory, the one that comes with narrows where none is named.

    Parameters
    ----------
    arguments
        At most one directory.

    Returns
    -------
    int
        Exit code.
    """
    problems = lint(*arguments[:1])
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems" if problems else "Facts are in order", file=sys.stderr)
    return problems[0].exit_code if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
