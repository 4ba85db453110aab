-- What people asked of hosts, for good: who, what and why never change; what came of it is written once.
CREATE TABLE request (
  -- a UUID, as the agent is told it
  id TEXT NOT NULL PRIMARY KEY,
  -- what whoever asked calls it: the same word again is the same request
  key TEXT UNIQUE,
  host INTEGER NOT NULL REFERENCES host (id),
  verb TEXT NOT NULL,
  subject_kind TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  requester TEXT NOT NULL,
  reason TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  -- not to be begun later
  until INTEGER NOT NULL,
  sent_at INTEGER,
  ended_at INTEGER,
  ok INTEGER,
  -- the agent's reason, where it refused
  refused TEXT,
  summary TEXT
) STRICT;
CREATE INDEX request_by_asked_at ON request (asked_at);
CREATE INDEX request_that_waits ON request (until) WHERE ended_at IS NULL;

CREATE TRIGGER request_is_history BEFORE UPDATE ON request
WHEN OLD.ended_at IS NOT NULL OR NEW.id <> OLD.id OR NEW.host <> OLD.host OR NEW.verb <> OLD.verb OR NEW.subject_kind <> OLD.subject_kind
  OR NEW.subject_id <> OLD.subject_id OR NEW.requester <> OLD.requester OR NEW.reason <> OLD.reason OR NEW.asked_at <> OLD.asked_at
BEGIN SELECT RAISE (ABORT, 'history is append-only'); END;
CREATE TRIGGER request_stays BEFORE DELETE ON request
BEGIN SELECT RAISE (ABORT, 'history is append-only'); END;
