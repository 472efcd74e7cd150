ALTER TABLE gym_additions
    ADD CONSTRAINT gym_additions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
    ADD CONSTRAINT gym_additions_gym_id_fkey FOREIGN KEY (gym_id) REFERENCES gyms (id) ON DELETE CASCADE;
CALL app.protect_own('gym_additions', 'user_id');
GRANT SELECT, INSERT ON gym_additions TO climbiq_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON gym_additions TO climbiq_service;

CREATE POLICY functions_tidy ON gyms FOR ALL TO climbiq_owner USING (true) WITH CHECK (true);
-- Only within the functions below: whoever logs in as the owner sees nobody's sessions.
CREATE POLICY functions_tidy ON sessions FOR ALL TO climbiq_owner
    USING (gym_id IS NOT NULL AND current_setting('app.tidies_gyms', true) = 'yes') WITH CHECK (true);

-- Whether two people or more have climbed there: that, and nothing of who, is everybody's to know.
CREATE FUNCTION app.is_shared_gym(p_gym uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
DECLARE
    is_shared boolean;
BEGIN
    PERFORM set_config('app.tidies_gyms', 'yes', true);
    is_shared := EXISTS (SELECT FROM sessions WHERE gym_id = p_gym
                         AND user_id <> (SELECT user_id FROM sessions WHERE gym_id = p_gym LIMIT 1));
    PERFORM set_config('app.tidies_gyms', '', true);
    RETURN is_shared;
END
$$;

-- One gym that was written in several ways: sessions follow. Only operators, who see no session themselves.
CREATE FUNCTION app.merge_gyms(p_into uuid, p_others uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
BEGIN
    IF app.role() IS DISTINCT FROM 'operator' THEN
        RAISE EXCEPTION 'only an operator merges gyms' USING ERRCODE = '42501';
    END IF;
    PERFORM set_config('app.tidies_gyms', 'yes', true);
    UPDATE sessions SET gym_id = p_into WHERE gym_id = ANY (p_others);
    PERFORM set_config('app.tidies_gyms', '', true);
    DELETE FROM gyms WHERE id = ANY (p_others) AND id <> p_into;
END
$$;

-- How many are gone: those where nobody has climbed.
CREATE FUNCTION app.delete_unused_gyms(p_gyms uuid[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
DECLARE
    gone integer;
BEGIN
    IF app.role() IS DISTINCT FROM 'operator' THEN
        RAISE EXCEPTION 'only an operator deletes gyms' USING ERRCODE = '42501';
    END IF;
    PERFORM set_config('app.tidies_gyms', 'yes', true);
    DELETE FROM gyms g WHERE g.id = ANY (p_gyms) AND NOT EXISTS (SELECT FROM sessions s WHERE s.gym_id = g.id);
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('app.tidies_gyms', '', true);
    RETURN gone;
END
$$;

REVOKE ALL ON FUNCTION app.is_shared_gym(uuid), app.merge_gyms(uuid, uuid[]), app.delete_unused_gyms(uuid[])
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.is_shared_gym(uuid) TO climbiq_app, climbiq_service;
GRANT EXECUTE ON FUNCTION app.merge_gyms(uuid, uuid[]), app.delete_unused_gyms(uuid[]) TO climbiq_app;
