"""What every test has: no screen needed, no unexpected log, no silent skip, hazards that exist."""

import logging
import os
import re
from collections.abc import Generator, Iterator

import pytest

from shell.native.constants import keep_constants
from tests.support.postgresql import postgresql_cluster, postgresql_programs
from tests.support.statements import Watch, watching

# Before anything imports Qt. A test of a real window starts a screen of its own and a process with its own
# environment.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_QUICK_BACKEND", "software")
os.environ.setdefault("QTWEBENGINE_CHROMIUM_FLAGS", "--log-level=3 --disable-gpu")
if hasattr(os, "geteuid") and os.geteuid() == 0:
    # Chromium refuses to start its sandbox for root; tests of the sandbox run as another user.
    os.environ.setdefault("QTWEBENGINE_DISABLE_SANDBOX", "1")

ACCEPTED_SKIP_REASONS = (
    re.compile(r"needs \.\./shared"),  # data from outside the repository
    re.compile(r"needs Windows"),  # the other half of the native windows
)
"""What may be missing on the machine that decides; any other skipped test fails there (CI=true)."""


def pytest_configure() -> None:
    """Keep PySide's calls from wearing out what they return in a long run."""
    keep_constants()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--soak`, which runs the long tests too."""
    parser.addoption("--soak", action="store_true", help="run the long tests (marker soak) as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests out unless `--soak` is given; refuse a hazard marker without an id.

    Tests that start the real programs come first and, with `-n`, one after the other in one process: they are
    the slowest, and each wants the machine for itself.
    """
    for item in items:
        for marker in item.iter_markers("hazard"):
            if len(marker.args) != 1 or not re.fullmatch(r"H\d\d", str(marker.args[0])):
                raise pytest.UsageError(f"{item.nodeid}: the hazard marker takes one id, as in H01")
    if not config.getoption("--soak"):
        soak = [item for item in items if item.get_closest_marker("soak")]
        if soak:
            config.hook.pytest_deselected(items=soak)
            items[:] = [item for item in items if item not in soak]
    items.sort(key=lambda item: item.get_closest_marker("end_to_end") is None)
    for item in items:
        if item.get_closest_marker("end_to_end"):
            item.add_marker(pytest.mark.xdist_group("end_to_end"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failure where CI=true, unless its reason is an accepted one."""
    report = yield
    is_skip = report.skipped and not hasattr(report, "wasxfail")
    if is_skip and os.environ.get("CI") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(accepted.search(reason) for accepted in ACCEPTED_SKIP_REASONS):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} was skipped, and may not be here: {reason}"
    return report


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The URL of a PostgreSQL of the tests' own, one for each process that runs tests."""
    programs = postgresql_programs()
    if programs is None:
        pytest.skip("needs PostgreSQL's programs (package postgresql)")
    with postgresql_cluster(programs, is_durable=False) as url:
        yield url


@pytest.fixture(scope="session")
def statement_watch() -> Iterator[Watch]:
    """Sees every statement to the cloud's tables that this process sends."""
    watch = Watch()
    with watching(watch):
        yield watch


@pytest.fixture(autouse=True)
def _one_practice_a_statement(statement_watch: Watch) -> Iterator[None]:
    """Fail a test that sent a statement which does not name one practice."""
    yield
    faults = list(dict.fromkeys(statement_watch.faults))
    statement_watch.faults.clear()
    if faults:
        pytest.fail("every statement names one practice:\n" + "\n".join(faults), pytrace=False)


@pytest.fixture
def expected_logs() -> list[str]:
    """Texts (parts of them) that this test expects to be logged at WARNING or above: append them."""
    return []


@pytest.fixture(autouse=True)
def _no_unexpected_log(caplog: pytest.LogCaptureFixture, expected_logs: list[str]) -> Iterator[None]:
    """Fail a test in which something was logged at WARNING or above that it did not expect."""
    yield
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    unexpected = [
        f"{record.levelname} {record.name}: {record.getMessage()}"
        for record in records
        if record.levelno >= logging.WARNING
        and not any(text in record.getMessage() for text in expected_logs)
    ]
    if unexpected:
        pytest.fail(
            "logged, and not expected (fixture expected_logs):\n" + "\n".join(unexpected), pytrace=False
        )
