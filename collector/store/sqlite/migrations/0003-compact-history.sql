-- History in small rows: who and what is named once, in `track`; a row says when, and what it was from then on.

CREATE TABLE track (
  id INTEGER PRIMARY KEY,
  host INTEGER NOT NULL REFERENCES host (id),
  -- endpoint-issued, endpoint-configured, endpoint-served, finding, or what else is told of a host
  kind TEXT NOT NULL,
  -- an endpoint's id, a finding's key
  subject TEXT NOT NULL,
  UNIQUE (host, kind, subject)
) STRICT;

-- Findings as they were told, without their `since`, each once.
CREATE TABLE finding_text (
  id INTEGER PRIMARY KEY,
  -- the first 16 bytes of the SHA-256 of body; of rows older than this table, random
  digest BLOB NOT NULL UNIQUE,
  body TEXT NOT NULL
) STRICT;

CREATE TABLE track_change (
  track INTEGER NOT NULL REFERENCES track (id),
  -- no two of a track are at one instant, and none is before an earlier one
  at INTEGER NOT NULL,
  -- all three are null where it ended
  certificate INTEGER REFERENCES certificate (id),
  finding INTEGER,
  since INTEGER,
  PRIMARY KEY (track, at)
) STRICT, WITHOUT ROWID;

ALTER TABLE certificate ADD COLUMN first_seen_by INTEGER REFERENCES host (id);
-- Without it the next statement would read all history once for each certificate. It goes with its table.
CREATE INDEX change_by_seen ON change (subject) WHERE kind = 'certificate-seen';
UPDATE certificate SET first_seen_by =
  (SELECT change.host FROM change
   WHERE change.kind = 'certificate-seen' AND change.subject = lower(hex(certificate.fingerprint)) ORDER BY id LIMIT 1);
CREATE INDEX certificate_by_first_seen_by ON certificate (first_seen_by) WHERE first_seen_by IS NOT NULL;

INSERT INTO track (host, kind, subject)
  SELECT host, iif(kind LIKE 'finding-%', 'finding', kind) AS track_kind, subject FROM change
  WHERE kind <> 'certificate-seen' GROUP BY host, track_kind, subject ORDER BY min(id);

INSERT INTO finding_text (digest, body)
  SELECT randomblob(16), json_remove(after, '$.since') AS body FROM change WHERE kind = 'finding-opened' GROUP BY body;
CREATE INDEX finding_text_by_body ON finding_text (body);

-- Rows of one track at one instant are a millisecond apart from now on, and none runs backwards.
INSERT INTO track_change (track, at, certificate, finding, since)
  SELECT track.id,
    max(change.at - n) OVER (PARTITION BY track.id ORDER BY n ROWS UNBOUNDED PRECEDING) + n,
    certificate.id,
    finding_text.id,
    iif(change.kind = 'finding-opened', CAST(round(unixepoch(json_extract(change.after, '$.since'), 'subsec') * 1000) AS INTEGER), NULL)
  FROM (SELECT *, row_number() OVER (PARTITION BY host, iif(kind LIKE 'finding-%', 'finding', kind), subject ORDER BY id) AS n
        FROM change WHERE kind <> 'certificate-seen') AS change
  JOIN track ON track.host = change.host AND track.kind = iif(change.kind LIKE 'finding-%', 'finding', change.kind)
    AND track.subject = change.subject
  LEFT JOIN certificate ON certificate.fingerprint = iif(change.kind LIKE 'endpoint-%', unhex(change.after), NULL)
  LEFT JOIN finding_text ON finding_text.body = iif(change.kind = 'finding-opened', json_remove(change.after, '$.since'), NULL);
DROP INDEX finding_text_by_body;

DROP TABLE change;
ALTER TABLE track_change RENAME TO change;
CREATE INDEX change_by_certificate ON change (certificate) WHERE certificate IS NOT NULL;
CREATE INDEX change_by_finding ON change (finding) WHERE finding IS NOT NULL;
CREATE TRIGGER change_is_history BEFORE UPDATE ON change
BEGIN SELECT RAISE (ABORT, 'history is append-only'); END;

-- Up to this seq events may have been thinned.
ALTER TABLE epoch ADD COLUMN thinned_seq INTEGER NOT NULL DEFAULT 0;

-- The newest event of each kind about each subject: it stays, however old.
CREATE TABLE latest_event (
  host INTEGER NOT NULL REFERENCES host (id),
  kind TEXT NOT NULL,
  -- "KIND ID"
  subject TEXT NOT NULL,
  event INTEGER NOT NULL,
  PRIMARY KEY (host, kind, subject)
) STRICT, WITHOUT ROWID;
INSERT INTO latest_event (host, kind, subject, event)
  SELECT epoch.host, json_extract(body, '$.kind') AS kind,
    json_extract(body, '$.subject.kind') || ' ' || json_extract(body, '$.subject.id') AS subject, max(event.id)
  FROM event JOIN epoch ON epoch.id = event.epoch GROUP BY epoch.host, 2, 3;
