"""Time stamps: the operator's authority stamps each picture, and a silent one is reported."""

import io
import json
import threading
from collections.abc import Iterator

import pytest
from c2pa import Reader

from tests.rights.conftest import SELLER, weights_of
from tests.support.timestamp_authority import TimeStamps
from vmodel.config import Settings
from vmodel.publishing.publisher import Publisher
from vmodel.rights.errors import TimeStampRefused
from vmodel.rights.provenance.c2pa import Trust, read_provenance
from vmodel.rights.verification.verifier import Verifier
from vmodel.shot.pipeline_interface import Shot


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimeStamps]:
    with TimeStamps(tmp_path_factory.mktemp("authority")) as desk:
        threading.Thread(target=desk.serve_forever, daemon=True).start()
        yield desk
        desk.shutdown()


def test_a_picture_is_stamped_with_the_time_that_the_authority_says(
    authority: TimeStamps, settings: Settings, worn_shot: Shot
) -> None:
    publisher = Publisher(
        Settings(home=settings.home, public_url=settings.public_url, tsa_url=authority.url), weights_of
    )
    published = publisher.publish(worn_shot, "jpeg", SELLER)
    assert authority.asked == 1
    with Reader("image/jpeg", io.BytesIO(published.content)) as reader:
        told = json.loads(reader.json())
    codes = [each["code"] for each in told["validation_results"]["activeManifest"]["success"]]
    assert "timeStamp.validated" in codes
    found = read_provenance(published.content, "image/jpeg", publisher.authority.root_pem)
    assert found is not None
    assert found.trust is Trust.TRUSTED


def test_an_authority_that_does_not_answer_is_named_and_nothing_is_published(
    settings: Settings, worn_shot: Shot, verifier: Verifier
) -> None:
    nobody = "http://127.0.0.1:9"
    publisher = Publisher(Settings(home=settings.home, public_url=settings.public_url, tsa_url=nobody), weights_of)
    with pytest.raises(TimeStampRefused, match=r"http://127\.0\.0\.1:9.*VMODEL_TSA_URL"):
        publisher.publish(worn_shot, "png", SELLER)
    later = Publisher(settings, weights_of).publish(worn_shot, "png", SELLER)
    assert verifier.verify(later.content, "picture").verdict == "authentic"
