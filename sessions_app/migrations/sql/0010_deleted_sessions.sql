ALTER TABLE deleted_sessions
    ADD CONSTRAINT deleted_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id);
CALL app.protect_own('deleted_sessions', 'user_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON deleted_sessions TO climbiq_app, climbiq_service;
