-- The ledger: accounts and transfers, double entry, append-only; it knows no business noun.

CREATE TABLE ledger_account (
    network_id  uuid NOT NULL,
    id          uuid NOT NULL,      -- derived from network, holder, code and currency: posting looks nothing up
    holder_id   uuid NOT NULL,      -- whose account; opaque here
    code        smallint NOT NULL,  -- what the account is for; the slice that opens it knows
    currency    text COLLATE "C" NOT NULL CHECK (currency ~ '^[A-Z][A-Z0-9]{2,7}$'),
    opened_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (network_id, id),
    -- Transfers refer to (id, currency): an account can never take part in a transfer of another currency.
    UNIQUE (network_id, id, currency),
    UNIQUE (network_id, holder_id, code, currency)
);

-- The spendable balance of the few accounts that must not be overdrawn, updated once per batch, never per request.
CREATE TABLE ledger_guard (
    network_id         uuid NOT NULL,
    account_id         uuid NOT NULL,
    available_minor    bigint NOT NULL DEFAULT 0,
    credit_limit_minor bigint NOT NULL DEFAULT 0 CHECK (credit_limit_minor >= 0),
    PRIMARY KEY (network_id, account_id),
    FOREIGN KEY (network_id, account_id) REFERENCES ledger_account (network_id, id),
    CONSTRAINT ledger_guard_not_overdrawn CHECK (available_minor + credit_limit_minor >= 0)
) WITH (fillfactor = 50);

-- One row moves one amount from one account to another: zero-sum by construction, no trigger needed.
CREATE TABLE ledger_transfer (
    network_id        uuid NOT NULL,
    id                uuid NOT NULL,
    debit_account_id  uuid NOT NULL,
    credit_account_id uuid NOT NULL,
    amount_minor      bigint NOT NULL CHECK (amount_minor > 0),
    currency          text COLLATE "C" NOT NULL,
    code              smallint NOT NULL,             -- the reason, named by the slice that posts
    state             smallint NOT NULL DEFAULT 0    -- 0 posted, 1 pending, 2 posts a pending one, 3 voids it
        CHECK (state BETWEEN 0 AND 3),
    reference_id      uuid NOT NULL,                 -- the thing that caused it, for example a redemption
    pending_id        uuid,
    posted_at         timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    CONSTRAINT ledger_transfer_two_accounts CHECK (debit_account_id <> credit_account_id),
    CONSTRAINT ledger_transfer_resolves CHECK ((state IN (2, 3)) = (pending_id IS NOT NULL)),
    CONSTRAINT ledger_transfer_debit FOREIGN KEY (network_id, debit_account_id, currency)
        REFERENCES ledger_account (network_id, id, currency),
    CONSTRAINT ledger_transfer_credit FOREIGN KEY (network_id, credit_account_id, currency)
        REFERENCES ledger_account (network_id, id, currency),
    CONSTRAINT ledger_transfer_pending FOREIGN KEY (network_id, pending_id)
        REFERENCES ledger_transfer (network_id, id)
);
CREATE INDEX ledger_transfer_by_debit ON ledger_transfer (network_id, debit_account_id, id);
CREATE INDEX ledger_transfer_by_credit ON ledger_transfer (network_id, credit_account_id, id);
-- A pending transfer is posted or voided once, whoever tries at the same time.
CREATE UNIQUE INDEX ledger_transfer_pending_resolved_once ON ledger_transfer (network_id, pending_id)
    WHERE pending_id IS NOT NULL;

CALL protect_network_table('ledger_account');
CALL protect_network_table('ledger_guard');
CALL protect_network_table('ledger_transfer', append_only => true);
