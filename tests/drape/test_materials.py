"""Movement of cloth depends on its material."""

from __future__ import annotations

from dataclasses import replace

from tests.support.garments import flat_lays as drawn
from vmodel.drape.cloth.materials import cloth_of, load_material


def test_cotton_trousers_are_heavier_and_stiffer_than_a_cotton_shirt() -> None:
    tee, shorts = (replace(each.fitted(), material="cotton") for each in (drawn.tee(), drawn.shorts()))
    assert cloth_of(tee) == load_material("cotton")
    assert cloth_of(shorts).density > 1.5 * cloth_of(tee).density
    assert cloth_of(shorts).bend > 2 * cloth_of(tee).bend
    assert cloth_of(replace(shorts, material="silk")) == load_material("silk")
