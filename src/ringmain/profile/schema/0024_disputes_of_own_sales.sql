-- A merchant's figures leave out sales of which their buyer says "this was not me": its console sees what was said of
-- its own sales, and of no others (of sale it sees only its own rows).
CREATE POLICY of_merchant ON sale_dispute FOR SELECT TO app_merchant USING (
    network_id = (SELECT nullif(current_setting('ringmain.network', true), '')::uuid)
    AND EXISTS (SELECT FROM sale s WHERE s.network_id = sale_dispute.network_id AND s.id = sale_dispute.sale_id)
);
GRANT SELECT (network_id, id, sale_id, not_me, said_at) ON sale_dispute TO app_merchant;
