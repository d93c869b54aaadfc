"""Deployment template: it names only existing settings and commands, and no secret."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from vmodel.config import Settings

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = parsed["services"]
    return found


def test_every_setting_exists(services: dict[str, Any]) -> None:
    known = {f"VMODEL_{name.upper()}" for name in Settings.model_fields}
    for name in ("api", "worker"):
        assert {each for each in services[name]["environment"] if each.startswith("VMODEL_")} <= known


@pytest.mark.parametrize("service", ["api", "worker"])
def test_every_command_and_flag_exists(services: dict[str, Any], service: str) -> None:
    from app.cli.main import app

    name, *flags = services[service]["command"]
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    options = {text for parameter in command.params for text in parameter.opts}
    assert {flag for flag in flags if flag.startswith("--")} <= options


def test_secrets_come_from_the_environment_and_stand_in_the_example() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{([A-Z_]+)", text))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert asked == set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))
    assert not re.findall(r"(?:PASSWORD|SECRET|FILES_KEY)=.+", example)


def test_every_container_has_bounds_and_no_privileges(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert {"mem_limit", "cpus", "pids_limit"} <= service.keys(), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged"), name
    # They begin as root and then serve as their folder's owner; nothing else is added to what is dropped.
    assert {name for name, service in services.items() if "cap_add" in service} == {"proxy", "postgres", "seaweedfs"}


@pytest.mark.parametrize("service", ["api", "worker"])
def test_the_service_cannot_write_its_own_code(services: dict[str, Any], service: str) -> None:
    assert services[service]["read_only"]
    written = {each.split(":")[1] for each in services[service]["volumes"]}
    assert not any("/app".startswith(path) or path.startswith("/app") for path in written)
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    before, _, after = image.partition("\nUSER 10001\n")
    assert "COPY" in before
    assert not re.search(r"^(COPY|ADD|USER)", after, re.MULTILINE)
    assert "--chown" not in image
    made = re.findall(r"install -d -o vmodel -g vmodel (.+)", image)
    assert [set(line.split()) for line in made] == [written]


def test_only_migrations_have_the_password_of_the_tables_owner(services: dict[str, Any]) -> None:
    owner = "VMODEL_OWNER_DATABASE_URL"
    assert {name for name, service in services.items() if owner in str(service)} == {"migrate"}
    assert services["migrate"]["command"] == ["admin", "migrate"]
    for name in ("api", "worker"):
        assert "postgresql://vmodel_app:" in services[name]["environment"]["DATABASE_URL"]
        assert "${POSTGRES_PASSWORD" not in str(services[name])
    assert services["api"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_a_worker_has_longer_to_leave_than_its_picture_may_take(services: dict[str, Any]) -> None:
    worker = services["worker"]
    drain_s = int(worker["command"][worker["command"].index("--drain") + 1])
    assert int(worker["stop_grace_period"].removesuffix("s")) > drain_s


def test_the_image_can_back_up_the_database_beside_it(services: dict[str, Any]) -> None:
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    debian = re.search(r"^FROM python:\S+-slim-(\w+)$", image, re.MULTILINE)
    assert debian is not None
    assert " postgresql-client " in image
    client_of = {"bookworm": "15", "trixie": "17"}
    assert services["postgres"]["image"] == f"postgres:{client_of[debian.group(1)]}"


def test_every_setting_stands_in_the_operators_table() -> None:
    lines = (ROOT / "docs" / "service.md").read_text(encoding="utf-8").splitlines()
    told = {name for line in lines if line.startswith("| `") for name in re.findall(r"`(VMODEL_[A-Z_]+)`", line)}
    assert told == {f"VMODEL_{name.upper()}" for name in Settings.model_fields}
