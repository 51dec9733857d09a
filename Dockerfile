# One image for web and workers. CPU by default; for NVIDIA: docker build --build-arg TORCH=cuda .
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv && /venv/bin/pip install "uv==0.13.9"
COPY requirements.lock ./
RUN /venv/bin/uv pip install --no-cache --python /venv/bin/python --require-hashes -r requirements.lock
ARG TORCH=cpu
RUN if [ "$TORCH" = cpu ] && [ "$(uname -m)" = x86_64 ]; then \
        /venv/bin/pip install --no-deps --extra-index-url https://download.pytorch.org/whl/cpu "torch==2.13.0+cpu"; \
    else \
        /venv/bin/pip install "torch==2.13.0"; \
    fi
ENV PATH=/venv/bin:$PATH
COPY frontend/package.json frontend/package-lock.json frontend/
RUN cd frontend && npm ci --no-audit --no-fund
COPY frontend frontend
RUN cd frontend && npm run build

FROM python:3.11-slim-bookworm
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VADREVIEW_DATA=/data
RUN useradd --system --uid 10001 --create-home vadreview && mkdir /data && chown vadreview /data
COPY --from=build /venv /venv
COPY --from=build /app/frontend/dist frontend/dist
COPY manage.py pyproject.toml LICENSE ./
COPY detectors detectors
COPY fixtures fixtures
COPY vadreview vadreview
USER vadreview
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"
CMD ["gunicorn", "vadreview.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "8", "--timeout", "120", "--worker-tmp-dir", "/dev/shm"]
