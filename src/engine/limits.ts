/** Bounds of execution (§16 of the design). */

/** Rounds of observe, merge, plan, execute in one sync; more is a mistake of ours (S108). */
export const roundsMax = 50;

/** Commits that share one transaction (S54). */
export const commitGroupMax = 100;

/** Bytes of the disk that downloads leave free (S79, "space"). */
export const reserveBytes: bigint = 32n * 1024n * 1024n;

/** How long what the sync removed from the disk stays in the trash (P1, S71). */
export const trashDays = 30;

/** A node whose ops were cancelled so often in one sync is left to the next one. */
export const cancelsMax = 3;

/** Downloads of one revision whose bytes were wrong, before the file is left aside (S66). */
export const downloadAttemptsMax = 3;

/** Transient errors in a row, each after the retries of the port, that end the sync (S84). */
export const troublesInRowMax = 5;

/** From so many removals of one folder's entries on, the folder is listed instead of asking for each (S33). */
export const confirmListingMin = 5;

/** Names tried for something that has to stand beside its place. */
export const copyNamesMax = 1_000;

/** How long what a restore wanted is let pass by the mass guards (S101). */
export const tokenDays = 7;

/** From this size on, what has come of a download is kept for a later run (S66). */
export const keptBytesMin: number = 8 * 1024 * 1024;

/** How long an upload session is gone on with: a day less than the server keeps it (S57). */
export const sessionDays = 6;

/** From so many files, folders or removals on they go together: fewer take no more calls each by itself (S58). */
export const batchMin = 4;

/** Up to this size a file goes up with others (S57). */
export const batchedBytesMax: number = 8 * 1024 * 1024;

/** From this size on content is copied on the server that is there already (S58); the index knows no smaller files by their content. */
export const copiedBytesMin: number = 1024 * 1024;

/** Bytes of one batch of files (S58). */
export const batchBytesMax: number = 16 * 1024 * 1024;

/** Bytes of what goes together that are in memory at once (S107): three batches of small files, two folders. */
export const bodyMemoryMaxBytes: number = 32 * 1024 * 1024;

/** Entries of a folder that comes down as one: the server gives no more than 10,000, and some may have come since it was seen. */
export const folderEntriesMax = 9_000;
