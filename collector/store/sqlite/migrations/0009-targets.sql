-- What is asked from outside, again and again.
CREATE TABLE target (
  id INTEGER PRIMARY KEY,
  -- as targets are written: smtp://mail.example.com:25
  target TEXT NOT NULL UNIQUE,
  every_ms INTEGER NOT NULL,
  set_by TEXT NOT NULL,
  set_at INTEGER NOT NULL,
  -- NULL: never yet
  asked_at INTEGER,
  -- what was seen last: a JSON object
  seen TEXT
) STRICT;

-- From when on an address of a target presented which leaf.
CREATE TABLE target_change (
  target INTEGER NOT NULL REFERENCES target (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  address TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  -- a fingerprint; '': none any more
  served TEXT NOT NULL,
  PRIMARY KEY (target, at, address, algorithm)
) STRICT, WITHOUT ROWID;
