-- The number of the lineage whose failure paused a campaign; NULL: a person paused it, or nothing did.
ALTER TABLE campaign ADD COLUMN halted_by INTEGER;

-- By how much, at least, the host's clock was ahead of this one's when its snapshot came: milliseconds; NULL: it was not looked at then.
ALTER TABLE current_snapshot ADD COLUMN ahead_ms INTEGER;
