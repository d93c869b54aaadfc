# docker build -t vmodel .                                  on the processor
# docker build -t vmodel --build-arg TORCH=gpu .            with CUDA (run it with --gpus all)
# docker run --rm -v "$PWD:/shop" vmodel shoot /shop/shirt.jpg --out /shop/out
# docker compose up -d                                      the service, see docs/service.md
FROM python:3.11-slim-trixie AS build

# "cpu" takes the small build of PyTorch from TORCH_INDEX (empty: PyPI), "gpu" the build with CUDA from PyPI.
ARG TORCH=cpu
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG TORCH_VERSION=2.13.0
ENV PIP_NO_CACHE_DIR=1

# Any C++ compiler will do for pdqhash, of which no wheel exists.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends g++
WORKDIR /app

# The locks hold the files for this Python on x86-64, each with its hash; other machines install by ranges. PyTorch is in
# no lock, since its builds have an index of their own.
COPY requirements.lock requirements-build.lock ./
# hadolint ignore=DL3013
RUN python -m venv .venv \
    && if [ "$(uname -m)" = x86_64 ]; then \
           .venv/bin/pip install --require-hashes --no-deps -r requirements-build.lock \
           && .venv/bin/pip install --require-hashes --no-deps --no-build-isolation -r requirements.lock; \
       else \
           .venv/bin/pip install setuptools wheel cython numpy; \
       fi \
    && if [ "$TORCH" = cpu ] && [ -n "$TORCH_INDEX" ]; then \
           .venv/bin/pip install --index-url "$TORCH_INDEX" "torch==$TORCH_VERSION"; \
       else \
           .venv/bin/pip install "torch==$TORCH_VERSION"; \
       fi

COPY pyproject.toml README.md LICENSE ./
COPY vmodel vmodel
COPY pipelines pipelines
COPY app app
COPY weights weights
# Where there is a lock nothing else is fetched: what it lacks is an error.
RUN if [ "$(uname -m)" = x86_64 ]; then only_these=--no-index; fi \
    && .venv/bin/pip install --no-build-isolation ${only_these:+"$only_these"} -e ".[postgres]" \
    && .venv/bin/pip uninstall --yes cython wheel \
    && .venv/bin/python -m compileall -q vmodel pipelines app

FROM python:3.11-slim-trixie

# The client of Postgres, for backups, is Debian's: 17, as the server of compose.yaml.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 vmodel \
    && install -d -o vmodel -g vmodel /home/vmodel/state /home/vmodel/.cache
WORKDIR /app

# Code and environment belong to root: the service's user reads them only.
COPY --from=build /app /app

USER 10001

ENV VMODEL_HOME=/home/vmodel/state PATH=/app/.venv/bin:$PATH
# The body model builds its cache once; doing it here spares every container the minute.
RUN vmodel models show wm-ines >/dev/null
HEALTHCHECK --interval=5m --timeout=60s --start-period=30s CMD ["vmodel", "doctor"]
EXPOSE 8000
ENTRYPOINT ["vmodel"]
CMD ["--help"]
