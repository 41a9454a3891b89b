"""What goes wrong, by a seed: at every input and output of the bridge, before it, after it and meanwhile."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from legacy_bridge.errors import SideUnavailable
from web_modules.fhir.errors import FhirUnavailable
from web_modules.fhir.resource_json import parse, serialise
from web_modules.fhir.transport import FhirRequest, FhirResponse, Transport


class Killed(BaseException):
    """The bridge was killed: nothing catches this but the world."""


class Faults:
    """Decides what goes wrong; the world lets time pass and people work meanwhile.

    Attributes:
        reached: how often each fault came, by its name.
        is_on: nothing goes wrong while this is False.
        until: a fault that lasts, and the second at which it ends.
    """

    def __init__(self, seed: int, seconds: Callable[[], float]) -> None:
        self.random = random.Random(seed)
        self.reached: Counter[str] = Counter()
        self.is_on = True
        self.chance = 0.05
        self.until: dict[str, float] = {}
        self.meanwhile: Callable[[], None] = lambda: None
        self.pause: Callable[[float], None] = lambda _: None
        self.sites = 0
        self.fail_at: Callable[[int, str], str | None] = lambda _number, _site: None
        self._seconds = seconds

    def lasts(self, name: str, seconds: float) -> None:
        """Begin a fault that lasts."""
        self.until[name] = self._seconds() + seconds
        self.reached[name] += 1

    def holds(self, name: str) -> bool:
        """Whether a fault that lasts goes on."""
        return self.is_on and self.until.get(name, 0.0) > self._seconds()

    def picks(self, *names: str, often: float = 1.0) -> str | None:
        """One of some faults, or mostly none; counted."""
        if not self.is_on or self.random.random() >= self.chance * often:
            return None
        name = self.random.choice(names)
        self.reached[name] += 1
        return name

    def at(self, site: str, effect: Callable[[], Any], *, lasting: tuple[str, ...], writes: bool) -> Any:
        """Do what a side is asked for, or not, or do it and lose the answer, or be killed."""
        self.sites += 1
        planned = self.fail_at(self.sites, site)
        if planned is not None:
            self.reached[planned] += 1
        if planned == "fails" or any(self.holds(one) for one in lasting):
            raise SideUnavailable(f"{site} does not answer.")
        if self.is_on and self.random.random() < 0.1:
            self.meanwhile()
        kinds = (
            ("killed before", "killed after", "fails", "answer lost")
            if writes
            else ("fails", "killed before")
        )
        fault = planned or self.picks(*(f"{site.partition('.')[0]} {one}" for one in kinds))
        word = "" if fault is None else fault.partition(" ")[2] or fault
        if word == "killed before":
            raise Killed
        if word == "fails":
            raise SideUnavailable(f"{site} does not answer.")
        answer = effect()
        if word == "killed after":
            raise Killed
        if word == "answer lost":
            raise SideUnavailable(f"{site} does not answer.")
        return answer


class Faulty:
    """A side with faults at its inputs and outputs.

    Args:
        side: the real side.
        name: what it is called in the report.
        faults: what goes wrong.
        reads, writes: its methods that have faults; all others have none.
        lasting: faults that last and concern it; those ending with ` writes` only its writes.
    """

    def __init__(
        self, side: Any, name: str, faults: Faults, *, reads: str, writes: str, lasting: tuple[str, ...]
    ) -> None:
        self._side = side
        for method in (reads + " " + writes).split():
            setattr(self, method, self._wrapped(method, name, faults, method in writes.split(), lasting))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._side, name)

    def _wrapped(
        self, method: str, name: str, faults: Faults, is_write: bool, lasting: tuple[str, ...]
    ) -> Any:
        lasts = tuple(one for one in lasting if is_write or not one.endswith(" writes"))

        def call(*positional: Any, **named: Any) -> Any:
            found = getattr(self._side, method)
            return faults.at(
                f"{name}.{method}", lambda: found(*positional, **named), lasting=lasts, writes=is_write
            )

        return call


class Network:
    """Carries requests to the server: loses them or their answers, repeats, holds back, or says no."""

    _OF_ALL = (
        "request lost",
        "reply lost",
        "slow",
        "429",
        "503",
        "500",
        "token expired",
        "killed before",
        "killed after",
    )
    _OF_WRITES = ("duplicate", "late", "409", "410", "412", "422", "partial bundle")
    _BUSY_SECONDS = 3

    def __init__(self, server: Transport, faults: Faults) -> None:
        self._server = server
        self._faults = faults
        self._late: list[FhirRequest] = []

    def send(self, request: FhirRequest) -> FhirResponse:
        """See `Transport.send`."""
        faults = self._faults
        writes = request.method != "GET"
        site = f"cloud.{request.method}"
        faults.sites += 1
        planned = faults.fail_at(faults.sites, site)
        if planned is not None:
            faults.reached[planned] += 1
        if planned == "fails" or faults.holds("cloud unreachable"):
            raise FhirUnavailable("No answer.")
        if faults.holds("token expired"):
            return _refusal(401)
        if faults.is_on and faults.random.random() < 0.1:
            faults.meanwhile()
        kinds = self._OF_ALL + (self._OF_WRITES if writes else ())
        fault = planned or faults.picks(*(f"cloud {one}" for one in kinds), often=3.0 if writes else 1.0)
        word = "" if fault is None else fault.removeprefix("cloud ")
        answer = self._before(word, request)
        if answer is not None:
            return answer
        answer = self._server.send(request)
        if word == "duplicate":
            self._server.send(request)
        self._deliver_late()
        if word == "killed after":
            raise Killed
        if word in ("reply lost", "answer lost") or faults.holds("cloud answers lost"):
            raise FhirUnavailable("No answer: the reply was lost.")
        return answer

    def _before(self, word: str, request: FhirRequest) -> FhirResponse | None:
        if word == "killed before":
            raise Killed
        if word == "request lost":
            raise FhirUnavailable("No answer: the request was lost.")
        if word == "late":
            self._late.append(request)
            raise FhirUnavailable("No answer: the request is still on its way.")
        if word == "slow":
            self._faults.pause(self._faults.random.uniform(1, 20))
        if word == "token expired":
            self._faults.lasts("token expired", 4)
            return _refusal(401)
        if word == "partial bundle":
            return self._partial(request)
        return _refusal(int(word), self._BUSY_SECONDS) if word.isdigit() else None

    def _partial(self, request: FhirRequest) -> FhirResponse:
        """A server that breaks off in the middle and keeps what it had done: no FHIR server should."""
        if request.path == "":
            bundle = parse(request.body)
            entries = bundle.get("entry", [])
            bundle["entry"] = entries[: len(entries) // 2]
            self._server.send(
                FhirRequest(method="POST", path="", headers=request.headers, body=serialise(bundle))
            )
        return _refusal(500)

    def _deliver_late(self) -> None:
        late, self._late = self._late, []
        for one in late:
            self._server.send(one)


def _refusal(status: int, retry_after: int | None = None) -> FhirResponse:
    headers = {"retry-after": str(retry_after)} if status in (429, 503) and retry_after else {}
    code = "throttled" if status in (429, 503) else "processing"
    body = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}]}
    return FhirResponse(status=status, headers=headers, body=serialise(body))
