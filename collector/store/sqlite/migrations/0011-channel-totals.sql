-- How many messages each channel took, and how many were given up: messages go once they are old, their number stays.
CREATE TABLE channel_total (
  channel TEXT NOT NULL PRIMARY KEY,
  sent INTEGER NOT NULL,
  dropped INTEGER NOT NULL
) STRICT;
INSERT INTO channel_total (channel, sent, dropped)
  SELECT channel, sum(sent_at IS NOT NULL), sum(dropped_at IS NOT NULL) FROM notification GROUP BY channel;
