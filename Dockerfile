# The operator's image. The base is any image with Python 3.11 or newer. For builds that can be repeated, name it with its digest:
# --build-arg BASE_IMAGE=python:3.12-slim@sha256:...
ARG BASE_IMAGE=python:3.12-slim

FROM ${BASE_IMAGE} AS build
# A virtual environment, so that the final image gets the packages and not what built them.
RUN python3 -m venv /opt/presto-operator
WORKDIR /build
COPY requirements.txt requirements-build.txt ./
# What builds the package, with hashes like all else: pip would fetch it by itself without them.
RUN python3 -m venv tools && tools/bin/pip install --require-hashes --only-binary :all: -r requirements-build.txt
RUN /opt/presto-operator/bin/pip install --no-compile --require-hashes --only-binary :all: -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator ./operator
RUN tools/bin/pip wheel --no-deps --no-build-isolation --no-index --wheel-dir wheels . \
    && /opt/presto-operator/bin/pip install --no-compile --no-deps --no-index wheels/*.whl \
    && /opt/presto-operator/bin/python -m compileall -q -j 0 /opt/presto-operator/lib \
    && /opt/presto-operator/bin/pip uninstall --yes --quiet pip setuptools

FROM ${BASE_IMAGE}
COPY --from=build /opt/presto-operator /opt/presto-operator
ENV PATH=/opt/presto-operator/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
# A number, so that Kubernetes can check runAsNonRoot.
USER 65532:65532
EXPOSE 8081
ENTRYPOINT ["presto-operator"]
CMD ["run"]
