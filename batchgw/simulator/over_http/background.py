"""Serves a simulated world from a process of its own, which ends by itself.

`python -m batchgw.simulator.over_http.background` is that process. It reads pickled `ServeOptions` from
stdin, prints one JSON line to stdout when it is ready, and serves until its time is over or a signal ends it.
"""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from batchgw.errors import UsageError
from batchgw.simulator.over_http.options import ReadyInfo, ServeOptions
from batchgw.simulator.over_http.serve import running


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """A world that is being served. `folder` is deleted when `process`, a process id, ends."""

    info: ReadyInfo
    process: int
    folder: Path


def start(options: ServeOptions) -> Background:
    """Start the process, and wait until it takes connections.

    Raises UsageError with its reason when it cannot serve what the options ask for, and ValueError for
    options by which it would never end.
    """
    if options.max_seconds is None:
        raise ValueError("what is served in the background must end by itself")
    process = subprocess.Popen(  # noqa: S603 - this very module
        [sys.executable, "-m", __spec__.name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # else a Ctrl-C at the terminal would end it
    )
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise AssertionError("all three are pipes")
    with process.stdin as request, process.stdout as answer, process.stderr as complaint:
        pickle.dump(options, request)
        request.close()
        ready = answer.readline()
        if not ready:
            reason = complaint.read().decode(errors="replace").strip()
            process.wait()
            raise UsageError(reason or "The simulator did not start, and did not say why.")
    answer_of_child = json.loads(ready)
    process.returncode = 0  # it outlives us on purpose: else Popen would warn
    return Background(
        info=ReadyInfo(**answer_of_child["info"]), process=process.pid, folder=Path(answer_of_child["folder"])
    )


_ENDS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


def _main() -> None:
    options: ServeOptions = pickle.load(sys.stdin.buffer)  # noqa: S301 - the parent, this program, wrote it
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)  # they are waited for below
    try:
        with tempfile.TemporaryDirectory(prefix="batchgw-simulated-") as folder, running(options) as info:
            print(json.dumps({"info": info.to_json(), "folder": folder}), flush=True)  # noqa: T201 - to the parent
            signal.sigtimedwait(_ENDS, options.max_seconds or 0.0)
    except UsageError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    _main()
