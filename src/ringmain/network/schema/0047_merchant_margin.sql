-- What a merchant says that it keeps of its turnover, so that reports can name it beside visits; nobody has to say it.

CREATE TABLE merchant_margin (
    network_id  uuid NOT NULL,
    merchant_id uuid NOT NULL,
    margin_bp   smallint NOT NULL CHECK (margin_bp BETWEEN 0 AND 10000),
    stated_at   timestamptz NOT NULL,
    PRIMARY KEY (network_id, merchant_id),
    FOREIGN KEY (network_id, merchant_id) REFERENCES merchant (network_id, id)
);
CALL protect_network_table('merchant_margin', 'merchant_id');
