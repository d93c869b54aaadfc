# docker build -t vmodel .                                  on the processor
# docker build -t vmodel --build-arg TORCH=gpu .            with CUDA (run it with --gpus all)
# docker run --rm -v "$PWD:/shop" vmodel shoot /shop/shirt.jpg --out /shop/out
# docker compose up -d                                      the service, see docs/service.md
FROM python:3.11-slim-trixie

# "cpu" takes the small build of PyTorch from TORCH_INDEX (empty: PyPI), "gpu" the build with CUDA from PyPI.
ARG TORCH=cpu
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

# Any version of make will do; the client of Postgres, for backups, is Debian's: 17, as the server of compose.yaml.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends make postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 vmodel \
    && install -d -o vmodel -g vmodel /home/vmodel/state /home/vmodel/.cache
WORKDIR /app

# Code and environment belong to root: the service's user reads them only.
COPY pyproject.toml README.md LICENSE Makefile ./
COPY vmodel vmodel
COPY pipelines pipelines
COPY app app
COPY weights weights
RUN python -m venv .venv \
    && if [ "$TORCH" = cpu ] && [ -n "$TORCH_INDEX" ]; then \
           .venv/bin/python -m pip install --no-cache-dir --index-url "$TORCH_INDEX" torch; \
       fi \
    && PIP_NO_CACHE_DIR=1 make install \
    && .venv/bin/python -m pip install --no-cache-dir -e ".[postgres]" \
    && .venv/bin/python -m compileall -q vmodel pipelines app

USER 10001

ENV VMODEL_HOME=/home/vmodel/state PATH=/app/.venv/bin:$PATH
# The body model builds its cache once; doing it here spares every container the minute.
RUN vmodel models show wm-ines >/dev/null
HEALTHCHECK --interval=5m --timeout=60s --start-period=30s CMD ["vmodel", "doctor"]
EXPOSE 8000
ENTRYPOINT ["vmodel"]
CMD ["--help"]
