-- Foreign keys look each parent up and lock it row by row: two thirds of what a transfer cost. Accounts are never deleted
-- nor given another key, which the trigger below sees to, so one look per statement, at each account once, guards the same
-- (docs/decisions, 0025).
CREATE FUNCTION check_accounts_of_transfers() RETURNS trigger LANGUAGE plpgsql
-- Planned once, perhaps while the tables are small: parents are found by their keys all the same.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (
            SELECT network_id, debit_account_id AS account_id, currency FROM fresh
            UNION
            SELECT network_id, credit_account_id, currency FROM fresh
        ) t WHERE NOT EXISTS (
            SELECT FROM ledger_account a
            WHERE a.network_id = t.network_id AND a.id = t.account_id AND a.currency = t.currency)
    ) THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'a transfer names no account of its currency', CONSTRAINT = 'ledger_transfer_accounts';
    END IF;
    RETURN NULL;
END
$$;
ALTER TABLE ledger_transfer DROP CONSTRAINT ledger_transfer_debit, DROP CONSTRAINT ledger_transfer_credit;
CREATE TRIGGER ledger_transfer_has_accounts AFTER INSERT ON ledger_transfer REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION check_accounts_of_transfers();
CREATE TRIGGER ledger_transfer_stays BEFORE UPDATE OF network_id, debit_account_id, credit_account_id, currency
    ON ledger_transfer FOR EACH ROW EXECUTE FUNCTION refuse_to_lose_parents();
CREATE TRIGGER ledger_account_stays BEFORE DELETE OR UPDATE OF network_id, id, currency ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION refuse_to_lose_parents();

-- The same for the vouchers of redemptions; `voucher_stays` keeps these.
CREATE FUNCTION check_vouchers_of_redemptions() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    IF EXISTS (
        SELECT FROM fresh r WHERE NOT EXISTS (
            SELECT FROM voucher v WHERE v.network_id = r.network_id AND v.id = r.voucher_id OFFSET 0)
    ) THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'a redemption names no voucher', CONSTRAINT = 'redemption_of_voucher';
    END IF;
    RETURN NULL;
END
$$;
ALTER TABLE redemption DROP CONSTRAINT redemption_network_id_voucher_id_fkey;
CREATE TRIGGER redemption_has_voucher AFTER INSERT ON redemption REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION check_vouchers_of_redemptions();
CREATE TRIGGER redemption_stays BEFORE UPDATE OF network_id, voucher_id ON redemption
    FOR EACH ROW EXECUTE FUNCTION refuse_to_lose_parents();
