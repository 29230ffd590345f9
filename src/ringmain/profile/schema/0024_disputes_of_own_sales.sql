-- A merchant's figures leave out sales of which their buyer says "this was not me": its console sees what was said of
-- its own sales, and of no others. The merchant is kept beside what was said: a policy that looked at the sale would
-- have every question hash all sales of the merchant.
ALTER TABLE sale_dispute ADD COLUMN merchant_id uuid;
UPDATE sale_dispute d SET merchant_id = s.merchant_id FROM sale s
WHERE s.network_id = d.network_id AND s.id = d.sale_id;
ALTER TABLE sale_dispute ALTER COLUMN merchant_id SET NOT NULL;
CREATE INDEX sale_dispute_by_merchant ON sale_dispute (network_id, merchant_id, sale_id, said_at, id);

CREATE POLICY of_merchant ON sale_dispute FOR SELECT TO app_merchant USING (
    network_id = (SELECT nullif(current_setting('ringmain.network', true), '')::uuid)
    AND merchant_id = (SELECT nullif(current_setting('ringmain.merchant', true), '')::uuid)
);
-- Not who said it.
GRANT SELECT (network_id, id, sale_id, merchant_id, not_me, said_at) ON sale_dispute TO app_merchant;
