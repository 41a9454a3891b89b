from pathlib import Path

from demo.check.scene import LONGEST_LINE, MOST_LINES, last_lines, logs_of


def test_the_end_of_each_log_is_told_and_no_more(tmp_path: Path) -> None:
    folder = Path(logs_of(tmp_path)) / "reference" / "logs"
    folder.mkdir(parents=True)
    (folder / "shell.log").write_text("\n".join(f"line {number}" for number in range(100)))
    (folder / "cloud.log").write_bytes(b"\xff" * 10_000)
    told = last_lines(tmp_path).splitlines()
    assert len(told) == MOST_LINES + 1
    assert told[-1] == "shell.log: line 99"
    assert max(map(len, told)) <= len("cloud.log: ") + LONGEST_LINE
