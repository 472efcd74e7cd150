ALTER TABLE model_outputs ADD CONSTRAINT model_outputs_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id);
CALL app.protect('model_outputs');
CREATE POLICY read_own ON model_outputs FOR SELECT TO climbiq_app USING (user_id = (SELECT app.uid()));
GRANT SELECT ON model_outputs TO climbiq_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON model_outputs TO climbiq_service;

CALL app.protect('population_statistics');
CREATE POLICY read_all ON population_statistics FOR SELECT TO climbiq_app USING ((SELECT app.role()) <> '');
GRANT SELECT ON population_statistics TO climbiq_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON population_statistics TO climbiq_service;
CREATE TRIGGER raise_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON population_statistics
    FOR EACH STATEMENT EXECUTE FUNCTION app.raise_version('statistics');
