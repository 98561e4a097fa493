# The operator's image. The base is any image with Python 3.11 or newer.
ARG BASE_IMAGE=python:3.12-slim

FROM ${BASE_IMAGE} AS build
# A virtual environment, so that the final image gets the packages and not what built them.
RUN python3 -m venv /opt/presto-operator
WORKDIR /build
COPY requirements.txt .
RUN /opt/presto-operator/bin/pip install --no-compile --require-hashes --only-binary :all: -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator ./operator
RUN /opt/presto-operator/bin/pip install --no-compile --no-deps . \
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
