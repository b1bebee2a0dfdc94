# Stage one makes a virtual environment from the hashed lock file; stage two holds that and nothing else.
FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv /build && python -m venv --without-pip /opt/support-role
COPY requirements.lock requirements-runtime.lock ./
# The pip of /build installs into the other environment, so that this one never holds pip at all.
# What hatchling needs, with its hashes; the install fails should it ever need more.
RUN awk '/^[a-z]/ { keep = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/ } keep' requirements.lock >build.lock \
 && /build/bin/pip install -q --require-hashes -r build.lock \
 && /build/bin/pip --python /opt/support-role/bin/python install -q --require-hashes -r requirements-runtime.lock
COPY pyproject.toml README.md LICENSE manifest.yml ./
COPY bot bot
RUN /build/bin/hatchling build -t wheel -d /wheels \
 && /build/bin/pip --python /opt/support-role/bin/python install -q --no-deps /wheels/*.whl \
 && /opt/support-role/bin/python -m compileall -q /opt/support-role/lib

FROM python:3.13-slim
LABEL org.opencontainers.image.title="support-role-bot" \
      org.opencontainers.image.description="A Slack app that checks every AWS account for a support role, and grants it with four eyes." \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 support-role \
 && useradd --uid 10001 --gid support-role --home-dir /data --no-create-home --shell /usr/sbin/nologin support-role \
 && install -d -o support-role -g support-role -m 0750 /data
COPY --from=build /opt/support-role /opt/support-role
# What is deployed installs nothing.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3.*/site-packages/pip* /usr/local/lib/python3.*/ensurepip
ENV PATH=/opt/support-role/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SUPPORT_ROLE_STORE__URL=sqlite:////data/support-role.db
USER support-role
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
# An answer other than 200 raises, and so does none at all.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:9464/healthz', timeout=4)"]
# Neither port is reachable from outside as it stands. 3000 is for Slack's requests, with `serve --http --host 0.0.0.0`
# behind a proxy that speaks TLS (Socket Mode needs none); 9464 for probes and Prometheus, with `--ops-host 0.0.0.0`.
EXPOSE 3000 9464
ENTRYPOINT ["support-role"]
CMD ["serve"]
