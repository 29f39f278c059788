-- +goose Up
-- Times are INTEGER microseconds since 1970 in UTC. Text compares byte by byte.

-- "athd" in ASCII: how authd knows its own files.
PRAGMA application_id = 1635018852;

CREATE TABLE users (
  strategy            TEXT    NOT NULL,
  id                  TEXT    NOT NULL,
  email               TEXT    NOT NULL,
  username            TEXT    NOT NULL,
  name                TEXT    NOT NULL,
  avatar              TEXT    NOT NULL,
  roles               TEXT    NOT NULL, -- JSON array of strings
  password_hash       TEXT    NOT NULL,
  password_changed_at INTEGER NOT NULL,
  created_at          INTEGER NOT NULL,
  disabled_at         INTEGER,          -- NULL while enabled
  PRIMARY KEY (strategy, id)
) STRICT, WITHOUT ROWID;

-- Emails and usernames share one name space per strategy.
CREATE TABLE user_identifiers (
  strategy   TEXT NOT NULL,
  identifier TEXT NOT NULL,
  user_id    TEXT NOT NULL,
  PRIMARY KEY (strategy, identifier),
  FOREIGN KEY (strategy, user_id) REFERENCES users (strategy, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX user_identifiers_user ON user_identifiers (strategy, user_id);

CREATE TABLE accounts (
  strategy       TEXT NOT NULL,
  subject        TEXT NOT NULL,
  first_seen_at  INTEGER,               -- NULL until the first session
  last_login_at  INTEGER,
  sessions_after INTEGER,               -- sessions authenticated up to here do not count
  PRIMARY KEY (strategy, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  id           TEXT    NOT NULL PRIMARY KEY,
  strategy     TEXT    NOT NULL,
  subject      TEXT    NOT NULL,
  identity     TEXT    NOT NULL,        -- JSON, without strategy and subject
  generation   INTEGER NOT NULL,
  auth_at      INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  advanced_at  INTEGER NOT NULL,
  idle_expires INTEGER NOT NULL,
  expires      INTEGER NOT NULL,
  persistent   INTEGER NOT NULL,
  addr         TEXT    NOT NULL,
  user_agent   TEXT    NOT NULL,
  ended_at     INTEGER,                 -- NULL while not ended
  end_reason   TEXT    NOT NULL,
  FOREIGN KEY (strategy, subject) REFERENCES accounts (strategy, subject)
) STRICT;
CREATE INDEX sessions_account ON sessions (strategy, subject, created_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_dead ON sessions (min(idle_expires, expires));

CREATE TABLE one_time_tokens (
  hash       BLOB    NOT NULL PRIMARY KEY,
  purpose    TEXT    NOT NULL,
  strategy   TEXT    NOT NULL,
  subject    TEXT    NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  UNIQUE (purpose, strategy, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX one_time_tokens_expires ON one_time_tokens (expires_at);

CREATE TABLE signing_keys (
  id            TEXT    NOT NULL PRIMARY KEY,
  algorithm     TEXT    NOT NULL,
  sealed        BLOB    NOT NULL,
  created_at    INTEGER NOT NULL,
  active_from   INTEGER NOT NULL UNIQUE,
  publish_until INTEGER NOT NULL
) STRICT;
