-- Who may open the page and the API. Secrets only as hashes.
CREATE TABLE web_user (
  id INTEGER PRIMARY KEY,
  -- lower case
  name TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  -- argon2id, as a PHC string; NULL: signs in elsewhere (OpenID Connect, a proxy)
  password TEXT,
  -- who the OpenID provider says that it is, since its first sign-in
  issuer TEXT,
  subject TEXT,
  created_at INTEGER NOT NULL,
  UNIQUE (issuer, subject)
) STRICT;

CREATE TABLE web_session (
  -- SHA-256 of what the browser's cookie says
  hash BLOB NOT NULL PRIMARY KEY,
  web_user INTEGER NOT NULL REFERENCES web_user (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL
) STRICT;
CREATE INDEX web_session_by_user ON web_session (web_user);
CREATE INDEX web_session_by_end ON web_session (ends_at);

CREATE TABLE api_token (
  name TEXT NOT NULL PRIMARY KEY,
  -- SHA-256
  hash BLOB NOT NULL UNIQUE,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT;

-- What people changed, and what was tried too often; for good.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  via TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  -- a JSON object of texts
  detail TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_is_history BEFORE UPDATE ON audit
BEGIN SELECT RAISE (ABORT, 'history is append-only'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit
BEGIN SELECT RAISE (ABORT, 'history is append-only'); END;
