"""Local shop on the web: it serves files over https, under a certificate of its own authority."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "localhost"


class ShopFront(ThreadingHTTPServer):
    """Server of ``files`` by their path; a path in ``moved`` redirects. ``asked`` records the requests."""

    def __init__(self, folder: Path, files: Mapping[str, bytes], moved: Mapping[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Desk)
        self.files, self.moved = files, moved
        self.asked: list[str] = []
        certificate = folder / "shop.pem"
        certificate.write_bytes(_certificate())
        served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        served.load_cert_chain(certificate)
        self.socket = served.wrap_socket(self.socket, server_side=True)
        self.trusted = ssl.create_default_context(cafile=certificate)

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.server_port}"


class _Desk(BaseHTTPRequestHandler):
    server: ShopFront

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        content = self.server.files.get(self.path, b"")
        moved = self.server.moved.get(self.path)
        self.send_response(302 if moved else 200 if content else 404)
        if moved:
            self.send_header("Location", moved)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep requests out of the test's output."""


def _certificate() -> bytes:
    """Return key and certificate of the host, PEM."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    start = datetime.now(UTC) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return private + certificate.public_bytes(serialization.Encoding.PEM)
