"""Child processes that may crash, hang or run out of memory without taking the program with them.

A child is a fresh interpreter (never a fork of the caller), told what to do in one line of JSON, answering in messages:
a JSON part and arrays. No ``__main__`` is imported, so that a plain script may call a reader without a guard. A child
may fork helpers, which answer on lanes of their own; all of them end together.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

HEAD: Final = struct.Struct("<II")
BOOT: Final = ("import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
               "from zonebox_converters.ifc.worker import main; main()")

CAN_FORK: Final = hasattr(os, "fork")
"""A child can split itself after parsing, so that a file is parsed once; where it cannot, each child parses."""

READY: Final = "ready"
"""Task of a child that loads what its job will need and waits to be told."""

_ONE_THREAD: Final = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


_PR_SET_PDEATHSIG: Final = 1
"""Linux, prctl(2)."""


@dataclass(frozen=True, slots=True)
class Message:
    """One answer of a child: ``fields["kind"]`` says what it is."""

    fields: Mapping[str, Any]
    arrays: Arrays = field(default_factory=dict)


def send(stream: IO[bytes], fields: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]] | None = None) -> None:
    """Write one message."""
    packed = {name: np.ascontiguousarray(array) for name, array in (arrays or {}).items()}
    layout = [[name, array.dtype.str, list(array.shape)] for name, array in packed.items()]
    text = json.dumps({**fields, "arrays": layout}).encode()
    stream.write(HEAD.pack(len(text), sum(array.nbytes for array in packed.values())))
    stream.write(text)
    for array in packed.values():
        stream.write(array.tobytes())
    stream.flush()


def receive(stream: IO[bytes]) -> Message | None:
    """Read one message; None at the end, or where the writer died in the middle of one."""
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    text_bytes, array_bytes = HEAD.unpack(head)
    text, block = stream.read(text_bytes), stream.read(array_bytes)
    if len(text) < text_bytes or len(block) < array_bytes:
        return None
    fields = json.loads(text)
    arrays: Arrays = {}
    at = 0
    for name, dtype, shape in fields.pop("arrays"):
        count = int(np.prod(shape, dtype=np.int64))
        arrays[name] = np.frombuffer(block, dtype=np.dtype(dtype), count=count, offset=at).reshape(shape)
        at += arrays[name].nbytes
    return Message(fields, arrays)


def end_with(parent: int) -> None:
    """End this process when its parent ends, even if that was killed: nobody would take its answers any more.

    Linux only; elsewhere a child ends with its next answer, as a helper that it forked does.
    """
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:                              # it ended before it could be watched
        os._exit(1)


class Child:
    """A child process at work on one job; every answer, and None when all has ended, goes into ``inbox``.

    Parameters
    ----------
    job : mapping
        What to do; the numbers of its lanes are added as ``lanes``.
    inbox : queue
        Where the answers go.
    helpers : int
        So many processes the child may fork, each with a lane of its own.
    """

    def __init__(self, job: Mapping[str, Any], inbox: queue.SimpleQueue[tuple[Child, Message | None]], *,
                 helpers: int = 0) -> None:
        pipes = [os.pipe() for _ in range(helpers if CAN_FORK else 0)]
        far = tuple(write for _, write in pipes)
        self.process = subprocess.Popen(
            [sys.executable, "-c", BOOT, json.dumps(sys.path)], env={**os.environ, **_ONE_THREAD},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            pass_fds=far, start_new_session=CAN_FORK,
        )
        for end in far:
            os.close(end)
        assert self.process.stdout is not None
        self._lanes: list[IO[bytes]] = [self.process.stdout, *(os.fdopen(read, "rb") for read, _ in pipes)]
        self.finished = False
        self._inbox = inbox
        self._open = len(self._lanes)
        self._lock = threading.Lock()
        self._readers = [threading.Thread(target=self._read, args=(lane,), daemon=True) for lane in self._lanes]
        for reader in self._readers:
            reader.start()
        self._told = {"lanes": far, "parent": os.getpid()}
        self.tell(job)

    def tell(self, job: Mapping[str, Any]) -> None:
        """Write a job to the child; the last one, unless it is only told to make itself ready for another."""
        try:
            assert self.process.stdin is not None
            self.process.stdin.write(json.dumps({**job, **self._told}).encode() + b"\n")
            self.process.stdin.flush()
            if job["task"] != READY:
                self.process.stdin.close()
        except OSError:
            pass  # it died at once: the reader reports its end

    def _read(self, lane: IO[bytes]) -> None:
        while (message := receive(lane)) is not None:
            self._inbox.put((self, message))
        with self._lock:
            self._open -= 1
            last = not self._open
        if last:
            self._inbox.put((self, None))

    def close(self) -> int:
        """End the process and its helpers, whether they still run or not; returns its exit code."""
        if not self.finished:
            self._kill()
        code = self.process.wait()
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):                  # what it was told last and never took
                self.process.stdin.close()
        for reader in self._readers:
            reader.join()
        for lane in self._lanes:
            lane.close()
        return code

    def _kill(self) -> None:
        try:
            if CAN_FORK:
                os.killpg(self.process.pid, signal.SIGKILL)  # helpers outlive a child that died
            else:
                self.process.kill()
        except OSError:
            pass  # nothing of it is left


class Ready:
    """A child that loads a module while other work is done, for one later job; ended with the context."""

    def __init__(self, module: str) -> None:
        self.inbox: queue.SimpleQueue[tuple[Child, Message | None]] = queue.SimpleQueue()
        self._child: Child | None = Child({"task": READY, "module": module}, self.inbox)

    def take(self, job: Mapping[str, Any]) -> tuple[Child, queue.SimpleQueue[tuple[Child, Message | None]]]:
        """Give the job to the child, or to a new one where it was used or has died."""
        child, self._child = self._child, None
        if child is None or child.process.poll() is not None:
            if child is not None:
                child.close()
            inbox: queue.SimpleQueue[tuple[Child, Message | None]] = queue.SimpleQueue()
            return Child(job, inbox), inbox
        child.tell(job)
        return child, self.inbox

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._child.close()


def ask(job: Mapping[str, Any], *, limit_s: float, ready: Ready | None = None) -> tuple[list[Message], str]:
    """Run one job in a child, or in one that is ready: its messages, and why it stopped early ("" where it did not)."""
    inbox: queue.SimpleQueue[tuple[Child, Message | None]] = queue.SimpleQueue()
    child, inbox = (Child(job, inbox), inbox) if ready is None else ready.take(job)
    messages: list[Message] = []
    trouble = ""
    try:
        while True:
            try:
                _, message = inbox.get(timeout=limit_s)
            except queue.Empty:
                trouble = f"no answer within {limit_s:g} s"
                break
            if message is None:
                trouble = "" if child.finished else "the process died"
                break
            if message.fields["kind"] == "end":
                child.finished = True
            else:
                messages.append(message)
    finally:
        child.close()
    return messages, trouble
