"""Local mirror of the hub: serves a folder of repositories under the hub's URL scheme."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Mirror(ThreadingHTTPServer):
    """Server of ``root`` that records requested revisions and byte ranges, and can break off once or always."""

    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.root = root
        self.ranges: list[str] = []
        self.revisions = set[str]()
        self.break_off_at: int | None = None
        self.breaks_off_always = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Mirror

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, with_body: bool) -> None:
        path = self.path.split("?")[0]
        if listing := re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/(\w+)", path):
            self.server.revisions.add(listing[2])
            folder = self.server.root / listing[1]
            if folder.is_dir():
                files = sorted(file for file in folder.rglob("*") if file.is_file())
                self.send(200, json.dumps([describe(file, folder) for file in files]).encode(), {}, with_body)
                return
        elif (wanted := re.fullmatch(r"/([^/]+/[^/]+)/resolve/(\w+)/(.+)", path)) is not None:
            self.server.revisions.add(wanted[2])
            file = self.server.root / wanted[1] / wanted[3]
            if file.is_file():
                self.send_file(file, wanted[2], with_body)
                return
        self.send(404, b"", {"X-Error-Code": "RepoNotFound"}, with_body)

    def send_file(self, file: Path, revision: str, with_body: bool) -> None:
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        headers = {"ETag": f'"{digest}"', "X-Repo-Commit": revision, "Accept-Ranges": "bytes"}
        asked = self.headers.get("Range")
        start = 0
        if with_body and asked is not None:
            self.server.ranges.append(asked)
            start = int(asked.removeprefix("bytes=").split("-")[0])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.send(206 if start else 200, content[start:], headers, with_body)

    def send(self, status: int, body: bytes, headers: dict[str, str], with_body: bool) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        limit = self.server.break_off_at
        if with_body and limit is not None and len(body) > limit:
            self.wfile.write(body[:limit])
            self.wfile.flush()
            self.close_connection = True
            if not self.server.breaks_off_always:
                self.server.break_off_at = None
            self.connection.close()
        elif with_body:
            self.wfile.write(body)


def describe(file: Path, folder: Path) -> dict[str, object]:
    content = file.read_bytes()
    described: dict[str, object] = {
        "type": "file",
        "path": file.relative_to(folder).as_posix(),
        "size": len(content),
        "oid": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(),
    }
    if file.suffix == ".safetensors":
        described["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    return described


@contextmanager
def serving(root: Path) -> Iterator[Mirror]:
    """Run a mirror for the duration of the block."""
    with Mirror(root) as mirror:
        thread = threading.Thread(target=mirror.serve_forever, daemon=True)
        thread.start()
        try:
            yield mirror
        finally:
            mirror.shutdown()
            thread.join()
