#!/usr/bin/env bash
# Builds the image of a Gradescope autograder: Python, the locked requirements, and the autograder out of this zip.
# Not below /root, which other users cannot read: notebooks run as users of their own.
set -euo pipefail

SOURCE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
ROOT="${AUTOGRADER_ROOT:-/opt/autograder}"
export DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1

# The system's own Python only: one below /root, such as pyenv's, is closed to other users.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

find_python() {
  for candidate in python3.13 python3.12 python3.11 python3; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

if ! PYTHON="$(find_python)"; then
  apt-get update
  apt-get install -y --no-install-recommends python3.12 python3.12-venv ||
    apt-get install -y --no-install-recommends python3.11 python3.11-venv
  PYTHON="$(find_python)"
fi
if command -v apt-get >/dev/null && [ ! -x "$(command -v bwrap || true)" ] && [ -z "${AUTOGRADER_ROOT:-}" ]; then
  apt-get install -y --no-install-recommends bubblewrap || true
fi

umask 022
"$PYTHON" -m venv "$ROOT"
"$ROOT/bin/python" -m pip install --quiet --require-hashes --requirement "$SOURCE/requirements.txt"
"$ROOT/bin/python" -m pip install --quiet --no-deps --no-index "$SOURCE"/wheels/*.whl
ASSIGNMENT="$SOURCE/$("$ROOT/bin/python" -c 'import json, sys; print(json.load(sys.stdin)["assignment"])' \
  <"$SOURCE/package.json")"
if [ -e "$ASSIGNMENT/packages.lock" ]; then
  "$ROOT/bin/autograder" setup "$ASSIGNMENT"
fi
# On an empty one, as otter makes it, every plugin of otter fails.
[ -s /autograder/submission_metadata.json ] || [ ! -d /autograder ] || echo '{}' >/autograder/submission_metadata.json
"$ROOT/bin/autograder" --help >/dev/null
echo "The autograder is installed in $ROOT."
