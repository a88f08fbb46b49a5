ARG BASE_IMAGE=swelancer/base:bookworm
ARG REPOSITORY_URL=

# base: a small Debian with the packages that a repository's computers need.
FROM ${BASE_IMAGE} AS base
ARG PACKAGES="git nodejs npm python3"
COPY swelancer_plugin/computers/online.sh certificates* /tmp/online/
RUN . /tmp/online/online.sh && install_packages ${PACKAGES} && offline

# judge: what tests an app from outside, as a user and with a browser; no repository is in it. A root
# without capabilities may write no more than others may, so all may write into its directory.
FROM ${BASE_IMAGE} AS judge
ARG JUDGE_PACKAGES="ca-certificates chromium fonts-liberation libasound2 libatomic1 libnss3-tools python3 python3-venv xvfb"
ARG PIP_INDEX_URL
COPY swelancer_plugin/computers/online.sh certificates* /tmp/online/
RUN . /tmp/online/online.sh && install_packages ${JUDGE_PACKAGES}
COPY swelancer_plugin/computers/judge_requirements.txt /opt/judge/requirements.txt
ENV PATH=/opt/judge/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PLAYWRIGHT_BROWSERS_PATH=/opt/judge/browsers
RUN . /tmp/online/online.sh && \
    python3 -m venv /opt/judge && \
    pip install -q --no-deps -r /opt/judge/requirements.txt && \
    python -m compileall -q -j 0 /opt/judge/lib && \
    revision=$(python -c "import json, pathlib, playwright as p; \
        text = (pathlib.Path(p.__file__).parent / 'driver/package/browsers.json').read_text(); \
        print(*(b['revision'] for b in json.loads(text)['browsers'] if b['name'] == 'ffmpeg'))") && \
    folder=/opt/judge/browsers/ffmpeg-${revision} && \
    mkdir -p "${folder}" && \
    ln -s "$(python -c 'import imageio_ffmpeg as f; print(f.get_ffmpeg_exe())')" \
        "${folder}/ffmpeg-linux" && \
    touch "${folder}/INSTALLATION_COMPLETE" && \
    useradd --uid 1000 --create-home --shell /bin/sh judge && \
    install -d -o judge -g judge /judge && \
    offline
# The replay of recorded traffic answers over https; only this user's browser trusts it.
RUN install -d -m 1777 /tmp/.X11-unix && su judge -c "cd && \
        /opt/judge/bin/python -c 'from pathlib import Path; from mitmproxy.certs import CertStore; \
            CertStore.from_store(Path.home() / \".mitmproxy\", \"mitmproxy\", 2048)' && \
        mkdir -p .pki/nssdb && certutil -d sql:.pki/nssdb -N --empty-password && \
        certutil -d sql:.pki/nssdb -A -t C,, -n replay -i .mitmproxy/mitmproxy-ca-cert.pem"
COPY swelancer_plugin/computers/relay.py /opt/swelancer/relay.py

# desktop: the judge with a screen that a person can look at in a browser of their own.
FROM judge AS desktop
ARG DESKTOP_PACKAGES="fluxbox novnc websockify x11vnc"
COPY swelancer_plugin/computers/online.sh certificates* /tmp/online/
RUN . /tmp/online/online.sh && install_packages ${DESKTOP_PACKAGES} && offline

# source: the repository's files, from this folder or, with a REPOSITORY_URL, at a COMMIT of it.
FROM base AS source
ARG SOURCE=tasks/evenly/source
COPY ${SOURCE}/ /source/

FROM base AS source-cloned
ARG REPOSITORY_URL
ARG COMMIT=HEAD
COPY swelancer_plugin/computers/online.sh certificates* /tmp/online/
RUN --mount=type=ssh . /tmp/online/online.sh && \
    install_packages ca-certificates git openssh-client && \
    clone "${REPOSITORY_URL}" "${COMMIT}" /source && \
    offline

# locks: of these files, the ones that say what the repository depends on.
FROM source${REPOSITORY_URL:+-cloned} AS files
FROM files AS locks
ARG LOCK="package.json package-lock.json"
RUN mkdir /locks && cd /source && if [ -n "${LOCK}" ]; then cp --parents ${LOCK} /locks; fi

# dependencies: made from those alone, so that every state of the repository shares them. What was
# made is moved out and linked to: a working directory without large trees is read in one go.
FROM base AS dependencies
ARG WORKDIR=/app/evenly
ARG LOCK="package.json package-lock.json"
ARG INSTALL="npm ci --ignore-scripts --no-audit --no-fund"
ARG NPM_CONFIG_REGISTRY
ARG PIP_INDEX_URL
WORKDIR ${WORKDIR}
COPY --from=locks /locks/ ./
COPY swelancer_plugin/computers/online.sh certificates* /tmp/online/
RUN . /tmp/online/online.sh && sh -ec "${INSTALL}" && offline && \
    for made in $(ls -A); do \
        case " ${LOCK} " in *" ${made} "* | *" ${made}/"*) continue ;; esac; \
        mkdir -p /opt/dependencies && mv "${made}" /opt/dependencies/ && \
            ln -s "/opt/dependencies/${made}" "${made}" || exit; \
    done

# app: the repository in place, as one commit without further history.
FROM dependencies AS app
ARG WORKDIR=/app/evenly
WORKDIR ${WORKDIR}
COPY --from=files /source/ ./
RUN if command -v git >/dev/null; then \
        export GIT_AUTHOR_DATE=2025-01-01T00:00:00Z GIT_COMMITTER_DATE=2025-01-01T00:00:00Z && \
        git config --system --replace-all safe.directory '*' && \
        git config --system user.name SWE-Lancer && \
        git config --system user.email swelancer@example.invalid && \
        git init -q -b main && \
        { [ ! -d /opt/dependencies ] || ls -A /opt/dependencies >>.git/info/exclude; } && \
        git add -A && \
        git commit -q --allow-empty -m 'The repository as it was handed out'; \
    fi
