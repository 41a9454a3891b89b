"""Web assets are what was pinned, all of them or none."""

import base64
import hashlib
import io
import json
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from fetch_assets import AssetError, Package, archive_of, packages_in, unpack

ROOT = Path(__file__).parents[2]
FAKE_NPM = """
import pathlib, shutil, sys
folder = sys.argv[sys.argv.index('--pack-destination') + 1]
shutil.copy(sys.argv[1], pathlib.Path(folder) / 'scope-sample-1.0.0.tgz')
"""
"""Stands for npm: packs what it was told to, into the folder it was told."""


def archive(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "made.tgz"
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def package(made: Path, files: dict[str, list[str]]) -> Package:
    digest = base64.b64encode(hashlib.sha512(made.read_bytes()).digest()).decode()
    return Package(name="@scope/sample", version="1.0.0", sha512=digest, files=files)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder


def test_what_npm_packs_is_unpacked_where_the_list_says(tmp_path: Path, cache: Path) -> None:
    made = archive(tmp_path, {"dist/one.css": b"a {}", "dist/two.js": b"//", "LICENSE": b"MIT"})
    wanted = package(made, {"dist/*.css": ["x/assets/css", "y/assets/css"], "LICENSE": ["x/assets"]})
    fetched = archive_of(wanted, npm=[sys.executable, "-c", FAKE_NPM, str(made)], cache=cache)
    unpack(wanted, fetched, tmp_path / "out")
    found = {
        str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*") if file.is_file()
    }
    assert found == {"x/assets/css/one.css", "y/assets/css/one.css", "x/assets/LICENSE"}


def test_a_package_that_is_in_the_cache_is_not_fetched_again(tmp_path: Path, cache: Path) -> None:
    made = archive(tmp_path, {"LICENSE": b"MIT"})
    wanted = package(made, {})
    archive_of(wanted, npm=[sys.executable, "-c", FAKE_NPM, str(made)], cache=cache)
    assert archive_of(wanted, npm=["there-is-no-npm"], cache=cache).is_file()


def test_a_package_that_is_not_what_was_pinned_is_refused_and_not_kept(tmp_path: Path, cache: Path) -> None:
    made = archive(tmp_path, {"LICENSE": b"MIT"})
    wanted = package(made, {})
    other = archive(tmp_path, {"LICENSE": b"something else"})
    with pytest.raises(AssetError, match=r"not what installers/assets\.toml pins"):
        archive_of(wanted, npm=[sys.executable, "-c", FAKE_NPM, str(other)], cache=cache)
    assert not list(cache.iterdir())


def test_a_failing_npm_is_one_sentence(tmp_path: Path, cache: Path) -> None:
    wanted = package(archive(tmp_path, {}), {})
    npm = [sys.executable, "-c", "import sys; sys.exit('network is unreachable')"]
    with pytest.raises(AssetError, match=r"could not fetch @scope/sample 1.0.0 \(network is unreachable\)"):
        archive_of(wanted, npm=npm, cache=cache)


def test_a_pattern_without_a_file_is_refused(tmp_path: Path) -> None:
    made = archive(tmp_path, {"LICENSE": b"MIT"})
    with pytest.raises(AssetError, match=r"holds no \*\.css"):
        unpack(package(made, {"*.css": ["x"]}), made, tmp_path / "out")


def test_what_is_cut_out_of_a_file_is_not_put_there(tmp_path: Path) -> None:
    made = archive(tmp_path, {"a.css": b"x{}@font-face{src:url(https://far.example/f)}y{}@font-face{}"})
    wanted = replace(package(made, {"*.css": ["x"]}), cut={"*.css": r"@font-face\{[^}]*\}"})
    unpack(wanted, made, tmp_path / "out")
    assert (tmp_path / "out" / "x" / "a.css").read_bytes() == b"x{}y{}"


def test_what_is_to_be_cut_out_and_is_not_there_is_refused(tmp_path: Path) -> None:
    made = archive(tmp_path, {"a.css": b"x{}"})
    with pytest.raises(AssetError, match=r"a\.css of @scope/sample 1\.0\.0 holds no @font-face"):
        unpack(replace(package(made, {"*.css": ["x"]}), cut={"*.css": "@font-face"}), made, tmp_path / "out")


def test_every_package_of_the_list_is_pinned_by_version_and_sum() -> None:
    for entry in packages_in(ROOT / "installers" / "assets.toml"):
        assert entry.version.replace(".", "").isdigit()
        assert len(base64.b64decode(entry.sha512)) == hashlib.sha512().digest_size


def test_the_files_in_place_are_the_ones_of_the_list() -> None:
    schema = json.loads((ROOT / "web_modules/assets/fhir/fhir.schema.json").read_bytes())
    assert "Patient" in schema["definitions"]
    assert (ROOT / "web_modules/assets/nhsuk/nhsuk-frontend.min.css").stat().st_size > 100_000
    assert (ROOT / "shell/assets/fonts/open-sans-latin-600-normal.woff2").read_bytes()[:4] == b"wOF2"
