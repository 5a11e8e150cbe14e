# The one image that every service of docker-compose.yml runs: Airflow, the provider and the Dag file.
#
# It starts from plain Python, not from Airflow's own image: so requirements.lock alone decides every version, and what
# runs here is what the tests ran with. Models run on the CPU; for another kind of torch, or an index of your own:
#   docker compose build --build-arg TORCH_BACKEND=auto     (some gigabytes more, with CUDA)
#   docker compose build --build-arg TORCH_INDEX=<address>

FROM python:3.11-slim-bookworm AS build

ARG TORCH_BACKEND=cpu
ARG TORCH_INDEX=""
ARG UV_VERSION=0.13.9
ENV UV_LINK_MODE=copy
RUN pip install --no-cache-dir uv==${UV_VERSION} && uv venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv

# The libraries first: this layer stays until pyproject.toml or the lock changes.
WORKDIR /src
COPY pyproject.toml requirements.lock ./
RUN --mount=type=cache,target=/root/.cache/uv \
    torch="$(grep '^torch==' requirements.lock)" \
    && if [ -n "${TORCH_INDEX}" ]; then \
        uv pip install --no-deps --default-index "${TORCH_INDEX}" "${torch}"; \
    else \
        uv pip install --no-deps --torch-backend "${TORCH_BACKEND}" "${torch}"; \
    fi \
    && uv pip install --compile-bytecode --requirement pyproject.toml --extra airflow --extra s3 --constraint requirements.lock

COPY README.md LICENSE ./
COPY obs_lib obs_lib
COPY night_watch night_watch
COPY reports reports
# Whatever the umask of the checkout: the image runs as another user than its builder.
RUN --mount=type=cache,target=/root/.cache/uv \
    chmod -R a+rX . && uv pip install --compile-bytecode --no-deps .


FROM python:3.11-slim-bookworm

# Airflow keeps its state in /opt/airflow; logs to watch, settings and lake lie in /opt/obs.
ENV AIRFLOW_HOME=/opt/airflow \
    HF_HOME=/opt/obs/models \
    HF_HUB_OFFLINE=1 \
    OBS_CONFIG=/opt/obs/settings/obs.yaml \
    PATH=/opt/venv/bin:${PATH} \
    PYTHONUNBUFFERED=1
RUN useradd --uid 50000 --gid 0 --home-dir /opt/airflow --create-home airflow \
    && install --directory --owner=airflow --group=root --mode=0775 /opt/airflow/logs /opt/obs /opt/obs/lake /opt/obs/logs \
        /opt/obs/models
COPY --from=build /opt/venv /opt/venv
COPY dags /opt/airflow/dags
COPY settings /opt/obs/settings
RUN chmod -R a+rX /opt/airflow/dags /opt/obs/settings

USER airflow
WORKDIR /opt/airflow
ENTRYPOINT ["airflow"]
CMD ["version"]
