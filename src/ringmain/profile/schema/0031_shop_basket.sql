-- What a basket of a shop usually comes to, so that a person can see whether they spend about what others spend there.
-- It is a median of the baskets of ten members and more, rounded to two figures; all rows of a network are made anew
-- together each night.
CREATE TABLE shop_basket (
    network_id  uuid        NOT NULL REFERENCES network (network_id),
    shop_id     uuid        NOT NULL,
    currency    text        NOT NULL,
    usual_minor bigint      NOT NULL CHECK (usual_minor > 0),
    measured_at timestamptz NOT NULL,
    PRIMARY KEY (network_id, shop_id)
);
CALL protect_network_table('shop_basket');
