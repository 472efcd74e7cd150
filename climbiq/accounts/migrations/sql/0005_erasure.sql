-- Erasing an account: asked for by its owner, due two weeks later, done by the service, never taken back.
CREATE OR REPLACE FUNCTION app.guard_users() RETURNS trigger LANGUAGE plpgsql AS
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
    IF TG_OP = 'UPDATE' THEN
        IF OLD.erased_at IS NOT NULL THEN
            RAISE EXCEPTION 'this account has been erased' USING ERRCODE = '42501';
        END IF;
        -- Whoever has somebody's login, stolen even, cannot make the time shorter in which they may notice.
        IF NEW.erasure_due_at IS DISTINCT FROM OLD.erasure_due_at
           AND NEW.erasure_due_at < now() + interval '14 days' - interval '1 minute' THEN
            RAISE EXCEPTION 'an account is erased two weeks after it was asked for, not sooner' USING ERRCODE = '42501';
        END IF;
    END IF;
    IF NEW.erased_at IS NOT NULL THEN
        RAISE EXCEPTION 'only the service erases accounts' USING ERRCODE = '42501';
    END IF;
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
        IF (NEW.email, NEW.display_name, NEW.time_zone, NEW.is_active, NEW.erasure_due_at,
            NEW.shares_for_calibration, NEW.sends_notes_to_claude)
           IS DISTINCT FROM (OLD.email, OLD.display_name, OLD.time_zone, OLD.is_active, OLD.erasure_due_at,
            OLD.shares_for_calibration, OLD.sends_notes_to_claude) THEN
            RAISE EXCEPTION 'log in to change an account' USING ERRCODE = '42501';
        END IF;
    ELSIF actor <> NEW.id THEN
        RAISE EXCEPTION 'this is somebody else''s account' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END
$$;

-- Empties one account whose time has come; false for any other. Its key stays: the logs name it.
CREATE FUNCTION app.erase_account(person uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
BEGIN
    UPDATE users
    SET email = 'erased-' || gen_random_uuid() || '@erased.invalid', password = '!', display_name = '',
        time_zone = 'UTC', is_active = false, is_staff = false, is_superuser = false, is_facilitator = false,
        shares_for_calibration = false, sends_notes_to_claude = false, last_login = NULL, date_joined = NULL,
        erasure_due_at = NULL, erased_at = now()
    WHERE id = person AND erased_at IS NULL AND erasure_due_at <= now();
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    -- What operators did to the account says its address or name.
    UPDATE django_admin_log SET object_repr = 'erased account', change_message = '' WHERE object_id = person::text;
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION app.erase_account(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.erase_account(uuid) TO climbiq_service;

GRANT SELECT (erasure_due_at) ON users TO climbiq_service;
GRANT DELETE ON users_groups, users_user_permissions TO climbiq_service;
GRANT SELECT (id, user_id), DELETE ON mfa_authenticator TO climbiq_service;
GRANT SELECT (id, email_address_id), DELETE ON account_emailconfirmation TO climbiq_service;
CREATE INDEX users_erasure_due ON users (erasure_due_at) WHERE erasure_due_at IS NOT NULL;
