-- 1: somebody wants a target asked before its time.
ALTER TABLE target ADD COLUMN wanted INTEGER NOT NULL DEFAULT 0;
