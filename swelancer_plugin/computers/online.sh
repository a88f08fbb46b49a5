# Sourced by the build steps that use a network. What it sets up is for that step alone: no
# image trusts the certificates of the machine that built it, and no cache stays in one. Every
# function ends its steps with &&: in a list of commands `set -e` is of no use.
online=/tmp/online
caches=/tmp/online-caches
export DEBIAN_FRONTEND=noninteractive
export PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
export XDG_CACHE_HOME=$caches NPM_CONFIG_CACHE=$caches/npm NPM_CONFIG_UPDATE_NOTIFIER=false

trust() {
    # Read again after packages came: they may have brought Debian's own certificates.
    [ -s $online/host.pem ] || return 0
    cat $online/host.pem /etc/ssl/certs/ca-certificates.crt >$online/all.pem 2>/dev/null || true
    export NODE_EXTRA_CA_CERTS=$online/host.pem
    export SSL_CERT_FILE=$online/all.pem CURL_CA_BUNDLE=$online/all.pem
    export REQUESTS_CA_BUNDLE=$online/all.pem PIP_CERT=$online/all.pem
    export GIT_SSL_CAINFO=$online/all.pem
    echo "Acquire::https::CAInfo \"$online/all.pem\";" >$online/apt.conf
    export APT_CONFIG=$online/apt.conf
}

install_packages() {
    [ $# -gt 0 ] || return 0
    apt-get update -q &&
        apt-get install -y -q --no-install-recommends "$@" &&
        apt-get clean &&
        rm -rf /var/lib/apt/lists/* &&
        trust
}

clone() { # URL COMMIT DIRECTORY: its files alone
    export GIT_SSH_COMMAND='ssh -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=/dev/null'
    git init -q "$3" && cd "$3" || return
    # A server gives single commits, or only whole branches.
    if git fetch -q --depth 1 "$1" "$2"; then
        git checkout -q --detach FETCH_HEAD
    else
        git fetch -q "$1" '+refs/*:refs/cloned/*' && git checkout -q --detach "$2"
    fi && rm -rf .git
}

offline() {
    rm -rf $online $caches
}

trust
