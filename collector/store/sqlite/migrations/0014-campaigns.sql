-- Certificates that are replaced in waves, and how far that is.
CREATE TABLE campaign (
  -- a UUID
  id TEXT PRIMARY KEY,
  -- whoever started it chose this: the same again is the same campaign
  key TEXT UNIQUE,
  -- JSON objects
  selection TEXT NOT NULL,
  limits TEXT NOT NULL,
  reason TEXT NOT NULL,
  started_by TEXT NOT NULL,
  via TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'paused', 'done', 'aborted')),
  cause TEXT,
  changed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX campaign_by_start ON campaign (started_at);
CREATE INDEX campaign_that_is_open ON campaign (started_at) WHERE state IN ('running', 'paused');

CREATE TABLE campaign_member (
  campaign TEXT NOT NULL REFERENCES campaign (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  -- what it was when the campaign began: a JSON object, and what lists count by
  planned TEXT NOT NULL,
  wave INTEGER NOT NULL,
  owner TEXT,
  places INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'asked', 'served', 'failed', 'skipped')),
  attempt INTEGER NOT NULL DEFAULT 0,
  -- an id of a request
  request TEXT,
  asked_at INTEGER,
  changed_at INTEGER NOT NULL,
  cause TEXT,
  PRIMARY KEY (campaign, number)
) STRICT, WITHOUT ROWID;
-- Lists are counted without reading what was planned.
CREATE INDEX campaign_member_by_wave ON campaign_member (campaign, wave, owner, state, places);
