-- Counters that tell every process when its copy of rules, priors or statistics is old.
INSERT INTO data_versions (name) VALUES ('rules'), ('priors'), ('statistics'), ('model');
GRANT SELECT ON data_versions TO climbiq_app, climbiq_service;

CREATE FUNCTION app.raise_version() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
BEGIN
    UPDATE data_versions SET version = version + 1 WHERE name = TG_ARGV[0];
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION app.raise_version() FROM PUBLIC;

ALTER TABLE idempotency_records
    ADD CONSTRAINT idempotency_records_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id);
CALL app.protect_own('idempotency_records', 'user_id');
GRANT SELECT, INSERT, UPDATE ON idempotency_records TO climbiq_app;
GRANT SELECT, DELETE ON idempotency_records TO climbiq_service;
