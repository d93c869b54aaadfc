"""Local time-stamp authority (RFC 3161): OpenSSL answers, with separate keys."""

from __future__ import annotations

import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
CN = A clock for tests
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[stamper]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = clock
[clock]
serial = serial
signer_cert = stamper.pem
certs = root.pem
signer_key = stamper.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class TimeStamps(ThreadingHTTPServer):
    """Server that stamps what is posted to it; ``asked`` counts requests."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Desk)
        self.folder, self.asked = folder, 0
        (folder / "openssl.cnf").write_text(_CONFIG)
        (folder / "serial").write_text("01\n")
        key = ["-newkey", "rsa:2048", "-nodes", "-config", "openssl.cnf"]
        self.openssl("req", "-x509", *key, "-keyout", "root.key", "-out", "root.pem", "-extensions", "root")
        self.openssl("req", *key, "-keyout", "stamper.key", "-out", "stamper.csr", "-subj", "/CN=A stamper")
        issued = ["-in", "stamper.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "30"]
        self.openssl(
            "x509", "-req", *issued, "-extfile", "openssl.cnf", "-extensions", "stamper", "-out", "stamper.pem"
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)


class _Desk(BaseHTTPRequestHandler):
    server: TimeStamps

    def do_POST(self) -> None:
        self.server.asked += 1
        question = self.server.folder / "question.tsq"
        question.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
        stamped = ["-config", "openssl.cnf", "-queryfile", question.name, "-out", "answer.tsr"]
        self.server.openssl("ts", "-reply", *stamped)
        answer = (self.server.folder / "answer.tsr").read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Keep requests out of the test's output."""
