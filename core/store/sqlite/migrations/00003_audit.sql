-- +goose Up
CREATE TABLE audit_events (
  id               INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again, so that a reader may go on after it
  at               INTEGER NOT NULL,
  event            TEXT    NOT NULL,
  actor            TEXT    NOT NULL,
  method           TEXT    NOT NULL,
  outcome          TEXT    NOT NULL, -- empty for success
  reason           TEXT    NOT NULL,
  account_strategy TEXT    NOT NULL,
  account_subject  TEXT    NOT NULL,
  strategy         TEXT    NOT NULL, -- whose answer became the outcome
  asked            TEXT    NOT NULL, -- JSON array of objects
  session_id       TEXT    NOT NULL,
  addr             TEXT    NOT NULL,
  request_id       TEXT    NOT NULL,
  object           TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_events_at ON audit_events (at);
CREATE INDEX audit_events_account ON audit_events (account_strategy, account_subject, id);
