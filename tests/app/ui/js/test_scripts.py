"""The page's scripts: their logic, under a JavaScript runtime, and how browsers get them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.ui.base import templating
from app.ui.base.templating import load_scripts, script_url, scripts_version

ROOT = Path(__file__).resolve().parents[4]
IMPORT = re.compile(r'^(?:import|export) (?:[^;]*? from )?"([^"]+)";$', re.MULTILINE)


def test_the_logic_of_the_scripts_does_what_its_tests_say() -> None:
    command = [sys.executable, "-m", "deno", "test", "--no-check", "--cached-only"]
    plain = {**os.environ, "NO_COLOR": "1"}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=plain)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(r"ok \| \d\d passed \| 0 failed", ended.stdout)


def test_a_browser_without_a_login_gets_every_script_and_may_keep_it(stranger: TestClient) -> None:
    for name in load_scripts():
        answer = stranger.get(script_url(name))
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/javascript")
        assert "immutable" in answer.headers["cache-control"]


def test_a_script_of_another_version_is_not_kept(stranger: TestClient) -> None:
    answer = stranger.get("/ui/js/000000000000/page.js")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert stranger.get("/ui/js/000000000000/none.js").status_code == 404


def test_one_changed_script_changes_the_address_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def version(text: str) -> str:
        (tmp_path / "dom.js").write_text(text)
        load_scripts.cache_clear()
        scripts_version.cache_clear()
        return scripts_version()

    monkeypatch.setattr(templating, "_SCRIPTS", tmp_path)
    assert version("let a") != version("let b")
    load_scripts.cache_clear()
    scripts_version.cache_clear()


def test_scripts_import_only_each_other_and_stay_readable() -> None:
    scripts = templating._SCRIPTS
    for name, content in load_scripts().items():
        text = content.decode()
        assert text.startswith("// @ts-check\n"), name
        assert len(text.splitlines()) < 400, name
        for address in IMPORT.findall(text):
            assert address.startswith("."), f"{name} imports {address}"
            assert ((scripts / name).parent / address).resolve().relative_to(scripts).as_posix() in load_scripts()
    for folder in {(scripts / name).parent for name in load_scripts()}:
        assert len(list(folder.glob("*.js"))) <= 14, folder


def test_templates_and_styles_stay_readable() -> None:
    ui = ROOT / "app" / "ui"
    for path in [*(ui / "templates").glob("*.html"), *(ui / "static").glob("*.css")]:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) < 400, path.name
        assert max(map(len, lines)) <= 120, path.name
