-- Runs of the training, and the populations they published.
ALTER TABLE training_runs ADD CONSTRAINT training_runs_requested_by_fkey FOREIGN KEY (requested_by) REFERENCES users (id);
ALTER TABLE population_posteriors ADD CONSTRAINT population_posteriors_run_id_fkey FOREIGN KEY (run_id) REFERENCES training_runs (id);
ALTER TABLE model_outputs ADD CONSTRAINT model_outputs_run_id_fkey FOREIGN KEY (run_id) REFERENCES training_runs (id);

CALL app.protect('training_runs');
CREATE POLICY operators_read ON training_runs FOR SELECT TO climbiq_app USING ((SELECT app.role()) = 'operator');
GRANT SELECT ON training_runs TO climbiq_app;
GRANT SELECT, INSERT, UPDATE ON training_runs TO climbiq_service;

CREATE FUNCTION app.guard_training_runs() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
    IF OLD.status NOT IN ('running', 'sampled') THEN
        RAISE EXCEPTION 'a training run that has ended is never changed' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION app.guard_training_runs() FROM PUBLIC;
CREATE TRIGGER guard_training_runs BEFORE UPDATE ON training_runs
    FOR EACH ROW EXECUTE FUNCTION app.guard_training_runs();

-- The population's numbers, nobody's data: whoever is signed in may condition their own sessions on them.
CALL app.protect('population_posteriors');
CREATE POLICY read_all ON population_posteriors FOR SELECT TO climbiq_app USING ((SELECT app.role()) <> '');
GRANT SELECT ON population_posteriors TO climbiq_app;
GRANT SELECT, INSERT, UPDATE (is_current) ON population_posteriors TO climbiq_service;
CREATE TRIGGER raise_version_when_new AFTER INSERT ON population_posteriors
    FOR EACH ROW WHEN (NEW.is_current) EXECUTE FUNCTION app.raise_version('model');
CREATE TRIGGER raise_version_when_changed AFTER UPDATE OF is_current ON population_posteriors
    FOR EACH ROW WHEN (NEW.is_current IS DISTINCT FROM OLD.is_current) EXECUTE FUNCTION app.raise_version('model');
