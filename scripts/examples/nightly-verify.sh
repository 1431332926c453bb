#!/bin/sh
# For a timer: verify a part of the snapshot store each night, and repair it where something is damaged.
# nightly-verify.sh [TIME]; what is found goes to standard output, one JSON object a line.
set -eu
budget=${1:-5m}

code=0
snap verify --budget "$budget" --json || code=$?
case $code in
  0) exit 0 ;;
  5) echo "the snapshot store is damaged: repairing" >&2 ;;
  *) echo "the verification itself failed" >&2; exit "$code" ;;
esac
code=0
snap repair --json || code=$?
case $code in
  0) echo "everything was saved" >&2 ;;
  5) echo "something is lost: see the lines of type missing" >&2 ;;
  *) echo "the repair itself failed" >&2 ;;
esac
exit "$code"
