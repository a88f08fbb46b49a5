# An image with the bundled repository in place, as a task's container starts from it.
# Runs build this by themselves; by hand, for ARM64 or the machine's own architecture:
#
#   docker buildx build -f Dockerfile -t swelancer .
#
# The text from ARG BASE_IMAGE on is that of swelancer_plugin/computers/images.py, which a test
# compares, as it does Dockerfile_x86. Only repositories enter the context (.dockerignore).
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE} AS packages
ARG PACKAGES="esbuild git nodejs python3"
RUN if [ -n "${PACKAGES}" ]; then \
        export DEBIAN_FRONTEND=noninteractive && \
        apt-get update -q && \
        apt-get install -y -q --no-install-recommends ${PACKAGES} && \
        apt-get clean && rm -rf /var/lib/apt/lists/*; \
    fi

FROM packages
ARG WORKDIR=/app/evenly
ARG SOURCE=tasks/evenly/source
WORKDIR ${WORKDIR}
COPY ${SOURCE}/ ${WORKDIR}/
RUN if command -v git >/dev/null; then \
        export GIT_AUTHOR_DATE=2025-01-01T00:00:00Z GIT_COMMITTER_DATE=2025-01-01T00:00:00Z && \
        git config --system --add safe.directory '*' && \
        git config --system user.name SWE-Lancer && \
        git config --system user.email swelancer@example.invalid && \
        git init -q -b main && git add -A && \
        git commit -q --allow-empty -m 'The repository as it was handed out'; \
    fi
