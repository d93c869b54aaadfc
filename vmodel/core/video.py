"""Encoding of pictures as a film file."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
from av.codec.codec import UnknownCodecError

from vmodel.errors import OutputNotWritable, PackageMissing
from vmodel.types import ByteArray

CODECS = {
    # The sums of macroblock-tree rate control depend on the memory layout: one film in forty differed.
    "libx264": {"crf": "17", "preset": "medium", "mbtree": "0"},
    "libvpx-vp9": {"crf": "24", "b": "0", "cpu-used": "4"},
}
"""Encoder -> its options, the most widely played first; both fit into an MP4."""


def write_film(path: Path, pictures: Iterable[ByteArray], frames_per_second: int) -> int:
    """Write an MP4; it appears whole or not at all, and the same pictures give the same bytes.

    Args:
        path: of the film.
        pictures: (H, W, 3) uint8 sRGB, all of one even size.
        frames_per_second: of the film.
    Returns:
        Number of pictures.
    Raises:
        OutputNotWritable: the folder cannot be written or the disk is full.
        PackageMissing: PyAV was built without a fitting encoder.
        Exception: whatever making the pictures raised.
    """
    passing = path.with_name(f".{path.name}.part")
    count = 0
    try:
        with av.open(str(passing), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            stream = None
            for picture in pictures:
                if stream is None:
                    stream = container.add_stream(_encoder(), rate=frames_per_second, options=CODECS[_encoder()])
                    stream.height, stream.width = picture.shape[:2]
                    stream.pix_fmt = "yuv420p"
                    stream.time_base = Fraction(1, frames_per_second)
                    # One thread: the order in which several finish changes the bytes.
                    stream.codec_context.thread_count = 1
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts = count
                container.mux(stream.encode(frame))
                count += 1
            if stream is not None:
                container.mux(stream.encode())
        passing.replace(path)
    except OSError as error:
        raise OutputNotWritable(str(path.parent), error.strerror or str(error)) from None
    finally:
        passing.unlink(missing_ok=True)
    return count


def _encoder() -> str:
    for name in CODECS:
        try:
            av.Codec(name, "w")
        except UnknownCodecError:
            continue
        return name
    raise PackageMissing("av")
