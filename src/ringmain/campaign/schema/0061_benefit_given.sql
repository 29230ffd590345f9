-- That a benefit of a service plan was given at a till: to a person who had shown their own code there. `benefit` is its
-- place in what the version says, from 1.
CREATE TABLE benefit_given (
    network_id  uuid NOT NULL,
    id          uuid NOT NULL,
    plan_id     uuid NOT NULL,
    version     integer NOT NULL,
    benefit     smallint NOT NULL CHECK (benefit > 0),
    subject_id  uuid NOT NULL,
    shop_id     uuid NOT NULL,
    terminal_id uuid NOT NULL,
    day         date NOT NULL,           -- of the network, so that two presses are one benefit
    given_at    timestamptz NOT NULL,
    PRIMARY KEY (network_id, id),
    CONSTRAINT benefit_given_once UNIQUE (network_id, subject_id, plan_id, version, benefit, shop_id, day),
    FOREIGN KEY (network_id, plan_id, version) REFERENCES service_plan_version (network_id, plan_id, version),
    FOREIGN KEY (network_id, shop_id) REFERENCES shop (network_id, id)
);
CALL protect_network_table('benefit_given', append_only => true);
