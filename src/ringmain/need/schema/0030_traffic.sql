-- How many payments each shop may expect in the next days: made anew every night from counts per shop and day, of
-- everybody who pays, and of nobody in particular.
CREATE TABLE traffic_forecast (
    network_id  uuid        NOT NULL,
    shop_id     uuid        NOT NULL,
    merchant_id uuid        NOT NULL,
    days_known  integer     NOT NULL CHECK (days_known >= 0),   -- since its first payment, up to yesterday
    made_by     text COLLATE "C",                               -- 'model', or the count that was best; NULL: too early
    first_day   date        NOT NULL,                           -- the day of the first figure, by the network's clock
    expected    real[]      NOT NULL,
    low         real[]      NOT NULL,                           -- eight days of ten end between low and high
    high        real[]      NOT NULL,
    last_week   integer[]   NOT NULL,                           -- payments on the same weekdays before `first_day`
    made_at     timestamptz NOT NULL,
    PRIMARY KEY (network_id, shop_id),
    FOREIGN KEY (network_id, shop_id) REFERENCES shop (network_id, id),
    CHECK (cardinality(expected) = cardinality(low) AND cardinality(low) = cardinality(high))
);
CALL protect_network_table('traffic_forecast', 'merchant_id');
