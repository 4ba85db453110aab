-- Rows of somebody's own list (import), as written. What the hosts show is never here.
CREATE TABLE listed (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  -- a JSON object: expiration, issuer, labels
  body TEXT NOT NULL
) STRICT;
CREATE INDEX listed_by_name ON listed (name);
