-- Who owns what: each row gives one label to all hosts, or all names, that fit its pattern.
CREATE TABLE label_rule (
  id INTEGER PRIMARY KEY,
  scope TEXT NOT NULL CHECK (scope IN ('host', 'name')),
  -- lower case; * stands for any characters
  pattern TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('command', 'enrolment', 'list')),
  set_by TEXT NOT NULL,
  set_at INTEGER NOT NULL,
  UNIQUE (scope, pattern, key)
) STRICT;

-- The labels that a host gets as it enrols: a JSON object.
ALTER TABLE token ADD COLUMN labels TEXT;
