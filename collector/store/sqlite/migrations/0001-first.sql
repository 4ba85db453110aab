-- All instants are milliseconds since 1970, UTC.

CREATE TABLE setting (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE host (
  id INTEGER PRIMARY KEY,
  agent_id TEXT NOT NULL UNIQUE,
  -- Ed25519, SPKI DER
  public_key BLOB NOT NULL UNIQUE,
  name TEXT NOT NULL,
  agent_version TEXT NOT NULL DEFAULT '',
  enrolled_at INTEGER NOT NULL,
  generation INTEGER NOT NULL DEFAULT 0,
  boot_id TEXT NOT NULL DEFAULT '',
  heard_at INTEGER,
  -- when another machine last presented this identity
  conflict_at INTEGER,
  revoked_at INTEGER
) STRICT;

CREATE TABLE token (
  -- SHA-256 of the token; the token itself is never stored
  hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  spent_at INTEGER,
  host INTEGER REFERENCES host (id)
) STRICT, WITHOUT ROWID;

-- Every certificate ever seen, once.
CREATE TABLE certificate (
  id INTEGER PRIMARY KEY,
  fingerprint BLOB NOT NULL UNIQUE CHECK (length(fingerprint) = 32),
  not_before INTEGER NOT NULL,
  not_after INTEGER NOT NULL,
  first_seen_at INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX certificate_by_not_after ON certificate (not_after);
CREATE INDEX certificate_by_not_before ON certificate (not_before);

-- Current state: replaced by each snapshot, never history.
CREATE TABLE current_snapshot (
  host INTEGER NOT NULL PRIMARY KEY REFERENCES host (id),
  digest TEXT NOT NULL,
  observed_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE TABLE current_part (
  host INTEGER NOT NULL REFERENCES host (id),
  kind TEXT NOT NULL CHECK (kind IN ('file', 'lineage', 'deployment', 'endpoint', 'finding')),
  id TEXT NOT NULL,
  -- the leaf of a file, the certificate served by an endpoint
  certificate INTEGER REFERENCES certificate (id),
  body TEXT NOT NULL,
  PRIMARY KEY (host, kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX current_part_by_certificate ON current_part (certificate) WHERE certificate IS NOT NULL;

CREATE TABLE current_certificate (
  host INTEGER NOT NULL REFERENCES host (id),
  certificate INTEGER NOT NULL REFERENCES certificate (id),
  PRIMARY KEY (host, certificate)
) STRICT, WITHOUT ROWID;
CREATE INDEX current_certificate_by_certificate ON current_certificate (certificate);

-- History: append-only.
CREATE TABLE change (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  host INTEGER NOT NULL REFERENCES host (id),
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  before TEXT,
  after TEXT
) STRICT;
CREATE INDEX change_by_host ON change (host, id);

CREATE TABLE epoch (
  id INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES host (id),
  name TEXT NOT NULL,
  acked_seq INTEGER NOT NULL DEFAULT 0,
  -- how many of its events were kept
  kept INTEGER NOT NULL DEFAULT 0,
  UNIQUE (host, name)
) STRICT;

CREATE TABLE event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  epoch INTEGER NOT NULL REFERENCES epoch (id),
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (epoch, seq)
) STRICT;

CREATE TRIGGER change_is_history BEFORE UPDATE ON change
BEGIN SELECT RAISE (ABORT, 'history is append-only'); END;
CREATE TRIGGER event_is_history BEFORE UPDATE ON event
BEGIN SELECT RAISE (ABORT, 'history is append-only'); END;
