-- What has changed in the shops and offers of a network: processes keep them in memory (match/catalogue.py), and see
-- here, by one look at an index, whether what they keep still stands.

-- Changes are found by their transaction and not by a counter: a counter would be a row for which everybody who
-- changes a shop or an offer of this network has to wait, and numbers taken in turn are committed out of turn.
CREATE TABLE catalogue_change (
    network_id uuid NOT NULL,
    txid       xid8 NOT NULL DEFAULT pg_current_xact_id(),
    kind       text COLLATE "C" NOT NULL CHECK (kind IN ('shop', 'offer')),
    id         uuid NOT NULL,
    PRIMARY KEY (network_id, txid, kind, id)
);
CALL protect_network_table('catalogue_change', append_only => true);

CREATE FUNCTION note_catalogue_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO catalogue_change (network_id, kind, id) VALUES (NEW.network_id, TG_TABLE_NAME, NEW.id)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE TRIGGER shop_in_catalogue AFTER INSERT OR UPDATE ON shop
    FOR EACH ROW EXECUTE FUNCTION note_catalogue_change();
-- Not the stock, which grants change: it is read beside the catalogue.
CREATE TRIGGER offer_in_catalogue AFTER INSERT OR UPDATE OF paused, name, terms, funder_id ON offer
    FOR EACH ROW EXECUTE FUNCTION note_catalogue_change();
