-- Keys with the specification's actions, and everybody's own rows.
ALTER TABLE baseline_assessments
    ADD CONSTRAINT baseline_assessments_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id);
ALTER TABLE sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
    ADD CONSTRAINT sessions_gym_id_fkey FOREIGN KEY (gym_id) REFERENCES gyms (id);
ALTER TABLE pre_session_data
    ADD CONSTRAINT pre_session_data_session_id_fkey
        FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE,
    ADD CONSTRAINT pre_session_data_owner_fkey
        FOREIGN KEY (session_id, user_id) REFERENCES sessions (id, user_id) ON DELETE CASCADE;
ALTER TABLE post_session_data
    ADD CONSTRAINT post_session_data_session_id_fkey
        FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE,
    ADD CONSTRAINT post_session_data_owner_fkey
        FOREIGN KEY (session_id, user_id) REFERENCES sessions (id, user_id) ON DELETE CASCADE;

-- The specification's columns suffice to insert: the owner is copied from the session.
CREATE FUNCTION app.fill_session_owner() RETURNS trigger
    LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$
BEGIN
    IF NEW.user_id IS NULL THEN
        SELECT s.user_id INTO NEW.user_id FROM sessions s WHERE s.id = NEW.session_id;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER fill_owner BEFORE INSERT ON pre_session_data
    FOR EACH ROW EXECUTE FUNCTION app.fill_session_owner();
CREATE TRIGGER fill_owner BEFORE INSERT ON post_session_data
    FOR EACH ROW EXECUTE FUNCTION app.fill_session_owner();
REVOKE ALL ON FUNCTION app.fill_session_owner() FROM PUBLIC;

CALL app.protect_own('baseline_assessments', 'user_id');
CALL app.protect_own('sessions', 'user_id');
CALL app.protect_own('pre_session_data', 'user_id');
CALL app.protect_own('post_session_data', 'user_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON baseline_assessments, sessions, pre_session_data, post_session_data
    TO climbiq_app, climbiq_service;

-- Places are everybody's; a climber may add one, nobody but the operators changes them.
CALL app.protect('gyms');
CREATE POLICY read_all ON gyms FOR SELECT TO climbiq_app USING ((SELECT app.role()) <> '');
CREATE POLICY add ON gyms FOR INSERT TO climbiq_app WITH CHECK ((SELECT app.role()) <> '');
CREATE POLICY operators_change ON gyms FOR UPDATE TO climbiq_app
    USING ((SELECT app.role()) = 'operator') WITH CHECK ((SELECT app.role()) = 'operator');
GRANT SELECT, INSERT, UPDATE ON gyms TO climbiq_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON gyms TO climbiq_service;
