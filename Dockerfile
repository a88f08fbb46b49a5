# An image with the bundled repository in place, as a task's container starts from it.
# Runs build this by themselves; by hand, for ARM64 or the machine's own architecture:
#
#   docker buildx build -f Dockerfile -t swelancer .
#
# The text from ARG BASE_IMAGE on is that of swelancer_plugin/computers/images.py, which a test
# compares, as it does Dockerfile_x86. Only repositories enter the context (.dockerignore).
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
ARG WORKDIR=/app/evenly
ARG SOURCE=tasks/evenly/source
WORKDIR ${WORKDIR}
COPY ${SOURCE}/ ${WORKDIR}/
