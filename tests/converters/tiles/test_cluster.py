"""A Dask cluster of separate processes makes the same files, even when one of them is killed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from converters.tiles.test_points import scans
from converters.tiles.test_workers import NONE, files, town
from zonebox.errors import InputError
from zonebox_converters.tiles import cluster, write

WAIT_S = 60.0


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def answers(host: str, port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection((host, port), timeout=1.0).close()
        return True
    return False


class Cluster:
    """A scheduler and workers without a nanny: what is killed stays dead."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.address = f"tcp://127.0.0.1:{free_port()}"
        host, port = self.address.removeprefix("tcp://").split(":")
        self.scheduler = self._start("scheduler", "--host", host, "--port", port, "--no-dashboard", "--no-show")
        self.workers: list[subprocess.Popen[bytes]] = []
        deadline = time.monotonic() + WAIT_S
        while not answers(host, int(port)):
            assert time.monotonic() < deadline, "the scheduler did not start"
            time.sleep(0.1)

    def add_worker(self) -> None:
        self.workers.append(self._start("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
                                        "--local-directory", str(self._folder)))

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
        return subprocess.Popen([sys.executable, "-m", "dask", *words], env=environment, cwd=self._folder,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A cluster of two workers."""
    monkeypatch.setattr(cluster, "CONNECT_S", WAIT_S)
    started = Cluster(tmp_path)
    started.add_worker()
    started.add_worker()
    yield started
    started.close()


def test_a_killed_worker_of_a_cluster_costs_nothing(two: Cluster, tmp_path: Path) -> None:
    """One of two workers is killed after the first tile; the bytes are those of one process."""
    alone, there = tmp_path / "alone", tmp_path / "there"
    write(town(), NONE, alone, workers=1)
    seen: list[int] = []

    def killing(_layer: str, done: int, _total: int) -> None:
        if not seen:
            two.workers[0].send_signal(signal.SIGKILL)
            two.workers[0].wait()
        seen.append(done)

    result = write(town(), NONE, there, scheduler=two.address, progress=killing)
    assert two.workers[0].poll() == -signal.SIGKILL
    assert two.workers[1].poll() is None
    assert len(seen) == len(list(alone.rglob("*.glb"))) > 4
    assert files(there) == files(alone)
    assert result.rewritten == len(files(alone)) - 1            # the manifest is not counted
    assert write(town(), NONE, there, scheduler=two.address).rewritten == 0


def test_points_are_made_by_a_cluster_too(two: Cluster, tmp_path: Path) -> None:
    """Tiles of a laser scan: the bytes are those of one process, and of two."""
    cloud = scans(150_000)
    for name, how in (("alone", {"workers": 1}), ("both", {"workers": 2}), ("there", {"scheduler": two.address})):
        write(town(), NONE, tmp_path / name, points=cloud, **how)
    alone = files(tmp_path / "alone")
    assert sum(name.startswith("pointcloud") and name.endswith(".glb") for name in alone) > 4
    assert files(tmp_path / "both") == alone
    assert files(tmp_path / "there") == alone
    assert write(town(), NONE, tmp_path / "there", points=cloud, scheduler=two.address).rewritten == 0


@pytest.mark.parametrize("verb", ["tiles", "run"])
def test_a_scheduler_that_is_not_there_is_one_sentence_soon(verb: str, tmp_path: Path, repository: Path) -> None:
    """It is said before the scene is opened."""
    address = f"tcp://127.0.0.1:{free_port()}"
    words = [verb, "scenes/riverside_block", "-o", str(tmp_path / "out"), "--scheduler", address]
    before = time.monotonic()
    ended = subprocess.run([sys.executable, "-m", "zonebox.cli", *words], capture_output=True, cwd=repository,
                           encoding="utf-8", check=False)
    assert time.monotonic() - before < 30.0
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert f'--scheduler: got no scheduler at "{address}"' in ended.stderr
    assert "dask scheduler" in ended.stderr
    assert not (tmp_path / "out").exists()


def test_an_address_that_is_none_is_one_sentence() -> None:
    with pytest.raises(InputError, match='got no scheduler at "my cluster"'):
        cluster.check_scheduler("my cluster")


def test_a_scheduler_without_workers_is_said(tmp_path: Path) -> None:
    empty = Cluster(tmp_path)
    try:
        with pytest.raises(InputError, match="has no workers, want at least one; start one: dask worker tcp://"):
            cluster.check_scheduler(empty.address)
    finally:
        empty.close()


def test_a_scheduler_that_goes_away_is_said(two: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written stays, and the next run goes on from there."""
    monkeypatch.setattr(cluster, "LOOK_S", 0.2)

    def killing(_layer: str, done: int, _total: int) -> None:
        if done == 1:
            two.scheduler.send_signal(signal.SIGKILL)
            two.scheduler.wait()

    out = tmp_path / "out"
    with pytest.raises(InputError, match="went away"):
        write(town(), NONE, out, scheduler=two.address, progress=killing)
    assert list(out.rglob("*.glb"))
    write(town(), NONE, out, workers=1)
    write(town(), NONE, tmp_path / "alone", workers=1)
    assert files(out) == files(tmp_path / "alone")
