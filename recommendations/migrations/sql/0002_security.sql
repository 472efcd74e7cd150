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
GRANT SELECT, INSERT, UPDATE ON recommendations TO climbiq_app;
GRANT SELECT, INSERT, DELETE ON recommendation_events TO climbiq_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON recommendations, recommendation_events TO climbiq_service;
