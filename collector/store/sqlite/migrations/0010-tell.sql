-- What was told to whom. All instants are milliseconds since 1970, UTC.

-- A change of one concern's status: there before anybody is told of it.
CREATE TABLE transition (
  id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  -- counts those of one subject
  ordinal INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('opened', 'changed', 'resolved')),
  at INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  -- 1: the last one of its subject, and that is not over
  standing INTEGER NOT NULL,
  -- the concern, as JSON
  body TEXT NOT NULL,
  UNIQUE (subject, ordinal)
) STRICT;
CREATE INDEX transition_that_stands ON transition (subject) WHERE standing = 1;

-- One cause, from the first message to the last one.
CREATE TABLE incident (
  id TEXT NOT NULL PRIMARY KEY,
  rule TEXT NOT NULL,
  group_key TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  closed_at INTEGER,
  -- grows with each plan that is written
  revision INTEGER NOT NULL,
  -- how far it was told, as JSON
  told TEXT NOT NULL,
  -- who took it on, as JSON
  acknowledged TEXT
) STRICT;
CREATE UNIQUE INDEX incident_that_is_open ON incident (rule, group_key) WHERE closed_at IS NULL;

CREATE TABLE notification (
  -- order of making: those of one incident and channel go one after the other
  number INTEGER PRIMARY KEY,
  -- what a receiver knows a second copy by
  id TEXT NOT NULL UNIQUE,
  incident TEXT NOT NULL,
  channel TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  -- whoever sends it has until then
  lease_until INTEGER NOT NULL DEFAULT 0,
  tries INTEGER NOT NULL DEFAULT 0,
  -- sent, or given up
  sent_at INTEGER,
  dropped_at INTEGER,
  failure TEXT,
  -- the message, as JSON
  body TEXT NOT NULL
) STRICT;
CREATE INDEX notification_that_waits ON notification (channel, number) WHERE sent_at IS NULL AND dropped_at IS NULL;

CREATE TABLE silence (
  id TEXT NOT NULL PRIMARY KEY,
  made_at INTEGER NOT NULL,
  until INTEGER NOT NULL,
  made_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  -- what it is about, as JSON
  matcher TEXT NOT NULL
) STRICT;
CREATE INDEX silence_by_until ON silence (until);
