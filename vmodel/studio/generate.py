"""Photographs: a pipeline's picture is finished and judged, tried again if it fails, then replaced by the draft."""

from __future__ import annotations

from vmodel.finish.garment_detail import restore_garment_detail
from vmodel.quality.gate import judge
from vmodel.rights.admission.face_detection import detector_path
from vmodel.shot.pipeline_interface import Attempt, GeneratedImage, Pipeline, RenderContext
from vmodel.shot.stages import PipelineName, Stage
from vmodel.studio.stage_cache import StageCache
from vmodel.types import ByteArray

ATTEMPTS = 3
"""Number of attempts of a generative pipeline before the draft is shown instead."""
_SEED_STEP = 1_000_003
_UNSEEN = (
    "no face detector is installed here that could look at a generated picture of a child, so this is the draft; "
    "`vmodel doctor` says how to install one"
)


def generate_with_retries(
    context: RenderContext, pipeline: Pipeline, stages: StageCache, picture: ByteArray | None = None
) -> GeneratedImage:
    """Make a picture with a pipeline.

    A generated picture gets the garment's own pixels back and must pass the quality gate. If it does not, up to two
    further seeds are tried, and then the draft is shown. A generated picture of a child must be checked by a face
    detector: where none is installed, the draft is shown.

    Args:
        context: the scene, framed and mapped.
        pipeline: makes the picture.
        stages: records the time.
        picture: first attempt, if the pipeline has made it already.
    """
    if pipeline.generative and context.model.is_child and not detector_path(stages.settings).is_file():
        return GeneratedImage(context.draft, "draft", note=_UNSEEN)
    attempts: list[Attempt] = []
    for attempt in range(ATTEMPTS):
        again = context.with_seed(context.seed + attempt * _SEED_STEP)
        with stages.timed(PipelineName(pipeline.name)):
            made = pipeline(again) if picture is None or attempt else picture
        if not pipeline.generative:
            return GeneratedImage(made, pipeline.name)
        with stages.timed(Stage.FINISH):
            made = restore_garment_detail(made, context)
        with stages.timed(Stage.QUALITY):
            attempts.append(Attempt(again.seed, judge(made, context, stages.settings)))
        if attempts[-1].report.passed:
            return GeneratedImage(made, pipeline.name, tuple(attempts))
    return GeneratedImage(context.draft, "draft", tuple(attempts))
