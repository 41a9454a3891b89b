"""A lock is held by one process and gone with it."""

import subprocess
import sys
from pathlib import Path

from demo.locks import FileLock, is_held


def test_a_held_lock_is_refused_to_a_second(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.try_acquire()
    assert not second.try_acquire()
    assert is_held(tmp_path / "lock")
    first.release()
    assert second.try_acquire()
    second.release()


def test_a_lock_is_not_held_by_the_children_of_its_holder(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    assert lock.try_acquire()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        lock.release()
        assert not is_held(tmp_path / "lock")
        assert child.stdin is not None
        child.stdin.close()


def test_a_lock_that_was_never_taken_is_not_held(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "nobody")
    assert not (tmp_path / "nobody").exists()
