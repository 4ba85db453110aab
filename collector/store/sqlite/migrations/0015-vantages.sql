-- What is asked from outside, again and again, and from where.
CREATE TABLE target_from (
  id INTEGER PRIMARY KEY,
  -- as targets are written: smtp://mail.example.com:25
  target TEXT NOT NULL,
  -- 'collector', or the id of an agent
  vantage TEXT NOT NULL,
  every_ms INTEGER NOT NULL,
  set_by TEXT NOT NULL,
  set_at INTEGER NOT NULL,
  -- NULL: never yet
  asked_at INTEGER,
  -- what was seen last: a JSON object
  seen TEXT,
  -- how often somebody wanted it asked before its time since a look began that was kept
  wanted INTEGER NOT NULL DEFAULT 0,
  UNIQUE (target, vantage)
) STRICT;
INSERT INTO target_from (id, target, vantage, every_ms, set_by, set_at, asked_at, seen, wanted)
  SELECT id, target, 'collector', every_ms, set_by, set_at, asked_at, seen, wanted FROM target;

-- From when on an address of a target presented which leaf.
CREATE TABLE target_from_change (
  target INTEGER NOT NULL REFERENCES target_from (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  address TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  -- a fingerprint; '': none any more
  served TEXT NOT NULL,
  PRIMARY KEY (target, at, address, algorithm)
) STRICT, WITHOUT ROWID;
INSERT INTO target_from_change (target, at, address, algorithm, served)
  SELECT target, at, address, algorithm, served FROM target_change;

-- The changes first: with its rows a target takes its changes along.
DROP TABLE target_change;
DROP TABLE target;
ALTER TABLE target_from RENAME TO target;
ALTER TABLE target_from_change RENAME TO target_change;
