#!/usr/bin/env bash
# Copies the files of students' repositories: fetch.sh LIST FOLDER. Nothing of a student's is executed.
#
# LIST has lines of a student's name, the repository's address and, if wanted, a branch or tag. Each student gets a folder
# in FOLDER. FOLDER.txt says which commit it is. A repository that cannot be fetched is named, and the others go on.
# STUDENTS_TOKEN, a token that may read them, goes to github.com only, and into no command line.
set -euo pipefail

list="$1" folder="$2"
mkdir -p "$folder"
: >"$folder.txt"
# No other protocol, such as ext::, which runs a command; no question; no file from elsewhere in the place of its pointer.
export GIT_ALLOW_PROTOCOL="${FETCH_PROTOCOLS:-https}" GIT_TERMINAL_PROMPT=0 GIT_LFS_SKIP_SMUDGE=1
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
if [ -n "${STUDENTS_TOKEN:-}" ]; then
  export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=http.https://github.com/.extraheader
  GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $(printf 'x-access-token:%s' "$STUDENTS_TOKEN" | base64 --wrap=0)"
  export GIT_CONFIG_VALUE_0
fi

fetched=0
while read -r student address branch rest || [ -n "${student:-}" ]; do
  case "$student" in '' | '#'*) continue ;; esac
  if ! [[ "$student" =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] || [ -z "$address" ] || [ -n "$rest" ] || [ -e "$folder/$student" ]; then
    echo "::error::not a line of NAME ADDRESS [BRANCH], or a name twice: $student" >&2
    exit 1
  fi
  # Links become plain files, so that none leads out of the folder; no submodule is fetched.
  options=(--quiet --depth 1 --no-tags --single-branch --config core.symlinks=false --config core.hooksPath=/dev/null)
  if timeout 300 git clone "${options[@]}" ${branch:+"--branch=$branch"} -- "$address" "$folder/$student"; then
    echo "$student $(git -C "$folder/$student" rev-parse HEAD)" >>"$folder.txt"
    rm -rf "$folder/$student/.git"
    fetched=$((fetched + 1))
  else
    rm -rf "${folder:?}/$student"
    echo "::warning::not fetched: $student" >&2
  fi
done <"$list"
echo "fetched: $fetched"
[ "$fetched" -gt 0 ]
