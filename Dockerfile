# One image for every part: `cmdb serve` by default, any other command as argument.

FROM python:3.12-slim-bookworm AS build
RUN pip install --no-cache-dir uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /opt/cmdb
# Dependencies change less often than code: a layer of their own.
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --locked --no-dev --no-install-project
COPY cmdb cmdb
COPY graph graph
COPY discovery discovery
COPY impact impact
COPY api api
RUN uv sync --locked --no-dev --no-editable

FROM python:3.12-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends nmap \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/cmdb cmdb
COPY --from=build /opt/cmdb/.venv /opt/cmdb/.venv
# The compiled kernels are kept beside the data, because the image itself is not writable for its user.
ENV PATH=/opt/cmdb/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CMDB_STORE=sqlite:////var/lib/cmdb/cmdb.db \
    NUMBA_CACHE_DIR=/var/lib/cmdb/numba
USER cmdb
WORKDIR /var/lib/cmdb
VOLUME /var/lib/cmdb
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz', timeout=4)"]
ENTRYPOINT ["cmdb"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
