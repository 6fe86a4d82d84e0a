"""However many processes make the tiles, and whatever becomes of them, the files are the same."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from converters.tiles import samples
from zonebox.model import Report, Scene
from zonebox_converters.tiles import verify, workers, write, writer
from zonebox_converters.tiles.jobs import Done, Job, perform

NONE = Report(findings=())


def town() -> Scene:
    """Blocks in a grid, several tiles of them."""
    grid = [(60.0 * i, 60.0 * j) for i in range(-26, 26) for j in range(-26, 26)]
    blocks = [samples.context_box(f"b{k}", samples.box(x, y, 0, 18, 18, 9 + k % 5)) for k, (x, y) in enumerate(grid)]
    return samples.context_scene(samples.shandong(), blocks)


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What one process writes."""
    out = tmp_path_factory.mktemp("alone")
    write(town(), NONE, out, workers=1)
    return files(out)


@pytest.mark.parametrize("count", [2, 4])
def test_the_bytes_do_not_depend_on_the_workers(alone: dict[str, bytes], tmp_path: Path, count: int) -> None:
    seen: list[tuple[str, int, int]] = []
    result = write(town(), NONE, tmp_path, workers=count, progress=lambda *step: seen.append(step))
    assert files(tmp_path) == alone
    tiles = len([name for name in alone if name.endswith(".glb")])
    assert tiles >= 4
    assert sorted(seen) == [("context", k + 1, tiles) for k in range(tiles)]
    assert result.rewritten == tiles + 3         # two tilesets and a style
    assert write(town(), NONE, tmp_path, workers=count).rewritten == 0


def test_a_killed_worker_costs_nothing(alone: dict[str, bytes], tmp_path: Path,
                                       monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[int] = []
    send = workers._Worker.send

    def send_and_kill(self: workers._Worker, job: Job) -> None:
        send(self, job)
        if not killed:
            killed.append(self._process.pid)
            self._process.send_signal(signal.SIGKILL)

    monkeypatch.setattr(workers._Worker, "send", send_and_kill)
    write(town(), NONE, tmp_path, workers=2)
    assert len(killed) == 1
    assert files(tmp_path) == alone


def test_an_error_in_a_worker_reaches_the_caller(tmp_path: Path) -> None:
    blocked = tmp_path / "context"
    blocked.write_text("a file where a folder is wanted")
    with pytest.raises(OSError, match="context"):
        write(town(), NONE, tmp_path, workers=2)


def test_an_interrupted_run_resumes(alone: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written before the interruption is found and kept; the rest is added."""

    def cut(jobs: Iterator[Job], **given: object) -> list[Done | None]:
        perform(next(jobs))
        perform(next(jobs))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(writer, "perform_all", cut)
        with pytest.raises(KeyboardInterrupt):
            write(town(), NONE, tmp_path)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.glb")}
    assert len(before) == 2
    result = write(town(), NONE, tmp_path)
    assert files(tmp_path) == alone
    assert {p: p.stat().st_mtime_ns for p in before} == before
    assert result.rewritten == len(alone) - 1 - len(before)         # the manifest is not counted
    assert verify(tmp_path) == []


def test_small_scenes_start_no_processes() -> None:
    assert writer._helpers(None, 4, 1000) == 1
    assert writer._helpers(3, 4, 1000) == 3
    assert 1 <= writer._helpers(None, writer.MOST_WORKERS, 10_000_000) <= writer.MOST_WORKERS
    assert writer._helpers(None, 1, 10_000_000) == 1
