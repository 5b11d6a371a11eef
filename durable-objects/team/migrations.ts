/**
 * The schema of a team's database, as an append-only list: a landed entry is never edited, and each
 * start compares what was applied with what stands here. Text keys are WITHOUT ROWID, because a row
 * with a separate key index is billed and written twice.
 */
import { invariant } from "../../shared/invariant.ts";
import { sha256Hex } from "../../shared/crypto.ts";

const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE team_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;
  CREATE TABLE idempotency (
    key TEXT PRIMARY KEY, request_hash TEXT NOT NULL, answer TEXT NOT NULL, at INTEGER NOT NULL
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE opening (mission_id TEXT PRIMARY KEY) WITHOUT ROWID, STRICT;
  CREATE TABLE agent (
    id TEXT PRIMARY KEY, skills TEXT NOT NULL, zone TEXT, banned INTEGER NOT NULL
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE approver (
    id TEXT PRIMARY KEY, display_name TEXT NOT NULL, groups TEXT NOT NULL, keys TEXT NOT NULL,
    valid_from TEXT, valid_until TEXT
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE approver_key (kid TEXT PRIMARY KEY, approver_id TEXT NOT NULL) WITHOUT ROWID, STRICT;
  CREATE TABLE webhook (
    id TEXT PRIMARY KEY, url TEXT NOT NULL, events TEXT NOT NULL, created_at TEXT NOT NULL,
    disabled_at TEXT
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE delivery (
    endpoint_id TEXT NOT NULL, ordinal INTEGER NOT NULL, delivery_id TEXT NOT NULL,
    type TEXT NOT NULL, attempt INTEGER NOT NULL, status INTEGER, outcome TEXT NOT NULL,
    detail TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (endpoint_id, ordinal)
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE policy (
    version TEXT PRIMARY KEY, hash TEXT NOT NULL, document TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('proposed', 'active', 'retired')),
    proposed_by TEXT NOT NULL, proposed_at TEXT NOT NULL, activated_by TEXT, activated_at TEXT,
    activation_statement TEXT,
    CHECK (state = 'proposed' OR activation_statement IS NOT NULL)
  ) WITHOUT ROWID, STRICT;
  CREATE UNIQUE INDEX policy_active ON policy (state) WHERE state = 'active';
  CREATE TABLE incident (
    number INTEGER PRIMARY KEY, origin_key TEXT, mission_id TEXT, node_id TEXT, seq INTEGER,
    kind TEXT NOT NULL, severity TEXT NOT NULL, reason_codes TEXT NOT NULL, summary TEXT NOT NULL,
    opened_at TEXT NOT NULL, status TEXT NOT NULL, status_by TEXT, status_at TEXT
  ) STRICT;
  CREATE UNIQUE INDEX incident_origin ON incident (origin_key) WHERE origin_key IS NOT NULL;
  CREATE TRIGGER incident_never_deleted BEFORE DELETE ON incident
    BEGIN SELECT raise(ABORT, 'an incident number is never reused'); END;
  `,
  `
  CREATE TABLE log_entry (
    idx INTEGER PRIMARY KEY, mission_id TEXT NOT NULL, size INTEGER NOT NULL, root TEXT NOT NULL,
    at TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX log_entry_head ON log_entry (mission_id, size);
  CREATE TRIGGER log_entry_never_deleted BEFORE DELETE ON log_entry
    BEGIN SELECT raise(ABORT, 'a log only grows'); END;
  CREATE TRIGGER log_entry_never_changed BEFORE UPDATE ON log_entry
    BEGIN SELECT raise(ABORT, 'a log only grows'); END;
  `,
  `
  CREATE TABLE policy_with_shadow (
    version TEXT PRIMARY KEY, hash TEXT NOT NULL, document TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('proposed', 'shadow', 'active', 'retired')),
    proposed_by TEXT NOT NULL, proposed_at TEXT NOT NULL, activated_by TEXT, activated_at TEXT,
    activation_statement TEXT,
    CHECK (state IN ('proposed', 'shadow') OR activation_statement IS NOT NULL)
  ) WITHOUT ROWID, STRICT;
  INSERT INTO policy_with_shadow
    (version, hash, document, state, proposed_by, proposed_at, activated_by, activated_at, activation_statement)
    SELECT version, hash, document, state, proposed_by, proposed_at, activated_by, activated_at, activation_statement
    FROM policy;
  DROP TABLE policy;
  ALTER TABLE policy_with_shadow RENAME TO policy;
  CREATE UNIQUE INDEX policy_active ON policy (state) WHERE state = 'active';
  CREATE UNIQUE INDEX policy_shadow ON policy (state) WHERE state = 'shadow';
  `,
  `
  ALTER TABLE agent ADD COLUMN family TEXT;
  CREATE TABLE verifier (id TEXT PRIMARY KEY, family TEXT NOT NULL, keys TEXT NOT NULL) WITHOUT ROWID, STRICT;
  CREATE TABLE verifier_key (kid TEXT PRIMARY KEY, verifier_id TEXT NOT NULL) WITHOUT ROWID, STRICT;
  `,
  `
  CREATE TABLE zone (
    zone TEXT PRIMARY KEY, skills TEXT NOT NULL, owns TEXT NOT NULL, hands_to TEXT NOT NULL
  ) WITHOUT ROWID, STRICT;
  `,
  `
  ALTER TABLE approver ADD COLUMN hours TEXT;
  ALTER TABLE approver ADD COLUMN break_glass INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE passkey (
    credential_id TEXT PRIMARY KEY, approver_id TEXT NOT NULL, sign_count INTEGER NOT NULL, signature TEXT
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE passkey_ceremony (
    approver_id TEXT PRIMARY KEY, challenge TEXT NOT NULL, expires_ms INTEGER NOT NULL
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE directory_change (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, by TEXT NOT NULL, kind TEXT NOT NULL,
    subject TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL
  ) STRICT;
  CREATE INDEX directory_change_of ON directory_change (kind, subject, number);
  CREATE TRIGGER directory_change_never_deleted BEFORE DELETE ON directory_change
    BEGIN SELECT raise(ABORT, 'an audit trail only grows'); END;
  CREATE TRIGGER directory_change_never_changed BEFORE UPDATE ON directory_change
    BEGIN SELECT raise(ABORT, 'an audit trail only grows'); END;
  `,
  // Generation 0 is the instance's own key, with which the endpoints of before go on being signed.
  `
  ALTER TABLE webhook ADD COLUMN signature TEXT NOT NULL DEFAULT 'v1a';
  ALTER TABLE webhook ADD COLUMN format TEXT NOT NULL DEFAULT 'cloudevents';
  ALTER TABLE webhook ADD COLUMN disabled_reason TEXT;
  ALTER TABLE webhook ADD COLUMN failing_since TEXT;
  CREATE TABLE endpoint_key (
    endpoint_id TEXT NOT NULL, generation INTEGER NOT NULL, root TEXT, public_key TEXT,
    created_at TEXT NOT NULL, expires_at TEXT, PRIMARY KEY (endpoint_id, generation)
  ) WITHOUT ROWID, STRICT;
  INSERT INTO endpoint_key (endpoint_id, generation, created_at) SELECT id, 0, created_at FROM webhook;
  ALTER TABLE delivery ADD COLUMN cause TEXT NOT NULL DEFAULT 'event';
  ALTER TABLE delivery ADD COLUMN run INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE delivery ADD COLUMN excerpt TEXT NOT NULL DEFAULT '';
  ALTER TABLE delivery ADD COLUMN duration_ms INTEGER;
  CREATE INDEX delivery_attempt ON delivery (endpoint_id, delivery_id, run, attempt);
  CREATE TABLE delivery_body (
    number INTEGER PRIMARY KEY, endpoint_id TEXT NOT NULL, delivery_id TEXT NOT NULL,
    type TEXT NOT NULL, body TEXT NOT NULL, runs INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX delivery_body_name ON delivery_body (endpoint_id, delivery_id);
  CREATE TABLE hook (
    id TEXT PRIMARY KEY, title TEXT NOT NULL, signature TEXT NOT NULL, created_at TEXT NOT NULL,
    disabled_at TEXT
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE hook_message (
    hook_id TEXT NOT NULL, message_id TEXT NOT NULL, body_hash TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (hook_id, message_id)
  ) WITHOUT ROWID, STRICT;
  CREATE INDEX hook_message_at ON hook_message (at);
  `,
  `
  CREATE TABLE agent_trust (
    agent TEXT PRIMARY KEY, score REAL NOT NULL, streak INTEGER NOT NULL, cooldown_until TEXT
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE trust_update (
    number INTEGER PRIMARY KEY, agent TEXT NOT NULL, at TEXT NOT NULL, outcome TEXT NOT NULL,
    mission_id TEXT, node_id TEXT, seq INTEGER, by TEXT, reason TEXT, delta_requested REAL NOT NULL,
    delta_applied REAL NOT NULL, gain_left REAL, score REAL NOT NULL, streak INTEGER NOT NULL,
    cooldown_until TEXT
  ) STRICT;
  CREATE UNIQUE INDEX trust_update_event ON trust_update (mission_id, seq) WHERE mission_id IS NOT NULL;
  CREATE INDEX trust_update_of ON trust_update (agent, number);
  CREATE INDEX trust_update_in ON trust_update (mission_id, agent, number);
  CREATE TRIGGER trust_update_never_deleted BEFORE DELETE ON trust_update
    BEGIN SELECT raise(ABORT, 'a history only grows'); END;
  CREATE TRIGGER trust_update_never_changed BEFORE UPDATE ON trust_update
    BEGIN SELECT raise(ABORT, 'a history only grows'); END;
  CREATE TABLE trust_grant (
    id TEXT PRIMARY KEY, agent TEXT NOT NULL, action_type TEXT NOT NULL, zone TEXT,
    risk_max INTEGER NOT NULL, mission_id TEXT, expires_at TEXT NOT NULL, issued_by TEXT NOT NULL,
    issued_at TEXT NOT NULL, reason TEXT NOT NULL, revoked TEXT
  ) WITHOUT ROWID, STRICT;
  CREATE INDEX trust_grant_of ON trust_grant (agent, action_type, expires_at);
  `,
  `
  CREATE TABLE delegation (
    id TEXT PRIMARY KEY, delegator TEXT NOT NULL, delegate TEXT NOT NULL, statement TEXT NOT NULL,
    expires_at TEXT NOT NULL, revoked_at TEXT, revoked_by TEXT
  ) WITHOUT ROWID, STRICT;
  CREATE INDEX delegation_delegator ON delegation (delegator);
  CREATE INDEX delegation_delegate ON delegation (delegate, expires_at);
  `,
];

/**
 * Brings the database to the newest schema in one transaction, or (for tests of what is old) only as far as
 * `count` entries; breaches when history was edited.
 */
export function migrateTeamStore(storage: DurableObjectStorage, count = MIGRATIONS.length): void {
  storage.transactionSync(() => {
    const { sql } = storage;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS team_migration (number INTEGER PRIMARY KEY, hash TEXT NOT NULL) STRICT",
    );
    const applied = sql
      .exec<{ hash: string }>("SELECT hash FROM team_migration ORDER BY number")
      .toArray();
    for (const [number, { hash }] of applied.entries()) {
      const known = MIGRATIONS[number];
      // Code older than the data may meet a newer schema during a roll-out: it must not guess.
      invariant(known !== undefined, "the database is not newer than the code");
      invariant(sha256Hex(known) === hash, "an applied migration was never edited");
    }
    for (const [number, text] of MIGRATIONS.slice(0, count).entries()) {
      if (number < applied.length) continue;
      sql.exec(text);
      sql.exec("INSERT INTO team_migration (number, hash) VALUES (?, ?)", number, sha256Hex(text));
    }
  });
}
