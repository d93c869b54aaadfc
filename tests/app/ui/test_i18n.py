"""Texts of the page: a Chinese sentence for every failure, and a name for every stage."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest

import app
import pipelines
import vmodel
from app.ui.base.i18n import LANGUAGES, explain_error, label_stages, load_words, title_of
from vmodel.errors import BadUsage, DrapeFailed, VModelError
from vmodel.shot.stages import Stage, label_of

_ELSEWHERE = ("training", "migrations", "__main__")


def _kinds(of: type[VModelError]) -> Iterator[type[VModelError]]:
    for kind in of.__subclasses__():
        yield kind
        yield from _kinds(kind)


def test_every_failure_has_a_chinese_sentence_with_its_remedy() -> None:
    for package in (vmodel, app, pipelines):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not any(word in module.name for word in _ELSEWHERE):
                importlib.import_module(module.name)
    ours = {
        kind.code
        for kind in _kinds(VModelError)
        if kind.__module__.partition(".")[0] in {"vmodel", "app", "pipelines"}
        and not any(word in kind.__module__ for word in _ELSEWHERE)
    }
    said = load_words("zh")["errors"]
    assert len(ours) > 100
    assert sorted(ours - said.keys()) == []
    assert sorted({*said, *load_words("en")["errors"]} - ours) == []
    assert all(sentence.endswith(("。", "{message}")) for sentence in said.values())


def sentences(words: object, at: str = "") -> dict[str, str]:
    """Return every text by its place."""
    if not isinstance(words, dict):
        return {at: str(words)}
    return {place: text for key, value in words.items() for place, text in sentences(value, f"{at}.{key}").items()}


def test_the_page_says_the_same_in_both_languages() -> None:
    english, chinese = ({**load_words(language), "errors": {}} for language in LANGUAGES)
    said, told = sentences(english), sentences(chinese)
    assert said.keys() == told.keys()
    gaps = re.compile(r"{\w+}")
    assert [place for place in said if set(gaps.findall(said[place])) != set(gaps.findall(told[place]))] == []


def test_a_failure_that_says_more_is_told_with_its_sentence() -> None:
    assert explain_error(BadUsage("The size is odd."), load_words("zh")).endswith("The size is odd.")
    assert explain_error(BadUsage("The size is odd."), load_words("en")) == "The size is odd."


def test_no_sentence_of_the_page_sends_a_seller_to_a_command() -> None:
    sentences = [sentence for language in LANGUAGES for sentence in load_words(language)["errors"].values()]
    assert [each for each in sentences if "--" in each or "`" in each] == []
    told = explain_error(DrapeFailed("it is too tight"), load_words("en"))
    assert "it is too tight; choose another model" in told
    assert "vmodel inspect" not in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_stage_of_a_picture_has_a_label_and_no_label_is_left_over(language: str) -> None:
    words = load_words(language)
    assert {stage.label for stage in Stage} == words["stage"].keys()
    assert label_stages(words).keys() == {str(stage) for stage in Stage}


def test_a_pipeline_at_work_is_called_photographing() -> None:
    names = [label_stages(load_words("en")).get(label_of(name)) for name in ("photograph", "embedded", "draft")]
    assert names == ["photographing"] * 3


def test_a_garment_is_called_by_its_file_without_the_ending() -> None:
    assert title_of("SKU 4711.JPG") == "SKU 4711"
    assert title_of(".png") == ".png"
    assert title_of("v1.5 tee") == "v1.5 tee"
