-- What pupils are given and what it costs, and who is on the medical register; and the states that
-- these follow from.

CREATE TABLE provision_map (
    provision_id         uuid    PRIMARY KEY,
    pupil_id             uuid    NOT NULL,
    tier                 text    NOT NULL,
    area                 text    NOT NULL,
    plan_id              uuid,
    funding_element      text,
    going_on             boolean NOT NULL,
    started_on           date    NOT NULL,
    planned_to           date    NOT NULL,
    ended_on             date,
    planned_sessions     bigint  NOT NULL,
    planned_minutes      bigint  NOT NULL,
    planned_cost_pence   bigint  NOT NULL,
    last_logged_on       date,
    delivered_sessions   bigint  NOT NULL,
    delivered_minutes    bigint  NOT NULL,
    delivered_cost_pence bigint  NOT NULL,
    attended_sessions    bigint,
    impact_rating        integer,
    sealed               bytea   NOT NULL
);

COMMENT ON TABLE provision_map IS 'What pupils are given, how much of it came about and what it costs, one row a provision';
COMMENT ON COLUMN provision_map.provision_id IS 'The id of the entry that started it';
COMMENT ON COLUMN provision_map.pupil_id IS 'The pupil';
COMMENT ON COLUMN provision_map.tier IS 'universal, targeted, specialist: the wave of the map';
COMMENT ON COLUMN provision_map.area IS 'The broad area of need that it is for';
COMMENT ON COLUMN provision_map.plan_id IS 'The plan whose target it serves; none for what is universal';
COMMENT ON COLUMN provision_map.funding_element IS 'element_2, the notional budget, or element_3, the top-up, where it was said';
COMMENT ON COLUMN provision_map.going_on IS 'Neither has it ended nor has the pupil left';
COMMENT ON COLUMN provision_map.started_on IS 'Its first day';
COMMENT ON COLUMN provision_map.planned_to IS 'The last day for which it is planned';
COMMENT ON COLUMN provision_map.ended_on IS 'Its last day, once it is over';
COMMENT ON COLUMN provision_map.planned_sessions IS 'Weeks by sessions a week, of all weeks planned, rounded';
COMMENT ON COLUMN provision_map.planned_minutes IS 'Of all sessions planned, rounded';
COMMENT ON COLUMN provision_map.planned_cost_pence IS 'For each pupil of the group: weeks x sessions x hours x rate / group';
COMMENT ON COLUMN provision_map.last_logged_on IS 'The last day until which sessions are logged';
COMMENT ON COLUMN provision_map.delivered_sessions IS 'As logged';
COMMENT ON COLUMN provision_map.delivered_minutes IS 'Of the sessions delivered';
COMMENT ON COLUMN provision_map.delivered_cost_pence IS 'For each pupil of the group: of the sessions delivered';
COMMENT ON COLUMN provision_map.attended_sessions IS 'As logged; none where it was never taken down';
COMMENT ON COLUMN provision_map.impact_rating IS 'The code given when it ended: 0 none, 1 some, 2 target met, 3 more';
COMMENT ON COLUMN provision_map.sealed IS 'What it is, for which target, by whom, in what group, entry and exit data: under the pupil''s key';

CREATE INDEX provision_map_pupil ON provision_map (pupil_id);
CREATE INDEX provision_map_started ON provision_map (started_on, provision_id);

CREATE TABLE provision_map_states (
    pupil_id uuid    PRIMARY KEY,
    version  integer NOT NULL,
    sealed   bytea   NOT NULL
);

COMMENT ON TABLE provision_map_states IS 'What the rows of provision_map follow from, one row a pupil';
COMMENT ON COLUMN provision_map_states.pupil_id IS 'The pupil';
COMMENT ON COLUMN provision_map_states.version IS 'The pupil''s version that changed it last';
COMMENT ON COLUMN provision_map_states.sealed IS 'The state, under the pupil''s key';

CREATE TABLE medical_register (
    place_id         uuid    PRIMARY KEY,
    pupil_id         uuid    NOT NULL,
    on_register      boolean NOT NULL,
    placed_on        date    NOT NULL,
    removed_on       date,
    plan_recorded_on date,
    next_review_on   date,
    trained_staff    integer,
    sealed           bytea   NOT NULL
);

COMMENT ON TABLE medical_register IS 'Who is or was on the medical register, one row a pupil and condition';
COMMENT ON COLUMN medical_register.place_id IS 'The id of the entry that placed the pupil on it';
COMMENT ON COLUMN medical_register.pupil_id IS 'The pupil';
COMMENT ON COLUMN medical_register.on_register IS 'Neither was the pupil removed for it nor has the pupil left';
COMMENT ON COLUMN medical_register.placed_on IS 'The first day on it';
COMMENT ON COLUMN medical_register.removed_on IS 'The last day on it, once that is over';
COMMENT ON COLUMN medical_register.plan_recorded_on IS 'The day of the newest healthcare plan for it';
COMMENT ON COLUMN medical_register.next_review_on IS 'When that plan is reviewed, at the latest';
COMMENT ON COLUMN medical_register.trained_staff IS 'How many staff are trained for it';
COMMENT ON COLUMN medical_register.sealed IS 'What it is, what an emergency is, and what is taken for it: under the pupil''s key';

CREATE INDEX medical_register_pupil ON medical_register (pupil_id);
CREATE INDEX medical_register_placed ON medical_register (placed_on, place_id);

CREATE TABLE medical_register_states (
    pupil_id uuid    PRIMARY KEY,
    version  integer NOT NULL,
    sealed   bytea   NOT NULL
);

COMMENT ON TABLE medical_register_states IS 'What the rows of medical_register follow from, one row a pupil';
COMMENT ON COLUMN medical_register_states.pupil_id IS 'The pupil';
COMMENT ON COLUMN medical_register_states.version IS 'The pupil''s version that changed it last';
COMMENT ON COLUMN medical_register_states.sealed IS 'The state, under the pupil''s key';

GRANT SELECT ON provision_map, provision_map_states, medical_register, medical_register_states
    TO {app};
GRANT SELECT, INSERT, UPDATE, DELETE
    ON provision_map, provision_map_states, medical_register, medical_register_states
    TO {projector};
