# The server with its pages and its models, for x86-64: `docker build -t holistic-rtc .`
# See docs/deploy.md, also for what each layer weighs.

FROM node:20-bookworm-slim AS page
WORKDIR /src/web
COPY web/package.json web/package-lock.json web/.npmrc ./
COPY web/sdk/package.json sdk/
COPY web/app/package.json app/
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund
COPY web .
RUN npm run build


FROM python:3.11-slim-bookworm AS packages
# Without pip of its own, which the server has no use for.
RUN python -m venv --without-pip /opt/holistic-rtc
ENV PATH=/opt/holistic-rtc/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_INPUT=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements.lock .
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/holistic-rtc/bin/python install --no-deps --require-hashes --requirement requirements.lock \
    && find /opt/holistic-rtc -type d -name tests -prune -exec rm -r {} +


FROM packages AS package
WORKDIR /src
COPY LICENSE NOTICE README.md pyproject.toml setup.py ./
COPY server server
COPY --from=page /src/server/holistic_rtc/http/static server/holistic_rtc/http/static
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/holistic-rtc/bin/python install --no-deps --prefix /package .


FROM packages AS models
WORKDIR /src
# Only what fetches models, so that nothing else makes this anew.
COPY server/holistic_rtc/__init__.py server/holistic_rtc/errors.py server/holistic_rtc/atomic.py server/holistic_rtc/
COPY server/holistic_rtc/bundle server/holistic_rtc/bundle
# With pip, which gets the parts of a bundle that can't be had whole. The mount keeps the bundles between builds.
ENV XDG_CACHE_HOME=/var/cache/models \
    PYTHONPATH=/src/server
RUN --mount=type=cache,target=/var/cache/models \
    python -m ensurepip \
    && python -c 'from holistic_rtc.bundle import models; print(*map(models.fetch, models.PoseModel), sep="\n")' \
    && cp -r /var/cache/models /models


FROM python:3.11-slim-bookworm
# Debian's archive has the newest version only, so none can be pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tini \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --home-dir /nonexistent holistic-rtc \
    && install --directory --owner holistic-rtc /data
COPY --from=packages /opt/holistic-rtc /opt/holistic-rtc
COPY --from=models /models /models
COPY --from=package /package /opt/holistic-rtc
COPY deploy/healthcheck.py /opt/holistic-rtc/
# NumPy's OpenBLAS would start a thread for each CPU of the machine in each process, for products that nobody computes.
ENV PATH=/opt/holistic-rtc/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    OPENBLAS_NUM_THREADS=1 \
    XDG_CACHE_HOME=/models \
    XDG_DATA_HOME=/data \
    HOLISTIC_HOST=0.0.0.0
USER 10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --start-interval=1s CMD ["python", "/opt/holistic-rtc/healthcheck.py"]
# As the first process, Python would pay no attention to SIGTERM until it gets to say what to do then.
ENTRYPOINT ["tini", "--", "holistic-rtc"]
CMD ["serve"]
