import type { Fault } from "./fault.ts";

const engine = "src/engine";
const plan = "src/core/plan";

/** Faults of what keeps a mistake small: mass guards, second looks, listings, and what goes on after a kill. */
export const guardFaults: readonly Fault[] = [
  [
    `${plan}/holds.ts`,
    `return count >= all || (count > removedItemsMax && count * removedShare > all);`,
    `return count > removedItemsMax && count * removedShare > all;`,
    "a side is emptied unasked",
  ],
  [
    `${plan}/holds.ts`,
    `return isMassRemoval(count, facts.tracked) ? suspects : heldBefore(guard, suspects, facts);`,
    `return isMassRemoval(count, facts.tracked) ? suspects : [];`,
    "a held set slips through in pieces",
  ],
  [
    `${engine}/guards/holds.ts`,
    `(hold) => hold.row.state === "confirmed" && items.every((item) => hold.has(item)),`,
    `(hold) => hold.row.state === "confirmed" && items.some((item) => hold.has(item)),`,
    "what was confirmed lets a larger set pass",
  ],
  [
    `${engine}/guards/holds.ts`,
    `if (row.state === "confirmed") continue;`,
    ``,
    "what was confirmed is held all the same",
  ],
  [
    `${engine}/guards/holds.ts`,
    `if (gone.length === 0 || !this.#isRecorded) return;`,
    `if (gone.length >= 0) return;`,
    "a hold outlives what it was about",
  ],
  [
    `${engine}/listing/remote-listing.ts`,
    `index.setMeta("cursor", this.#rows.startsAnew ? undefined : page.cursor);`,
    `index.setMeta("cursor", page.cursor);`,
    "a kill within a listing of everything leaves what is gone",
  ],
  [
    `${engine}/listing/old-views.ts`,
    `if (now?.remoteId === item.remoteId) found.push(now);`,
    ``,
    "what went back to an earlier revision is never seen",
  ],
  [
    `${engine}/listing/listing-end.ts`,
    `if (index.remote.get(node)?.remoteId === "") rows.remove(node);`,
    ``,
    "a folder that was only named as a parent stays for ever",
  ],
  [
    `${engine}/disk/second-look.ts`,
    `return isTaken(taker, here) ? undefined : await doubtInListing(local, top);`,
    `return undefined;`,
    "what comes and goes counts as deleted",
  ],
  [
    `${engine}/recover/settle-intents.ts`,
    `if (outcome.state === "cancelled") return;`,
    ``,
    "an act that did not happen is committed after a kill",
  ],
  [
    `${engine}/recover/clear-areas.ts`,
    `if (!needed.some((detail) => detail.includes(area.id))) await removeIfPossible(deps, area);`,
    `await removeIfPossible(deps, area);`,
    "the trash is emptied of what an intent still needs",
  ],
  [
    `${engine}/execute/commit.ts`,
    `if (synced === undefined && !(place && content)) return false;`,
    ``,
    "half an agreement counts as a whole one",
  ],
].map(([file = "", from = "", to = "", breaks = ""]) => ({ file, from, to, breaks }));
