-- +goose Up
-- What is remembered of tries, by a keyed hash of the account or network.
CREATE TABLE tries (
  key           BLOB    NOT NULL PRIMARY KEY,
  fade_at       INTEGER NOT NULL,
  last_at       INTEGER NOT NULL,
  trusted_until INTEGER NOT NULL,
  end_at        INTEGER NOT NULL        -- the row may go then
) STRICT, WITHOUT ROWID;
CREATE INDEX tries_end ON tries (end_at);
