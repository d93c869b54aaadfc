"""The visible label is large enough, readable on any ground, and present only where the channel wants it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vmodel.publishing.publisher import Publisher
from vmodel.rights.fingerprint.query_image import read_query_image
from vmodel.rights.provenance.ai_label import draw_label
from vmodel.rights.provenance.channels import CHANNELS, CHINESE, ENGLISH
from vmodel.shot.pipeline_interface import Shot


@pytest.mark.parametrize("shade", [0, 128, 255])
@pytest.mark.parametrize("size", [(384, 288), (768, 1024), (1536, 1152)])
def test_its_text_is_at_least_a_twentieth_of_the_shortest_side(size: tuple[int, int], shade: int) -> None:
    picture = np.full((*size, 3), shade, np.uint8)
    labelled = draw_label(picture, CHINESE)
    ink = (labelled > 200).all(2) & (labelled != picture).any(2)
    rows = np.flatnonzero(ink.any(1))
    assert rows[-1] - rows[0] + 1 >= 0.05 * min(size)
    ground = labelled[(labelled != picture).any(2) & (labelled < 130).all(2)]
    assert len(ground) > ink.sum()
    assert (draw_label(picture, "") == picture).all()


def test_two_letters_and_two_characters_stand_apart() -> None:
    labelled = draw_label(np.full((1000, 1000, 3), 255, np.uint8), CHINESE)
    changed = (labelled < 250).any(2)
    box = labelled[changed.any(1)][:, changed.any(0), 0] > 170
    runs = np.flatnonzero(np.diff(np.concatenate([[0], box[8:-8, 8:-8].any(0).astype(int), [0]])) == 1)
    assert len(runs) == 4


def test_a_transparent_picture_gets_a_label_that_is_not() -> None:
    labelled = draw_label(np.zeros((600, 400, 4), np.uint8), ENGLISH)
    assert (labelled[..., 3] == 255).any()
    assert labelled[0, 0, 3] == 0


@pytest.mark.parametrize("channel", ["tmall", "amazon"])
def test_a_channel_decides_about_the_label_and_the_licence_names_it(
    publisher: Publisher, worn_shot: Shot, channel: str
) -> None:
    plain = publisher.publish(worn_shot, "png")
    shown = publisher.publish(replace(worn_shot, request=replace(worn_shot.request, channel=channel)), "png")
    difference = np.abs(shown.picture.astype(int) - plain.picture).max()
    assert (difference > 100) == bool(CHANNELS[channel].label)
    assert shown.licence.channel == channel
    assert shown.licence.id != plain.licence.id
    assert read_query_image(shown.content, "x", 40).rgb.shape == worn_shot.picture.shape
