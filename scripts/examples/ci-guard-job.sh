#!/bin/sh
# A job for a build server: fail where a folder that is synced holds a repository with work that is nowhere else.
# ci-guard-job.sh FOLDER [TIME]; the findings go to standard output, one JSON object a line.
set -eu
folder=${1:?"name the folder"}
budget=${2:-2m}

code=0
snap guard check "$folder" --fail-on risk --budget "$budget" --json || code=$?
case $code in
  0) echo "no work is at risk in $folder" >&2 ;;
  3) echo "work is at risk in $folder: push it" >&2 ;;
  4) echo "not everything in $folder was looked at within $budget" >&2 ;;
  5) echo "a repository in $folder is damaged" >&2 ;;
  *) echo "the check itself failed" >&2 ;;
esac
exit "$code"
