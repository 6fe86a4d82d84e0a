"""The page's server: what it gives out, and all that it keeps to itself."""

from __future__ import annotations

import hashlib
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from zonebox.errors import InputError
from zonebox.tilepage import serving
from zonebox.tilepage.server import find_cesium

ROOM = Path(__file__).resolve().parents[2] / "src" / "zonebox" / "tilepage"


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    folder = tmp_path / "tiles"
    (folder / "层 1").mkdir(parents=True)
    (folder / "tileset.json").write_text('{"asset": {"version": "1.1"}}', encoding="utf-8")
    (folder / "层 1" / "all.glb").write_bytes(b"glTF1234")
    (folder / ".hidden").write_text("secret", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "linked").symlink_to(tmp_path, target_is_directory=True)
    return folder


@pytest.fixture
def address(tiles: Path) -> Iterator[str]:
    with serving(tiles) as at:
        yield at


def ask(address: str, path: str, *, method: str = "GET", host: str | None = None) -> tuple[int, bytes, dict[str, str]]:
    """Send a path exactly as it is written; other clients would tidy it up first."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("Host", host or urlsplit(address).netloc)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}
    finally:
        connection.close()


def test_it_listens_on_the_loopback_only(address: str) -> None:
    assert urlsplit(address).hostname == "127.0.0.1"


@pytest.mark.parametrize(("path", "kind"), [
    ("/", "text/html; charset=utf-8"), ("/page/viewer.js", "text/javascript; charset=utf-8"),
    ("/page/page.css", "text/css; charset=utf-8"), ("/page/LICENSES.txt", "text/plain; charset=utf-8"),
    ("/tiles/tileset.json", "application/json"), ("/tiles/%E5%B1%82%201/all.glb", "model/gltf-binary"),
    ("/tiles/tileset.json?v=1", "application/json"),
])
def test_it_serves_the_page_and_the_tiles(address: str, path: str, kind: str) -> None:
    status, body, headers = ask(address, path)
    assert (status, headers["content-type"], headers["x-content-type-options"]) == (200, kind, "nosniff")
    assert int(headers["content-length"]) == len(body) > 0
    assert ask(address, path, method="HEAD")[:2] == (200, b"")


@pytest.mark.parametrize("path", [
    "/tiles/../secret.txt", "/tiles/%2e%2e/secret.txt", "/tiles/..%2fsecret.txt", "/tiles/%2e%2e%2fsecret.txt",
    "/tiles/..\\secret.txt", "/tiles/..%5csecret.txt", "/tiles//etc/passwd", "//etc/passwd", "/etc/passwd",
    "/tiles/%2fetc/passwd", "/tiles/%00", "/tiles/C:/x", "/tiles/.hidden", "/tiles/link.txt",
    "/tiles/linked/secret.txt", "/tiles", "/tiles/", "/tiles/linked", "/page/", "/page/../server.py",
    "/page/../source/viewer.js", "/cesium/Cesium.js", "/server.py", "/tiles/missing.glb",
    "/tiles/tileset.json/x", "tiles/tileset.json", "/" + "a" * 5000,
])
def test_nothing_outside_the_folders_is_served(address: str, path: str) -> None:
    status, body, _ = ask(address, path)
    assert status in (400, 404)
    assert b"secret" not in body
    assert b"root:" not in body


def test_a_page_among_the_tiles_is_no_page(address: str, tiles: Path) -> None:
    """What comes with the data is data: a browser shows and runs none of it."""
    for name in ("evil.html", "evil.js", "evil.svg"):
        (tiles / name).write_text("<script>alert(1)</script>", encoding="utf-8")
        assert ask(address, f"/tiles/{name}")[2]["content-type"] == "application/octet-stream"


def test_only_reading_is_answered(address: str) -> None:
    verbs = ("POST", "PUT", "DELETE", "OPTIONS")
    assert {ask(address, "/tiles/tileset.json", method=verb)[0] for verb in verbs} == {501}


def test_a_name_that_is_made_to_point_here_is_refused(address: str) -> None:
    port = urlsplit(address).port
    assert ask(address, "/", host=f"evil.example:{port}")[0] == 403
    assert ask(address, "/", host=f"localhost:{port}")[0] == 200


def test_scripts_come_from_here_alone(address: str) -> None:
    policy = ask(address, "/")[2]["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "'unsafe-inline'" not in rules["script-src"]
    assert "'unsafe-eval'" not in rules["script-src"].split()
    assert "http" not in policy


def test_what_cannot_be_served_is_said(tmp_path: Path, tiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"no tileset\.json"), serving(tmp_path):
        pass
    with pytest.raises(InputError, match="three or cesium"), serving(tiles, client="deck"):
        pass
    monkeypatch.delenv("ZONEBOX_CESIUM", raising=False)
    with pytest.raises(InputError, match="npm install cesium"), serving(tiles, client="cesium", cesium=tmp_path):
        pass
    with serving(tiles) as first, pytest.raises(InputError, match="--port"), \
            serving(tiles, port=urlsplit(first).port or 0):
        pass


def test_cesium_is_found_where_npm_puts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "node_modules" / "cesium" / "Build" / "Cesium"
    home.mkdir(parents=True)
    (home / "Cesium.js").write_text("", encoding="utf-8")
    assert find_cesium(tmp_path) == find_cesium(tmp_path / "node_modules" / "cesium") == find_cesium(home) == home
    monkeypatch.setenv("ZONEBOX_CESIUM", str(tmp_path))
    assert find_cesium(None) == home


def test_the_bundle_is_current_and_licensed() -> None:
    """The page's scripts were made from the sources that lie beside them; `npm run bundle` there makes them anew."""
    known = json.loads((ROOM / "page" / "bundle.json").read_text(encoding="utf-8"))
    sources = {p.name for p in (ROOM / "source").iterdir() if p.suffix in {".js", ".mjs", ".json"}}
    sources.discard("package-lock.json")
    assert sources == set(known["sources"])
    for folder, files in (("source", known["sources"]), ("page", known["made"])):
        for name, said in files.items():
            assert hashlib.sha256((ROOM / folder / name).read_bytes()).hexdigest() == said, name
    licences = (ROOM / "page" / "LICENSES.txt").read_text(encoding="utf-8")
    pinned = json.loads((ROOM / "source" / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    assert f"three {pinned['three']} (MIT)" in licences
    assert f"3d-tiles-renderer {pinned['3d-tiles-renderer']} (Apache-2.0)" in licences
    assert (ROOM / "page" / "viewer.js").stat().st_size < 1_000_000


def test_the_page_names_no_other_host() -> None:
    for name in ("index.html", "globe.html", "page.css", "globe.js"):
        assert "http" not in (ROOM / "page" / name).read_text(encoding="utf-8"), name
