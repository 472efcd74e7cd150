ALTER TABLE jobs ADD CONSTRAINT jobs_requested_by_fkey FOREIGN KEY (requested_by) REFERENCES users (id);
CALL app.protect('jobs');
CREATE POLICY read_own_or_operate ON jobs FOR SELECT TO climbiq_app
    USING (requested_by = (SELECT app.uid()) OR (SELECT app.role()) = 'operator');
CREATE POLICY request_own ON jobs FOR INSERT TO climbiq_app
    WITH CHECK (requested_by = (SELECT app.uid()) AND status = 'queued');
CREATE POLICY operators_requeue ON jobs FOR UPDATE TO climbiq_app
    USING ((SELECT app.role()) = 'operator') WITH CHECK ((SELECT app.role()) = 'operator');
GRANT SELECT, INSERT ON jobs TO climbiq_app;
GRANT UPDATE (status, attempts, run_after, error, lease_until, finished_at) ON jobs TO climbiq_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs TO climbiq_service;

CALL app.protect('scheduled_runs');
CREATE POLICY operators_read ON scheduled_runs FOR SELECT TO climbiq_app
    USING ((SELECT app.role()) = 'operator');
GRANT SELECT ON scheduled_runs TO climbiq_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON scheduled_runs TO climbiq_service;
