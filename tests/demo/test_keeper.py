"""The keeper starts again what dies, later each time, and ends all."""

import os
import select
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import keeper as keeper_module
from demo.errors import ProgramFailed
from demo.keeper import Keeper, run_once
from demo.programs import Program, free_port

SERVER = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b'well')
    def log_message(self, *words): pass
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Answer).serve_forever()
"""
APPEND_AND_END = "import os, sys; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); sys.exit(3)"


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    said: list[str] = []
    kept = Keeper(said.append)
    yield kept
    kept.stop()
    kept.end_all()


def program(tmp_path: Path, code: str, *arguments: str) -> Program:
    return Program(
        name="sample", command=[sys.executable, "-c", code, *arguments], log=tmp_path / "logs" / "sample.log"
    )


def test_a_program_that_answers_is_healthy(keeper: Keeper, tmp_path: Path) -> None:
    port = free_port()
    keeper.keep(program(tmp_path, SERVER, str(port)))
    keeper.wait_until_healthy(f"http://127.0.0.1:{port}/health")


def test_a_program_that_ends_instead_of_answering_is_named_with_its_last_words(
    keeper: Keeper, tmp_path: Path
) -> None:
    keeper.keep(program(tmp_path, "print('no such database')"))
    with pytest.raises(ProgramFailed, match=r"The sample ended \(no such database\); see .*sample\.log"):
        keeper.wait_until_healthy(f"http://127.0.0.1:{free_port()}/health")


def test_a_program_that_dies_is_started_again_and_again(keeper: Keeper, tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    keeper.keep(program(tmp_path, APPEND_AND_END, str(starts)))
    watching = threading.Thread(target=keeper.watch)
    watching.start()
    while not (starts.exists() and len(starts.read_text().splitlines()) >= 3):
        watching.join(0.01)
    keeper.stop()
    watching.join()
    assert len(set(starts.read_text().splitlines())) >= 3


def test_the_longer_a_program_fails_the_later_it_is_started_again(
    keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "FIRST_DELAY_SECONDS", 1.0)
    keeper.keep(program(tmp_path, "raise SystemExit(1)"))
    kept = keeper._kept[0]
    kept.delay = 1.0
    kept.process.wait()
    now = kept.started
    delays = []
    for _ in range(8):
        keeper._look_after(kept, now)
        assert kept.next_start is not None
        delays.append(kept.next_start - now)
        now = kept.next_start
        keeper._look_after(kept, now)
        kept.process.wait()
    assert delays == [1, 2, 4, 8, 16, 30, 30, 30]


@pytest.mark.parametrize("delay", ["0", "0.5"])
def test_programs_end_when_their_keeper_is_killed(tmp_path: Path, delay: str) -> None:
    """Also one that had not got as far as asking to be told of its keeper's death."""
    setpriv = shutil.which("setpriv")
    assert setpriv, "the tests' set-up installs util-linux"
    slow = tmp_path / "setpriv"
    slow.write_text(f'#!/bin/sh\nsleep {delay}\nexec {setpriv} "$@"\n')
    slow.chmod(0o755)
    code = (
        "import sys, time; from pathlib import Path; from demo.keeper import Keeper;"
        "from demo.programs import Program;"
        "k = Keeper(print);"
        "k.keep(Program(name='x', command=[sys.executable, '-c', 'import time; time.sleep(60)'],"
        f" log=Path({str(tmp_path)!r}) / 'x.log')); print(k._kept[0].process.pid, flush=True); time.sleep(60)"
    )
    read_end, write_end = os.pipe()
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", code],
        {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        },
        file_actions=[(os.POSIX_SPAWN_DUP2, write_end, 1)],
    )
    os.close(write_end)
    with os.fdopen(read_end) as said:
        child = int(said.readline())
    watched = os.pidfd_open(child)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert select.select([watched], [], [], 10)[0], "the program outlived its keeper"
    os.close(watched)


def test_a_program_that_runs_to_its_end_must_end_well(tmp_path: Path) -> None:
    run_once(program(tmp_path, "print('fine')"), threading.Event())
    with pytest.raises(ProgramFailed, match=r"failed \(the cloud cannot be reached\)"):
        run_once(
            program(tmp_path, "print('the cloud cannot be reached'); raise SystemExit(1)"), threading.Event()
        )
