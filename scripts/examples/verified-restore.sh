#!/bin/sh
# Restore a snapshot only if everything that can be known beforehand is well, and exactly what was looked at.
# verified-restore.sh [SNAPSHOT [PATH...]], in the workspace; what is found goes to standard output, one JSON object a line.
set -eu
snapshot=${1:-latest}
[ $# -eq 0 ] || shift

code=0
found=$(snap verify "$snapshot" "$@" --for-restore --json) || code=$?
printf '%s\n' "$found"
case $code in
  0) ;;
  4) echo "some paths would be left aside: see the lines of type result" >&2; exit 4 ;;
  5) echo "the snapshot is damaged: snap repair looks for what is missing elsewhere" >&2; exit 5 ;;
  *) echo "a restore would not go through now: see the checks that failed" >&2; exit "$code" ;;
esac
plan=$(printf '%s\n' "$found" | jq -r 'select(.type == "result").plan.digest')
# Another plan than the one that was looked at is refused with exit code 3.
exec snap restore "$snapshot" "$@" --plan "$plan" --json
