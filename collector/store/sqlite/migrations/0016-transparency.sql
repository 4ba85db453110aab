-- How far each Certificate Transparency log was read: a JSON object.
CREATE TABLE transparency_log (
  log TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL
) STRICT;

-- Certificates with watched names that a log has. Instants are milliseconds since 1970, UTC.
CREATE TABLE logged_certificate (
  -- SHA-256 of serial number and issuer
  id TEXT NOT NULL PRIMARY KEY,
  -- a JSON text
  issuer TEXT NOT NULL,
  serial TEXT NOT NULL,
  not_before INTEGER NOT NULL,
  not_after INTEGER NOT NULL,
  -- a JSON list
  names TEXT NOT NULL,
  logged_at INTEGER NOT NULL,
  log TEXT NOT NULL,
  entry INTEGER NOT NULL,
  -- NULL: only the precertificate was seen
  fingerprint TEXT,
  -- 1: a host of the fleet holds or held it
  held INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX logged_certificate_by_time ON logged_certificate (logged_at);
CREATE INDEX logged_certificate_unheld ON logged_certificate (logged_at) WHERE held = 0;
