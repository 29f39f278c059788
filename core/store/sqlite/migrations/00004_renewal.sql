-- +goose Up
ALTER TABLE sessions ADD COLUMN confirmed_at INTEGER; -- NULL while the backend has not been asked
ALTER TABLE sessions ADD COLUMN kept BLOB;            -- sealed; NULL for nothing
ALTER TABLE sessions ADD COLUMN remote_id TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN leased_until INTEGER; -- NULL while nobody asks the backend
CREATE INDEX sessions_remote ON sessions (strategy, remote_id) WHERE remote_id <> '' AND ended_at IS NULL;

-- What may happen once only, until it could not happen anyway.
CREATE TABLE once (
  purpose TEXT    NOT NULL,
  key     BLOB    NOT NULL,
  until   INTEGER NOT NULL,
  PRIMARY KEY (purpose, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX once_until ON once (until);
