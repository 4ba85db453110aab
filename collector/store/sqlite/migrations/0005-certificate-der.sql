-- 1: body, not_before and not_after are what the certificate itself says; 0: what an agent said of it.
ALTER TABLE certificate ADD COLUMN proved INTEGER NOT NULL DEFAULT 0;

-- The certificate itself. Apart from its row, since all rows that are current are read whenever a page is made.
CREATE TABLE certificate_der (
  certificate INTEGER PRIMARY KEY REFERENCES certificate (id) ON DELETE CASCADE,
  der BLOB NOT NULL
) STRICT;
