-- The number of the lineage whose failure paused a campaign; NULL: a person paused it, or nothing did.
ALTER TABLE campaign ADD COLUMN halted_by INTEGER;
