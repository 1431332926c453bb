/**
 * Everything but content (V11).
 *
 * `key` is `path_lower`, `display` is `path_display`, `parent` the key of the folder ("" at the top). Times are
 * whole seconds since 1970. `blocks` is the concatenation of the binary SHA-256 of each 4 MiB block. Of tokens
 * and codes only the SHA-256 is kept (V78).
 */
const firstTables = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT;

CREATE TABLE accounts (
  account INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  email TEXT NOT NULL,
  namespace INTEGER NOT NULL UNIQUE,
  used INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE authorisations (
  authorisation INTEGER PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES accounts,
  client TEXT NOT NULL,
  scopes TEXT NOT NULL,
  refresh_hash TEXT UNIQUE
) STRICT;
CREATE TABLE access_tokens (
  hash TEXT PRIMARY KEY,
  authorisation INTEGER NOT NULL REFERENCES authorisations ON DELETE CASCADE,
  scopes TEXT NOT NULL,
  expires INTEGER NOT NULL
) STRICT;
CREATE INDEX access_tokens_of ON access_tokens (authorisation);
CREATE INDEX access_tokens_ending ON access_tokens (expires);
CREATE TABLE codes (
  hash TEXT PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES accounts,
  client TEXT NOT NULL,
  scopes TEXT NOT NULL,
  redirect_uri TEXT,
  challenge TEXT,
  challenge_method TEXT NOT NULL,
  offline INTEGER NOT NULL,
  expires INTEGER NOT NULL
) STRICT;

CREATE TABLE nodes (
  account INTEGER NOT NULL REFERENCES accounts,
  key TEXT NOT NULL,
  parent TEXT NOT NULL,
  display TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  rev INTEGER,
  size INTEGER NOT NULL,
  PRIMARY KEY (account, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX nodes_in_folder ON nodes (account, parent, key);
CREATE UNIQUE INDEX nodes_by_id ON nodes (account, id);
CREATE TRIGGER nodes_added AFTER INSERT ON nodes WHEN new.size <> 0 BEGIN
  UPDATE accounts SET used = used + new.size WHERE account = new.account;
END;
CREATE TRIGGER nodes_removed AFTER DELETE ON nodes WHEN old.size <> 0 BEGIN
  UPDATE accounts SET used = used - old.size WHERE account = old.account;
END;
CREATE TRIGGER nodes_resized AFTER UPDATE OF size ON nodes WHEN new.size <> old.size BEGIN
  UPDATE accounts SET used = used + new.size - old.size WHERE account = new.account;
END;

CREATE TABLE removed (
  account INTEGER NOT NULL REFERENCES accounts,
  key TEXT NOT NULL,
  parent TEXT NOT NULL,
  display TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  ended INTEGER NOT NULL,
  PRIMARY KEY (account, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX removed_in_folder ON removed (account, parent, key);
CREATE INDEX removed_ended ON removed (ended);

CREATE TABLE revisions (
  rev INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL REFERENCES accounts,
  id TEXT NOT NULL,
  key TEXT NOT NULL,
  display TEXT NOT NULL,
  size INTEGER NOT NULL,
  hash TEXT NOT NULL,
  client_modified INTEGER NOT NULL,
  server_modified INTEGER NOT NULL,
  blocks BLOB NOT NULL,
  ended INTEGER
) STRICT;
CREATE INDEX revisions_at ON revisions (account, key, rev);
CREATE INDEX revisions_of ON revisions (account, id, rev);
CREATE INDEX revisions_ended ON revisions (ended) WHERE ended IS NOT NULL;

CREATE TABLE journal (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL REFERENCES accounts,
  key TEXT NOT NULL,
  parent TEXT NOT NULL,
  display TEXT NOT NULL,
  state TEXT NOT NULL
) STRICT;
CREATE INDEX journal_of ON journal (account, seq);
CREATE INDEX journal_at ON journal (account, key, seq);

CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES accounts,
  concurrent INTEGER NOT NULL,
  closed INTEGER NOT NULL,
  size INTEGER NOT NULL,
  blocks BLOB NOT NULL,
  touched INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_touched ON sessions (touched);
CREATE TABLE session_parts (
  session TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
  start INTEGER NOT NULL,
  size INTEGER NOT NULL,
  blocks BLOB NOT NULL,
  PRIMARY KEY (session, start)
) STRICT;

CREATE TABLE blocks (hash TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT;
`;

/**
 * Registered apps, jobs, links; the openings that wrote, with the position of the journal where each began.
 *
 * An app without `secret` takes any; `folder` is its name below /Apps, null for a full app; `scopes` null means all.
 * `epoch` counts how often the cursors of an account were invalidated. A job keeps what its check answers; a link to a
 * node keeps its id, so that it follows moves. `proof` is what the client of an authorisation shows to refresh it: its
 * secret, or nothing where PKCE or the server's owner made it. A code that served keeps the authorisation that it
 * became until it would have ended. `used_forms` are the consent pages that were answered.
 */
const secondTables = `
CREATE TABLE incarnations (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  start INTEGER NOT NULL
) STRICT;

ALTER TABLE accounts ADD COLUMN password TEXT;
ALTER TABLE accounts ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE authorisations ADD COLUMN proof TEXT NOT NULL DEFAULT 'pkce';
CREATE INDEX authorisations_of ON authorisations (account, client);
ALTER TABLE codes ADD COLUMN authorisation INTEGER REFERENCES authorisations ON DELETE CASCADE;

CREATE TABLE used_forms (nonce TEXT PRIMARY KEY, expires INTEGER NOT NULL) STRICT;
CREATE INDEX used_forms_expires ON used_forms (expires);

CREATE TABLE apps (
  key TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  secret TEXT,
  folder TEXT,
  scopes TEXT,
  redirects TEXT NOT NULL
) STRICT;

CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES accounts,
  family TEXT NOT NULL,
  result TEXT NOT NULL,
  polls INTEGER NOT NULL,
  made INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_made ON jobs (made);

CREATE TABLE shared_links (
  id TEXT PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES accounts,
  node TEXT NOT NULL,
  secret TEXT NOT NULL,
  made INTEGER NOT NULL,
  UNIQUE (account, node)
) STRICT;

CREATE TABLE temporary_links (
  hash TEXT PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES accounts,
  app TEXT NOT NULL,
  rev INTEGER,
  commit_info TEXT,
  expires INTEGER NOT NULL,
  used INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX temporary_links_expires ON temporary_links (expires);
`;

/**
 * Members of a team: their home is the folder `home_folder` at the top, and `team_root` the namespace of the top as long as
 * they are members. Both are null for an account whose home is everything.
 */
const thirdTables = `
ALTER TABLE accounts ADD COLUMN home_folder TEXT;
ALTER TABLE accounts ADD COLUMN team_root INTEGER;
`;

/** How a database gets from each version to the next, from nothing on (V14). */
export const migrations: readonly string[] = [firstTables, secondTables, thirdTables];

/** The version that this program writes, kept in `user_version`. */
export const formatVersion: number = migrations.length;
