-- When somebody may no longer sign in, and is kept; NULL: may.
ALTER TABLE web_user ADD COLUMN disabled_at INTEGER;
-- 1: an OpenID provider or a proxy says who it is. Until here nobody without a password came in another way.
ALTER TABLE web_user ADD COLUMN elsewhere INTEGER NOT NULL DEFAULT 0;
UPDATE web_user SET elsewhere = 1 WHERE password IS NULL;
-- From where the browser signed in.
ALTER TABLE web_session ADD COLUMN address TEXT NOT NULL DEFAULT '';
-- Whose it is: it may no more than they, and goes with them. NULL: nobody's, as those made by command.
ALTER TABLE api_token ADD COLUMN web_user INTEGER REFERENCES web_user (id) ON DELETE CASCADE;

-- A link by which a user sets a password, once; the newest of each user.
CREATE TABLE web_invite (
  web_user INTEGER NOT NULL PRIMARY KEY REFERENCES web_user (id) ON DELETE CASCADE,
  -- SHA-256 of what the link says
  hash BLOB NOT NULL UNIQUE,
  expires_at INTEGER NOT NULL
) STRICT;
