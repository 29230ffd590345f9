-- What a merchant's figures need: its console reads as app_merchant, and sees only what belongs to it.

-- What happened to each voucher of an offer, newest first; ids carry the time of the grant.
CREATE INDEX voucher_by_offer ON voucher (network_id, offer_id, id);
-- Who agreed to share with a merchant.
CREATE INDEX consent_record_by_recipient ON consent_record (network_id, recipient_merchant_id, member_id, recorded_at)
    WHERE recipient_merchant_id IS NOT NULL;

-- Currency and time zone of its network.
CREATE POLICY of_merchant ON network FOR SELECT TO app_merchant USING (
    network_id = (SELECT nullif(current_setting('ringmain.network', true), '')::uuid)
);
GRANT SELECT ON network TO app_merchant;

-- Offers that it made or pays for.
CREATE POLICY of_merchant ON offer FOR SELECT TO app_merchant USING (
    network_id = (SELECT nullif(current_setting('ringmain.network', true), '')::uuid)
    AND (
        creator_merchant_id = (SELECT nullif(current_setting('ringmain.merchant', true), '')::uuid)
        OR funder_id = (SELECT nullif(current_setting('ringmain.merchant', true), '')::uuid)
    )
);
GRANT SELECT ON offer TO app_merchant;

-- Vouchers of its offers, and those that were spent at its tills. Neither who holds one nor the secret of its code can
-- be read: a merchant counts vouchers, and learns who somebody is only where they agreed to it.
CREATE POLICY of_merchant ON voucher FOR SELECT TO app_merchant USING (
    network_id = (SELECT nullif(current_setting('ringmain.network', true), '')::uuid)
    AND (
        EXISTS (SELECT FROM offer o WHERE o.network_id = voucher.network_id AND o.id = voucher.offer_id)
        OR EXISTS (SELECT FROM redemption r WHERE r.network_id = voucher.network_id AND r.voucher_id = voucher.id)
    )
);
GRANT SELECT (
    network_id, id, offer_id, sender_shop_id, face_minor, remaining_minor, held_minor, uses, sequence, closed,
    granted_at, valid_from, valid_until
) ON voucher TO app_merchant;

-- Its accounts, what can be spent from them, and the transfers that touch one of them.
CREATE POLICY of_merchant ON ledger_account FOR SELECT TO app_merchant USING (
    network_id = (SELECT nullif(current_setting('ringmain.network', true), '')::uuid)
    AND holder_id = (SELECT nullif(current_setting('ringmain.merchant', true), '')::uuid)
);
GRANT SELECT ON ledger_account TO app_merchant;
CREATE POLICY of_merchant ON ledger_guard FOR SELECT TO app_merchant USING (
    network_id = (SELECT nullif(current_setting('ringmain.network', true), '')::uuid)
    AND EXISTS (
        SELECT FROM ledger_account a WHERE a.network_id = ledger_guard.network_id AND a.id = ledger_guard.account_id
    )
);
GRANT SELECT ON ledger_guard TO app_merchant;
CREATE POLICY of_merchant ON ledger_transfer FOR SELECT TO app_merchant USING (
    network_id = (SELECT nullif(current_setting('ringmain.network', true), '')::uuid)
    AND (
        debit_account_id IN (SELECT a.id FROM ledger_account a)
        OR credit_account_id IN (SELECT a.id FROM ledger_account a)
    )
);
GRANT SELECT ON ledger_transfer TO app_merchant;

-- Random ids that say nothing without rows which name them: a guest who was merged is counted once.
CREATE POLICY of_merchant ON subject_alias FOR SELECT TO app_merchant USING (
    network_id = (SELECT nullif(current_setting('ringmain.network', true), '')::uuid)
);
GRANT SELECT ON subject_alias TO app_merchant;
