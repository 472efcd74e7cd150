-- The web asks for what operators have buttons for, to be done now, and for nothing else: every other kind is the
-- schedule's. Training shares the schedule's key, so that none runs beside another; a row under it that waited for
-- ever, or for good, would keep the schedule's own from being queued.
REVOKE INSERT ON jobs FROM climbiq_app;
GRANT INSERT (kind, payload, dedupe_key, max_attempts, requested_by) ON jobs TO climbiq_app;
DROP POLICY request_own ON jobs;
CREATE POLICY operators_request ON jobs FOR INSERT TO climbiq_app
    WITH CHECK ((SELECT app.role()) = 'operator'
                AND requested_by = (SELECT app.uid())
                AND (kind, dedupe_key) IN (('nightly_training', 'scheduled'), ('evaluation', 'platform'))
                AND jsonb_typeof(payload) = 'object'
                AND max_attempts BETWEEN 1 AND 5);

-- Another try is a whole one, at once: a job cannot be put off, or marked as done.
DROP POLICY operators_requeue ON jobs;
CREATE POLICY operators_requeue ON jobs FOR UPDATE TO climbiq_app
    USING ((SELECT app.role()) = 'operator')
    WITH CHECK ((SELECT app.role()) = 'operator' AND status = 'queued' AND attempts = 0 AND run_after <= now());
