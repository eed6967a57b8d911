"""One process, a pool and a cluster give the same bytes; a worker that is killed loses nothing."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

import narrows
from narrows.cli import main
from narrows.errors import RunError, UsageError
from narrows.inference.search import Space, search
from narrows.inference.traffic import Objective, Traffic
from narrows.report.search import search_json
from narrows.report.tables import map_json
from narrows.spread import cluster, spread

DRAWS = 2500
"""Two blocks of draws."""


def slow(item: int, seconds: float) -> int:
    time.sleep(seconds)
    return item * item


def deadly(item: int, once: str) -> int:
    """Kill the worker that takes item 3 first."""
    if item == 3 and not Path(once).exists():
        Path(once).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return item * item


def asked(executor=None) -> str:
    space = Space(("h100",), ("fp8",), batches=(8, 32), splits=(None,), most_chips=1, simulated=24)
    traffic, objective = Traffic(500, 50, spread=0.3), Objective(ttft_s=2.0, tpot_s=0.05)
    return search_json(search("llama-3.1-8b", traffic, objective, space, executor=executor))


def drawn(executor=None) -> str:
    return map_json(narrows.map("2027Q1", draws=DRAWS, executor=executor))


@pytest.fixture(scope="module")
def alone():
    return asked(), drawn()


@pytest.fixture(scope="module")
def workers():
    distributed = pytest.importorskip("distributed", reason="the extra cluster is not installed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as local,
        cluster(local.scheduler_address) as executor,
    ):
        yield executor, local.scheduler_address


def test_a_pool_gives_the_same_bytes(alone):
    with ProcessPoolExecutor(2) as pool:
        assert (asked(pool), drawn(pool)) == alone


def test_two_real_workers_give_the_same_bytes(alone, workers):
    assert (asked(workers[0]), drawn(workers[0])) == alone


def test_a_worker_of_the_cluster_that_is_killed_loses_nothing(workers, tmp_path):
    once = str(tmp_path / "once")
    assert list(spread(workers[0], deadly, range(8), once)) == [item * item for item in range(8)]
    assert (tmp_path / "once").exists()


def test_a_worker_of_a_pool_that_is_killed_loses_nothing(tmp_path):
    once = str(tmp_path / "once")
    with ProcessPoolExecutor(2) as pool:
        assert list(spread(pool, deadly, range(8), once)) == [item * item for item in range(8)]
        assert list(spread(pool, slow, range(3), 0.0)) == [0, 1, 4]  # the pool is broken now


def test_few_are_handed_out_ahead():
    seen = []

    def items():
        for item in range(50):
            seen.append(item)
            yield item

    with ProcessPoolExecutor(2) as pool:
        results = spread(pool, slow, items(), 0.0, ahead=4)
        assert next(results) == 0
        assert len(seen) == 4
        assert list(results) == [item * item for item in range(1, 50)]


def test_an_error_of_a_task_comes_out():
    with ProcessPoolExecutor(1) as pool, pytest.raises(ZeroDivisionError):
        list(spread(pool, divmod, [1], 0))


def test_the_command_asks_the_cluster(workers, capsys):
    command = ["inference", "search", "llama-3.1-8b", "--chips", "h100", "--most-chips", "1", "--json"]
    command += ["--input-tokens", "500", "--output-tokens", "50", "--weights", "fp8"]
    assert main([*command, "--cluster", workers[1]]) == 0
    told = capsys.readouterr().out
    assert main(command) == 0
    assert capsys.readouterr().out == told


def test_a_scheduler_that_is_not_there_is_a_sentence(monkeypatch):
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    monkeypatch.setattr("narrows.spread.WAIT_S", 0.3)
    with pytest.raises(RunError) as refused, cluster("tcp://127.0.0.1:9"):
        pass
    assert str(refused.value) == (
        "No scheduler answers at 'tcp://127.0.0.1:9'. A scheduler is started with `dask scheduler`, and prints its "
        "address. Check the address, such as tcp://10.0.0.1:8786."
    )


def test_without_the_extra_the_way_is_told(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'narrows\[cluster\]'"), cluster("tcp://127.0.0.1:9"):
        pass
