-- Each time a backup took the place of a newer database: what was kept between the two instants is missing here.
CREATE TABLE restoration (
  id INTEGER PRIMARY KEY,
  backed_up_at INTEGER NOT NULL,
  restored_at INTEGER NOT NULL
) STRICT;

-- 1: no event came since the last restoration, so that a hole before the next one is its doing.
ALTER TABLE epoch ADD COLUMN restored INTEGER NOT NULL DEFAULT 0;
