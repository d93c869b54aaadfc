"""Work in a bounded process: what it returns and refuses comes back, and what it takes too much of ends it alone."""

from __future__ import annotations

import io
import os
import pickle
import socket
from collections import Counter
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

import numpy as np
import pytest

from vmodel.core import bounded_process
from vmodel.core.bounded_process import BoundExceeded, run_bounded, start_ahead
from vmodel.errors import PhotoTooLarge
from vmodel.types import ByteArray, Category, FlatLay


def echo(content: object) -> object:
    return content


def where(again: bool = True) -> tuple[int, int]:
    return os.getpid(), run_bounded(where, False)[0] if again else 0


def spin() -> None:
    while True:
        pass


def fill(size: int) -> int:
    return len(bytearray(size))


def refuse() -> None:
    raise PhotoTooLarge("film.mp4", 99.0, 9.0)


def fault() -> None:
    raise KeyError("a fault of the program")


def call(host: str, port: int) -> None:
    socket.create_connection((host, port))


def write(path: str) -> int:
    return Path(path).write_bytes(b"content")


def settings() -> list[str]:
    return [name for name in os.environ if name.startswith("VMODEL_")]


def variables(*names: str) -> list[str | None]:
    return [os.environ.get(name) for name in names]


def functions() -> object:
    return os.system


def test_arrays_drawings_and_own_classes_come_back() -> None:
    root = Element("svg", {"id": "a"})
    SubElement(root, "g").text = "x"
    shade = FlatLay("a.svg", "00", np.zeros((2, 3, 3), np.uint8), np.full((2, 3), 0.5))
    large: ByteArray = np.arange(3_000_000, dtype=np.uint8)
    drawn, found, pixels, kind = run_bounded(echo, (root, shade, large, Category.TOP))  # type: ignore[misc]
    assert drawn[0].text == "x"
    assert found.alpha.tolist() == shade.alpha.tolist()  # type: ignore[union-attr]
    assert np.array_equal(pixels, large)
    assert kind is Category.TOP


def test_work_within_bounded_work_stays_in_the_same_process() -> None:
    outer, inner = run_bounded(where)
    assert outer == inner != os.getpid()


def test_a_refusal_comes_back_as_it_was_raised() -> None:
    with pytest.raises(PhotoTooLarge) as refused:
        run_bounded(refuse)
    assert str(refused.value) == str(PhotoTooLarge("film.mp4", 99.0, 9.0))
    assert refused.value.__dict__ == PhotoTooLarge("film.mp4", 99.0, 9.0).__dict__


def test_a_fault_of_the_program_comes_back_with_its_traceback() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)in fault.*KeyError: 'a fault of the program'"):
        run_bounded(fault)


def test_work_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_process, "LONGEST_S", 1)
    with pytest.raises(BoundExceeded, match="takes more than 1 s"):
        run_bounded(spin)


def test_work_that_fills_the_memory_is_ended() -> None:
    assert run_bounded(fill, 10**8) == 10**8
    with pytest.raises(BoundExceeded, match="takes too much memory"):
        run_bounded(fill, 3 * 10**9)


def test_work_reaches_no_network_no_file_and_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VMODEL_SECRET", "secret")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with pytest.raises(RuntimeError, match="PermissionError: socket"):
            run_bounded(call, *listening.getsockname())
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()
    with pytest.raises(RuntimeError, match="OSError"):
        run_bounded(write, str(tmp_path / "file"))
    assert run_bounded(settings) == []


@pytest.mark.parametrize("answer", [Counter("a"), Path("a")])
def test_an_answer_holds_no_other_classes(answer: object) -> None:
    with pytest.raises(Exception, match="is no part of an answer"):
        run_bounded(echo, answer)


def test_an_answer_holds_no_functions() -> None:
    with pytest.raises(Exception, match="is no part of an answer"):
        run_bounded(functions)


@pytest.mark.parametrize("name", ["subprocess.Popen", "Callable", "run_bounded"])
def test_an_answer_holds_nothing_that_own_modules_merely_import(name: str) -> None:
    module = b"vmodel.core.bounded_process"
    crafted = b"\x80\x04\x8c" + bytes([len(module)]) + module + b"\x8c" + bytes([len(name)]) + name.encode() + b"\x93."
    with pytest.raises(pickle.UnpicklingError, match="is no part of an answer"):
        bounded_process._Answer(io.BytesIO(crafted)).load()


def test_a_process_knows_its_home_and_where_packages_of_a_user_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nowhere")
    monkeypatch.setenv("PYTHONUSERBASE", "/packages")
    assert run_bounded(variables, "HOME", "PYTHONUSERBASE") == ["/nowhere", "/packages"]


def test_a_process_started_ahead_does_the_next_work_of_its_kind() -> None:
    bounded_process._STATE.end()  # tests of sewing patterns in the same process leave one waiting for the next pattern
    start_ahead(where)
    ahead = bounded_process._STATE.ahead
    assert ahead is not None
    assert run_bounded(echo, 1) == 1
    assert run_bounded(where)[0] == ahead.pid
    assert run_bounded(where)[0] != ahead.pid
