#!/bin/sh
# Link a folder only if no repository in it could be harmed by that: check-before-linking.sh FOLDER [REMOTE]
set -eu
folder=${1:?"name the folder"}
remote=${2:-}

code=0
snap guard check "$folder" || code=$?
case $code in
  0) ;;
  3)
    echo "There is a repository in $folder. What can be done about it:" >&2
    snap guard explain "$folder" >&2
    exit 3
    ;;
  4)
    echo "Not every folder could be looked into; make them readable and check again." >&2
    exit 4
    ;;
  5)
    echo "A repository is damaged. Sync nothing, and keep a copy of it as it is:" >&2
    snap guard explain "$folder" >&2
    exit 5
    ;;
  *) exit "$code" ;;
esac

# Both sides count: what lies in Dropbox would come down.
if [ -n "$remote" ]; then
  code=0
  snap guard check "$folder" --remote "$remote" --quiet || code=$?
  # 7: there is no such folder yet, so nothing can come down from it.
  if [ "$code" -ne 0 ] && [ "$code" -ne 7 ]; then exit "$code"; fi
  snap link "$folder" "$remote" --yes
else
  snap link "$folder" --yes
fi
