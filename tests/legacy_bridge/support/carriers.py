"""Executors without threads: they do what they are given at once, or when its result is asked for."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class Later(Future[Result]):
    """What is done when its result is asked for; whatever kills the bridge there is not held back."""

    def __init__(self, task: Callable[[], Result]) -> None:
        super().__init__()
        self._task = task

    def result(self, timeout: float | None = None) -> Result:
        """See `Future`."""
        self.run()
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """See `Future`."""
        self.run()
        return super().exception(timeout)

    def run(self) -> None:
        """Do it, once."""
        if not self.done():
            try:
                self.set_result(self._task())
            except Exception as error:  # noqa: BLE001 - as a thread does
                self.set_exception(error)


class InTurn(Executor):
    """Does a task at once, or, where `is_late` says so, when its result is asked for."""

    def __init__(self, is_late: Callable[[], bool] = lambda: False) -> None:
        self._is_late = is_late

    def submit(self, task: Callable[..., Any], /, *given: Any, **named: Any) -> Later[Any]:
        """See `Executor`."""
        made: Later[Any] = Later(lambda: task(*given, **named))
        if not self._is_late():
            made.run()
        return made
