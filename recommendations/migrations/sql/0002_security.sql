ALTER TABLE recommendations
    ADD CONSTRAINT recommendations_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
    ADD CONSTRAINT recommendations_session_fkey
        FOREIGN KEY (session_id, user_id) REFERENCES sessions (id, user_id) ON DELETE SET NULL (session_id),
    ADD CONSTRAINT recommendations_overridden_by_rule_fkey
        FOREIGN KEY (overridden_by_rule) REFERENCES expert_rules (id);
ALTER TABLE recommendation_events
    ADD CONSTRAINT recommendation_events_recommendation_fkey
        FOREIGN KEY (recommendation_id, user_id) REFERENCES recommendations (id, user_id) ON DELETE CASCADE;
CALL app.protect_own('recommendations', 'user_id');
CALL app.protect_own('recommendation_events', 'user_id');
-- What was said, and what it was made from, stays as it was: only the telling goes on.
GRANT SELECT, INSERT ON recommendations, recommendation_events TO climbiq_app;
GRANT UPDATE (texts, last_seq, is_done, done_at, lease_token, lease_until) ON recommendations TO climbiq_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON recommendations, recommendation_events TO climbiq_service;

-- A session that was deleted and brought back gets its recommendation back.
CREATE FUNCTION app.reattach_recommendation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
BEGIN
    UPDATE recommendations SET session_id = NEW.session_id
    WHERE id = (NEW.recommendations_shown ->> 'recommendation_id')::uuid
      AND user_id = NEW.user_id AND session_id IS NULL;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION app.reattach_recommendation() FROM PUBLIC;
CREATE POLICY trigger_reattaches ON recommendations FOR ALL TO climbiq_owner USING (true) WITH CHECK (true);
CREATE TRIGGER reattach_recommendation AFTER INSERT ON pre_session_data
    FOR EACH ROW WHEN (NEW.recommendations_shown ->> 'recommendation_id' IS NOT NULL)
    EXECUTE FUNCTION app.reattach_recommendation();
