"""A cloud and a bridge as processes of their own, over one small practice."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from joserfc.jwk import ECKey

from tests.legacy_bridge.support.mirror import stages
from tests.legacy_bridge.support.small_practice import ODS, SmallPractice
from tests.support.waiting import until
from web_modules.decision.flags import flagd_document
from web_modules.fhir.client import FhirClient
from web_modules.fhir.errors import FhirError
from web_modules.fhir.transport import HttpTransport

TOKEN = "0123456789abcdef0123"
LONGEST_SECONDS = 20.0


class Programs:
    """A cloud and a bridge, each a process of its own."""

    def __init__(self, practice: SmallPractice, folder: Path, *, has_key: bool = False) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        flags = folder / "flags.json"
        flags.write_text(json.dumps(flagd_document(stages())), encoding="utf-8")
        self.folder = folder
        self.log = folder / "bridge.log"
        self.fhir = f"http://127.0.0.1:{port}/{ODS}/fhir"
        self.transport = HttpTransport(self.fhir, token=TOKEN)
        self.client = FhirClient(self.transport)
        self.variables = {"BANYAN_BRIDGE_TOKEN": TOKEN}
        if has_key:
            self._register()
        self.options = ["--practice", ODS, "--legacy", practice.url, "--fhir", self.fhir]
        self.options += ["--flags", str(flags), "--journal", str(folder / "journal.sqlite")]
        database = f"sqlite:///{folder / 'cloud.sqlite'}"
        self.cloud = self._start("web_modules", "serve", "--port", str(port), "--database", database)
        self.bridge: subprocess.Popen[bytes] | None = None
        try:
            until(self._answers, "the cloud answers")
        except BaseException:
            self.end()
            raise

    def start_bridge(self) -> None:
        """Start the bridge."""
        self.bridge = self._start("legacy_bridge", "run", *self.options)

    def kill_bridge(self) -> None:
        """Kill it as a crash would."""
        assert self.bridge is not None
        self.bridge.send_signal(signal.SIGKILL)
        self.bridge.wait()

    def end(self) -> None:
        """End both."""
        for one in (self.bridge, self.cloud):
            if one is not None and one.poll() is None:
                one.terminate()
                one.wait(timeout=LONGEST_SECONDS)
        self.transport.close()

    def ask(self, *arguments: str, largest_file: int | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command of the bridge to its end; no file of it grows beyond so many bytes."""
        room = [] if largest_file is None else ["prlimit", f"--fsize={largest_file}"]
        return subprocess.run(
            [*room, sys.executable, "-m", "legacy_bridge", *arguments],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.variables, "BANYAN_CLOUD_SERVICE_TOKEN": TOKEN}

    def _register(self) -> None:
        """Give the bridge a key, which the cloud knows, instead of the token."""
        key, known = self.folder / "key.json", self.folder / "clients.json"
        made = ECKey.generate_key("P-384", {"kid": "one"})
        key.write_text(json.dumps(made.as_dict(private=True)))
        client = {"id": "bridge", "scopes": "system/*.cruds", "clearance": ["R", "V"]}
        known.write_text(
            json.dumps({"clients": [client | {"jwks": {"keys": [made.as_dict(private=False)]}}]})
        )
        self.variables = {"BANYAN_BRIDGE_CLIENT_ID": "bridge", "BANYAN_BRIDGE_CLIENT_KEY": str(key)}
        self.variables["BANYAN_CLOUD_CLIENTS"] = str(known)

    def _start(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env=self._environment(),
                stdout=log if module == "legacy_bridge" else subprocess.DEVNULL,
                stderr=log if module == "legacy_bridge" else subprocess.DEVNULL,
            )

    def _answers(self) -> bool:
        try:
            self.client.capabilities()
        except FhirError:
            return False
        return True
