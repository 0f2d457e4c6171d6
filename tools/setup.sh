#!/bin/sh
# setup.sh VENV PYTHON...: make the virtual environment VENV with the first PYTHON that is new
# enough, and install the pinned packages and this library in it. Can be run again at any time.
set -eu

venv=$1
shift

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

if [ -e "$venv" ] && ! new_enough "$venv/bin/python"; then
    echo "$venv is broken or older than Python 3.11: remove it (make distclean) and try again." >&2
    exit 1
fi

if [ ! -e "$venv" ]; then
    python=
    for candidate in "$@"; do
        if new_enough "$candidate"; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "Python 3.11 or newer is needed; tried: $*. Say 'make PYTHON=/path/to/python ...'." >&2
        exit 1
    fi
    echo "Setting up $venv with $("$python" --version) ..."
    "$python" -m venv "$venv" || {
        rm -rf "$venv"
        echo "$python cannot make virtual environments (on Debian and Ubuntu: install python3-venv)." >&2
        exit 1
    }
fi

echo "Installing the packages of requirements.txt; the first time takes some minutes ..."
pip="$venv/bin/python -m pip --disable-pip-version-check -qq" # errors only
$pip install -r requirements.txt
$pip install --no-build-isolation --no-deps --editable .
