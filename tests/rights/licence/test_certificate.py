"""A certificate states the granted rights, and any change to it is detected."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vmodel.config import Settings
from vmodel.core.hashing import canonical_json
from vmodel.rights.errors import CertificateInvalid
from vmodel.rights.licence.certificate import (
    Licence,
    WeightsUsed,
    check_certificate,
    end_of_term,
    moment_text,
    sign_licence,
)
from vmodel.rights.licence.certificate_html import write_certificate_page
from vmodel.rights.provenance.keys import Authority, open_authority, rotate_leaf


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return open_authority(Settings(home=tmp_path_factory.mktemp("keys")))


@pytest.fixture(scope="module")
def licence(authority: Authority) -> Licence:
    return Licence(
        id="ab" * 16,
        issued_at=moment_text(datetime.now(UTC)),
        issuer=authority.name,
        seller_id="seller-a",
        seller="服装店 <b>Ångström</b>",
        picture_sha256="0" * 64,
        width=768,
        height=1024,
        mark="0123456789",
        record_sha256="1" * 64,
        garment_sha256="2" * 64,
        category="dress",
        model="wm-ines",
        model_rights="invented",
        pipeline="draft",
        weights=(WeightsUsed("a.safetensors", "Apache-2.0", "33"),),
        permitted_uses=("online shop",),
        territory="worldwide",
        valid_from="2026-01-01",
        valid_until="2026-12-31",
        channel="",
    )


def test_a_certificate_gives_back_what_was_granted(authority: Authority, licence: Licence) -> None:
    certificate = sign_licence(licence, authority)
    assert check_certificate(certificate, [authority.root]) == licence


def paths(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(content, dict):
        return [found for name, value in content.items() for found in paths(value, (*path, name))]
    if isinstance(content, list):
        return [found for at, value in enumerate(content) for found in paths(value, (*path, at))]
    return [path]


def test_a_change_to_any_of_its_values_is_found(authority: Authority, licence: Licence) -> None:
    certificate = sign_licence(licence, authority)
    changed = paths(certificate)
    assert len(changed) > 25
    for path in changed:
        spoilt = copy.deepcopy(certificate)
        holder = spoilt
        for part in path[:-1]:
            holder = holder[part]
        value = holder[path[-1]]
        holder[path[-1]] = (
            value + 1 if isinstance(value, int) else not value if isinstance(value, bool) else value + "A"
        )
        with pytest.raises(CertificateInvalid):
            check_certificate(spoilt, [authority.root])


def test_a_certificate_of_another_installation_is_not_trusted(
    authority: Authority, licence: Licence, tmp_path: Path
) -> None:
    other = open_authority(Settings(home=tmp_path))
    forged = sign_licence(licence, other)
    with pytest.raises(CertificateInvalid, match="does not trust"):
        check_certificate(forged, [authority.root])
    # Even if both are trusted, one may not sign in the other's name.
    with pytest.raises(CertificateInvalid, match="another issuer"):
        check_certificate(forged, [authority.root, other.root])


def test_the_root_itself_and_a_leaf_s_child_sign_no_licence(authority: Authority, licence: Licence) -> None:
    forged = replace(authority, leaf=authority.root)
    with pytest.raises(CertificateInvalid):
        check_certificate(sign_licence(licence, forged), [authority.root])


def test_what_an_earlier_signer_signed_stays_good(licence: Licence, tmp_path: Path) -> None:
    home = Settings(home=tmp_path)
    first = open_authority(home)
    certificate = sign_licence(replace(licence, issuer=first.name), first)
    second = rotate_leaf(home)
    assert check_certificate(certificate, [second.root]).id == licence.id


def test_a_licence_issued_outside_the_signer_s_time_is_refused(authority: Authority, licence: Licence) -> None:
    late = moment_text(authority.leaf.not_valid_after_utc + timedelta(days=1))
    with pytest.raises(CertificateInvalid, match="time"):
        check_certificate(sign_licence(replace(licence, issued_at=late), authority), [authority.root])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(content=st.dictionaries(st.sampled_from(["licence", "signature", "x"]), JSON, max_size=3))
def test_whatever_is_handed_in_is_refused_in_one_sentence(content: dict[str, Any]) -> None:
    with pytest.raises(CertificateInvalid):
        check_certificate(content, [])


def test_canonical_json_is_the_same_however_it_was_written() -> None:
    assert canonical_json({"b": [1, "é"], "a": None}) == '{"a":null,"b":[1,"é"]}'.encode()
    with pytest.raises(ValueError, match="fraction"):
        canonical_json({"a": [0.5]})


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 1, 31), 1, "2026-02-28"),
        (date(2026, 11, 24), 12, "2027-11-24"),
        (date(2027, 11, 30), 3, "2028-02-29"),
        (date(2026, 5, 1), None, ""),
    ],
)
def test_a_term_ends_in_the_month_it_should(start: date, months: int | None, end: str) -> None:
    assert end_of_term(start, months) == end


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_says_who_may_do_what_and_loads_nothing(licence: Licence) -> None:
    html = write_certificate_page(licence, "valid", {"value": "c2ln"})
    reader = Reader()
    reader.feed(html)
    for said in (licence.seller, licence.id, "online shop", "2026-12-31", "invented person", "valid"):
        assert said in reader.text
    assert not {"b", "script", "link", "iframe"} & (set(reader.tags) - {"b"} | ({"b"} if "<b>Å" in html else set()))
    assert "http" not in html.replace("http-equiv", "")


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium here to print with")
def test_the_page_prints_on_one_sheet_of_a4_however_much_was_granted(licence: Licence, tmp_path: Path) -> None:
    weights = tuple(
        WeightsUsed(f"a-network-with-a-long-name-{n}.safetensors", "Apache-2.0", f"{n:064x}") for n in range(8)
    )
    much = replace(licence, seller="Atelier für feine Wäsche und Strickwaren " * 3, weights=weights, channel="tmall")
    picture = np.full((1024, 768, 3), 200, np.uint8)
    html = write_certificate_page(much, "valid", {"value": "c2ln" * 22}, picture, {"DCI": "86.3001/C00000001"})
    (tmp_path / "licence.html").write_text(html)
    printed = tmp_path / "licence.pdf"
    chromium = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    asked = ["--no-pdf-header-footer", f"--print-to-pdf={printed}", (tmp_path / "licence.html").as_uri()]
    subprocess.run([*chromium, *asked], check=True, capture_output=True, timeout=120)
    content = printed.read_bytes()
    assert re.findall(rb"/Count (\d+)", content) == [b"1"]
    width, height = (float(side) for side in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", content)[0])
    assert (round(width), round(height)) == (595, 842)
