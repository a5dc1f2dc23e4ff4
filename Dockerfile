# WildBot in a container, for owners who prefer it. `docker compose up` starts it; docs/operations.md says the rest.
#
# The image holds no key and no setting of yours. It runs as a user without rights, and needs to write only its home.
FROM python:3.11-slim-bookworm

RUN useradd --system --uid 10001 --user-group --home-dir /nonexistent --shell /usr/sbin/nologin wildbot \
 && install -d -m 0700 -o wildbot -g wildbot /var/lib/wildbot

WORKDIR /opt/wildbot
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1

# The dependencies first: they change less often than the source does.
COPY requirements.lock ./
RUN python -m venv .venv && .venv/bin/python -m pip install --quiet --require-hashes -r requirements.lock

COPY pyproject.toml README.md LICENSE supervisord.conf dashboard_app.py ./
COPY .streamlit ./.streamlit
COPY config ./config
COPY wildbot ./wildbot
COPY actors ./actors
RUN .venv/bin/python -m pip install --quiet --no-deps --no-build-isolation -e . \
 && .venv/bin/python -m compileall -q wildbot actors

# Which commit this is, since .git stays outside: docs/operations.md has the line that says it.
ARG COMMIT=unknown
RUN printf '%s\n' "$COMMIT" > .commit

ENV PATH=/opt/wildbot/.venv/bin:$PATH \
    WILDBOT_HOME=/var/lib/wildbot \
    PYTHONDONTWRITEBYTECODE=1

USER 10001:10001
VOLUME /var/lib/wildbot
STOPSIGNAL SIGTERM

# /health answers 503 while trading is not healthy: the container is healthy when WildBot is.
HEALTHCHECK --interval=10s --timeout=4s --start-period=90s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('WILDBOT_API__PORT', '8080') + '/health', timeout=3)"]

CMD ["wildbot", "up", "--quiet"]
