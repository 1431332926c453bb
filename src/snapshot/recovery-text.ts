/** The line of `README.txt` before its shell script. */
export const scriptStart = "#----- the script starts here";
/** The line after it. */
export const scriptEnd = "#----- the script ends here";

/**
 * `README.txt` of every store: how to get everything back without snap (N4). Names may hold quotes, spaces and line
 * breaks: `jq` quotes them for the shell.
 */
export const recoveryText: string = String.raw`This folder is a snapshot store, written by "snap".

With tar, zstd, jq and sha256sum everything comes back by hand, without snap.

  roots/     one file per snapshot, JSON; its id is the SHA-256 of itself without the id:
             jq -cS 'del(.id)' roots/NAME | sha256sum
  data/      packs: tar archives, compressed with zstd, named by the SHA-256 of their own bytes;
             each entry d/HASH is a block of at most 4 MiB, named by its SHA-256
  meta/      packs of the same kind: entries m/HASH.jsonl are pages of a manifest, and lists of pages
  *.idx      indexes of the packs beside them; snap makes them again when they are lost
  notes/     labels, tags and pins that were given later, JSON; of several for one id the highest number counts
  trash/     forgotten roots and packs that nobody needs, for some days, under their old names
  pruned.json  when the store was last freed of what nobody needs
  tmp/       unfinished files of a run that was stopped; never needed
  lock       who is writing just now
  reserve    spare room for a full disk; may be deleted

A page has one JSON object a line: p path, t type (f file, d folder, l link, o other), s size, n time in
nanoseconds, x mode, b blocks of a file in order, h content hash where the blocks are not here, l link target.

To get a snapshot back, go to an empty folder that can hold everything twice, set the two names below, and
run these lines in sh, all at once or one by one. The files appear in the folder "out".

${scriptStart}
store=/path/of/this/store
root=CHOSEN
# 1 is the store sound?
find "$store/data" "$store/meta" -name '*.tar.zst' | while read -r pack; do
  [ "$(sha256sum < "$pack" | cut -c1-64)" = "$(basename "$pack" .tar.zst)" ] || echo "damaged: $pack"
done
# 2 unpack every block
mkdir -p raw out
find "$store/data" "$store/meta" -name '*.tar.zst' -exec tar --zstd -xf {} -C raw \;
# 3 choose a snapshot: set root above to the name of its file in roots/
jq -r '[input_filename, .time, .id[0:8], .workspace.path, .label] | @tsv' "$store"/roots/*.json
# 4 its entries
jq -r '.lists[]' "$store/roots/$root" | while read -r list; do jq -r .m "raw/m/$list.jsonl"; done |
  while read -r page; do cat "raw/m/$page.jsonl"; done > entries.jsonl
# 5 its folders, files and links
jq -rs 'map(if .t == "d" then .p else (.p | split("/")[:-1] | join("/")) end) | unique | .[] |
  "mkdir -p " + ("out/" + . | @sh)' entries.jsonl | sh
jq -r 'select(.t == "f" and .b) | ("out/" + .p | @sh) as $out | .b as $b | ": > " + $out,
  (range(0; $b | length; 1000) | "cat " + ($b[. : . + 1000] | map("raw/d/" + .) | join(" ")) + " >> " + $out)' entries.jsonl | sh
jq -r 'select(.t == "l") | "ln -s -- " + (.l | @sh) + " " + ("out/" + .p | @sh)' entries.jsonl | sh
# 6 modes, children before their folders
jq -rs 'reverse | .[] | select(.x) | "chmod " + .x + " " + ("out/" + .p | @sh)' entries.jsonl | sh
${scriptEnd}

Entries without b are not here: with "h" their content is only in Dropbox, with the flag "unreadable" in "e"
they could not be read when the snapshot was taken. Times are not set by these lines.
`;
