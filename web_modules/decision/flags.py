"""Reads where each function stands from a flagd file, through OpenFeature, without a network.

The file holds one string flag `stage.<function>` and one boolean flag `stopped.<function>` for each
function. An edit is taken up within `reload_milliseconds`; an edit that cannot be read, or that names
an unknown stage, changes nothing: what was good last stays, and `trouble` says why.
"""

import json
import logging
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import OpenFeatureError

from web_modules.decision.decision import Standing
from web_modules.decision.errors import FlagFileUnreadable
from web_modules.decision.words import Function, Stage

if TYPE_CHECKING:
    from openfeature.client import OpenFeatureClient
    from openfeature.contrib.provider.flagd import FlagdProvider
    from openfeature.event import EventDetails

_LOG = logging.getLogger(__name__)

RELOAD_MILLISECONDS = 200  # how long an edit of the file may take to be seen; looking costs one stat()


class FlagFile:
    """Where every function stands at one practice, kept true to a flagd file.

    The first reading is by flagd's own evaluator, so that a window need not wait for the provider, which
    loads gRPC; from `watch` on every reading is the provider's. It watches the file on a thread of its own.
    `standings` may be called from any thread; `on_change` is called on the provider's or on `watch`'s thread.
    """

    def __init__(
        self,
        path: Path,
        *,
        practice: str,
        environment: str,
        on_change: Callable[[], None] | None = None,
        is_watched: bool = True,
    ) -> None:
        """Read the file and begin to watch it.

        Args:
            path: the flagd file.
            practice: the ODS code, offered to targeting rules as `practice`.
            environment: offered to targeting rules as `environment`.
            on_change: called after each edit that changed where a function stands, or was refused, or is good
                again after one that was.
            is_watched: False: only read now; whoever made this calls `watch` soon, on a thread of its own.

        Raises:
            FlagFileUnreadable: the file is missing, is not flagd JSON, or names an unknown stage.
        """
        self._path = path
        self._context = EvaluationContext(
            targeting_key=practice, attributes={"practice": practice, "environment": environment}
        )
        self._on_change = on_change
        self.trouble: str | None = None
        self._taking_up = Lock()
        self._provider: FlagdProvider | None = None
        self._client: OpenFeatureClient | None = None
        self._good = self._first_reading()
        if is_watched:
            self.watch()

    def standings(self) -> Mapping[Function, Standing]:
        """Where every function stands, by the last edit that could be read."""
        return self._good

    def watch(self) -> None:
        """Begin to watch, once, and take up what was edited since. Blocks while gRPC is loaded."""
        from openfeature import api
        from openfeature.contrib.provider.flagd import FlagdProvider
        from openfeature.contrib.provider.flagd.config import ResolverType
        from openfeature.event import ProviderEvent

        # OpenFeature keeps its providers in one registry: a domain of our own keeps two files apart.
        domain = f"banyan-{uuid.uuid4()}"
        self._provider = FlagdProvider(
            resolver_type=ResolverType.FILE,
            offline_flag_source_path=str(self._path),
            deadline_ms=RELOAD_MILLISECONDS,
        )
        _quiet_repeated_complaints()
        self._client = api.get_client(domain=domain)
        try:
            api.set_provider_and_wait(self._provider, domain=domain)
        except OpenFeatureError:
            self._failed(None)
        self._client.add_handler(ProviderEvent.PROVIDER_CONFIGURATION_CHANGED, self._changed)
        self._client.add_handler(ProviderEvent.PROVIDER_ERROR, self._failed)
        if self.trouble is None:
            self._changed(None)

    def close(self) -> None:
        """Stop watching; not while `watch` runs."""
        if self._client is None or self._provider is None:
            return
        from openfeature.event import ProviderEvent

        self._client.remove_handler(ProviderEvent.PROVIDER_CONFIGURATION_CHANGED, self._changed)
        self._client.remove_handler(ProviderEvent.PROVIDER_ERROR, self._failed)
        self._provider.shutdown()

    def _first_reading(self) -> dict[Function, Standing]:
        evaluator = FlagdCore()
        try:
            evaluator.set_flags(_document(self._path))
        except (OpenFeatureError, ValueError, TypeError, AttributeError) as error:
            raise FlagFileUnreadable(f"The flag file {self._path} cannot be read as flagd JSON.") from error

        def stage(key: str) -> str | None:
            try:
                return evaluator.resolve_string_value(key, "", self._context).value
            except OpenFeatureError:
                return None

        def is_stopped(key: str) -> bool:
            try:
                return evaluator.resolve_boolean_value(key, False, self._context).value
            except OpenFeatureError:
                return False

        return self._standings(stage, is_stopped)

    def _reading(self, client: "OpenFeatureClient") -> dict[Function, Standing]:
        def stage(key: str) -> str | None:
            said = client.get_string_details(key, "", self._context)
            return said.value if said.error_code is None else None

        return self._standings(stage, lambda key: client.get_boolean_value(key, False, self._context))

    def _standings(
        self, stage_of: Callable[[str], str | None], is_stopped: Callable[[str], bool]
    ) -> dict[Function, Standing]:
        standings: dict[Function, Standing] = {}
        for function in Function:
            said = stage_of(f"stage.{function.value}")
            if said is None:
                raise FlagFileUnreadable(
                    f"The flag file {self._path} does not say at which stage {function.value} is: "
                    f"set the flag stage.{function.value}."
                )
            try:
                stage = Stage(said)
            except ValueError as error:
                raise FlagFileUnreadable(
                    f"The flag file {self._path} puts {function.value} at the stage {said!r}, which "
                    f"does not exist. Use one of: {', '.join(stage.value for stage in Stage)}."
                ) from error
            standings[function] = Standing(stage=stage, is_stopped=is_stopped(f"stopped.{function.value}"))
        return standings

    def _changed(self, _details: "EventDetails | None") -> None:
        assert self._client is not None  # noqa: S101 - nothing changes before `watch`
        with self._taking_up:
            try:
                standings = self._reading(self._client)
            except FlagFileUnreadable as error:
                self._say(str(error))
                return
            is_news = standings != self._good or self.trouble is not None
            self.trouble = None
            self._good = standings
        if is_news and self._on_change is not None:
            self._on_change()

    def _failed(self, _details: "EventDetails | None") -> None:
        self._say(f"The flag file {self._path} cannot be read now; what it said last still holds.")

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            _LOG.warning("flag file edit refused: %s", trouble)
            if self._on_change is not None:
                self._on_change()


def flagd_document(standings: Mapping[Function, Standing]) -> dict[str, Any]:
    """Write standings as a flagd document (flagd.dev/schema/v0/flags.json), each stage as a variant."""
    flags: dict[str, Any] = {}
    for function, standing in standings.items():
        flags[f"stage.{function.value}"] = {
            "state": "ENABLED",
            "variants": {stage.value: stage.value for stage in Stage},
            "defaultVariant": standing.stage.value,
        }
        flags[f"stopped.{function.value}"] = {
            "state": "ENABLED",
            "variants": {"on": True, "off": False},
            "defaultVariant": "on" if standing.is_stopped else "off",
        }
    return {"$schema": "https://flagd.dev/schema/v0/flags.json", "flags": flags}


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FlagFileUnreadable(f"The flag file {path} cannot be opened: {error.strerror}.") from error
    except ValueError as error:
        raise FlagFileUnreadable(f"The flag file {path} is not JSON: {error}.") from error
    if not isinstance(document, dict) or not isinstance(document.get("flags"), dict):
        raise FlagFileUnreadable(f'The flag file {path} holds no "flags".')
    return document


def _say_it_in_our_words(_record: logging.LogRecord) -> bool:
    return False


def _quiet_repeated_complaints() -> None:
    # The provider logs an unreadable file with its traceback at every look, five times a second;
    # `FlagFile` says it once.
    logging.getLogger("openfeature.contrib").addFilter(_say_it_in_our_words)
