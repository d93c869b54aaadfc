#!/bin/sh
# Makes weights/embedded again: renders the training pictures, trains, exports.
# A day on two cores; both steps go on where they stopped when run again.
set -eu
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-.venv/bin/python}
WORK=${WORK:-build/embedded}
MINUTES=${MINUTES:-600}
export OMP_NUM_THREADS=1
"$PYTHON" -m pipelines.training.pictures --count 1200 --seed 1 --out "$WORK/pictures"
"$PYTHON" -m pipelines.training.train --pictures "$WORK/pictures" --out "$WORK/run" --minutes "$MINUTES"
"$PYTHON" -m pipelines.training.train --pictures "$WORK/pictures" --out "$WORK/run" --export weights/embedded
"$PYTHON" -m benchmarks.quality --weights weights/embedded --pictures "$WORK/pictures"
