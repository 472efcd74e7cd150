-- Accounts. Login and sign-up happen before anybody can have claims, so `users` has no row policies. The app reads
-- every column, the password's hash too: it checks logins. A trigger says what it may change.
-- The service sees no password, and may neither set one nor change what an account may do. It may insert accounts
-- of every kind, for the demo.
GRANT SELECT, INSERT, UPDATE ON users TO climbiq_app;
GRANT SELECT (id, last_login, is_superuser, email, display_name, time_zone, is_active, is_staff, is_facilitator,
              shares_for_calibration, sends_notes_to_claude, date_joined, erased_at),
      INSERT, UPDATE (display_name, time_zone) ON users TO climbiq_service;

CREATE FUNCTION app.guard_users() RETURNS trigger LANGUAGE plpgsql AS
$$
DECLARE
    actor      uuid;
    actor_role text;
BEGIN
    IF current_user <> 'climbiq_app' THEN
        RETURN NEW;
    END IF;
    actor := app.actor();
    actor_role := app.actor_role();
    IF actor_role = 'operator' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.is_staff OR NEW.is_superuser OR NEW.is_facilitator THEN
            RAISE EXCEPTION 'only an operator makes coaches' USING ERRCODE = '42501';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.is_staff, NEW.is_superuser, NEW.is_facilitator)
       IS DISTINCT FROM (OLD.id, OLD.is_staff, OLD.is_superuser, OLD.is_facilitator) THEN
        RAISE EXCEPTION 'only an operator changes what an account may do' USING ERRCODE = '42501';
    END IF;
    IF actor IS NULL THEN
        -- Nobody is logged in: a login stamps its time, a reset sets a password. Nothing else.
        IF (NEW.email, NEW.display_name, NEW.time_zone, NEW.is_active, NEW.erased_at)
           IS DISTINCT FROM (OLD.email, OLD.display_name, OLD.time_zone, OLD.is_active, OLD.erased_at) THEN
            RAISE EXCEPTION 'log in to change an account' USING ERRCODE = '42501';
        END IF;
    ELSIF actor <> NEW.id THEN
        RAISE EXCEPTION 'this is somebody else''s account' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER guard_users BEFORE INSERT OR UPDATE ON users
    FOR EACH ROW EXECUTE FUNCTION app.guard_users();

-- Group membership follows what the account is.
INSERT INTO auth_group (name) VALUES ('Climbers'), ('Coaches');

CREATE FUNCTION app.join_group() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
BEGIN
    DELETE FROM users_groups ug USING auth_group g
        WHERE ug.user_id = NEW.id AND g.id = ug.group_id AND g.name IN ('Climbers', 'Coaches');
    INSERT INTO users_groups (user_id, group_id)
        SELECT NEW.id, g.id FROM auth_group g
        WHERE g.name = CASE WHEN NEW.is_staff THEN 'Coaches' ELSE 'Climbers' END;
    RETURN NULL;
END
$$;
CREATE TRIGGER join_group_on_insert AFTER INSERT ON users
    FOR EACH ROW EXECUTE FUNCTION app.join_group();
CREATE TRIGGER join_group_on_change AFTER UPDATE OF is_staff ON users
    FOR EACH ROW WHEN (OLD.is_staff IS DISTINCT FROM NEW.is_staff) EXECUTE FUNCTION app.join_group();
REVOKE ALL ON FUNCTION app.guard_users(), app.join_group() FROM PUBLIC;

CALL app.protect('users_groups');
CREATE POLICY read_all ON users_groups FOR SELECT TO climbiq_app USING (true);
CREATE POLICY operators_write ON users_groups FOR ALL TO climbiq_app
    USING ((SELECT app.role()) = 'operator') WITH CHECK ((SELECT app.role()) = 'operator');
CREATE POLICY trigger_writes ON users_groups FOR ALL TO climbiq_owner USING (true) WITH CHECK (true);
CALL app.protect('users_user_permissions');
CREATE POLICY read_all ON users_user_permissions FOR SELECT TO climbiq_app USING (true);
CREATE POLICY operators_write ON users_user_permissions FOR ALL TO climbiq_app
    USING ((SELECT app.role()) = 'operator') WITH CHECK ((SELECT app.role()) = 'operator');
GRANT SELECT, INSERT, UPDATE, DELETE ON users_groups, users_user_permissions TO climbiq_app;
GRANT SELECT ON users_groups, users_user_permissions TO climbiq_service;

-- Personal tokens: their owner manages them; a request is authenticated by digest through one function.
ALTER TABLE api_tokens ADD CONSTRAINT api_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id);
CALL app.protect_own('api_tokens', 'user_id');
CREATE POLICY authenticate ON api_tokens FOR ALL TO climbiq_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON api_tokens TO climbiq_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON api_tokens TO climbiq_service;

CREATE FUNCTION app.authenticate_token(presented bytea)
    RETURNS TABLE (token_id uuid, token_user_id uuid, token_scope text, token_state text)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
BEGIN
    -- Written at most once a minute: a busy client must not turn every read into a write.
    -- Nor may it wait for another of its requests that is writing the same and takes long.
    UPDATE api_tokens t SET last_used_at = now()
        WHERE t.id = (
            SELECT s.id FROM api_tokens s
            WHERE s.digest = presented AND s.revoked_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > now())
              AND (s.last_used_at IS NULL OR s.last_used_at < now() - interval '1 minute')
            FOR UPDATE SKIP LOCKED
        );
    RETURN QUERY
        SELECT t.id, t.user_id, t.scope,
               CASE WHEN t.revoked_at IS NOT NULL THEN 'revoked'
                    WHEN t.expires_at <= now() THEN 'expired'
                    ELSE 'valid' END
        FROM api_tokens t WHERE t.digest = presented;
END
$$;
REVOKE ALL ON FUNCTION app.authenticate_token(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.authenticate_token(bytea) TO climbiq_app;

-- Tables of the libraries. They are read before claims exist, or hold nothing personal; the list with the reasons
-- is checked by a test against the catalogue.
GRANT SELECT, INSERT, UPDATE, DELETE ON django_session, account_emailaddress, account_emailconfirmation,
    mfa_authenticator, django_eventstream_event, django_eventstream_eventcounter TO climbiq_app;
GRANT SELECT, INSERT ON django_admin_log TO climbiq_app;
GRANT SELECT ON django_content_type, auth_permission, auth_group, auth_group_permissions, django_migrations
    TO climbiq_app, climbiq_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON django_eventstream_event, django_eventstream_eventcounter,
    account_emailaddress TO climbiq_service;
GRANT DELETE ON django_session TO climbiq_service;
