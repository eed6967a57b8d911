"""Settings of every test run."""

import os

from narrows.cli import ONE_THREAD

for name in ONE_THREAD:  # as the commands do: two threads of algebra would wait for the other worker's core
    os.environ.setdefault(name, "1")
