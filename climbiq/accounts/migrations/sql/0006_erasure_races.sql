-- Two weeks, no later either: an account that is closed and never erased would keep everything for ever.
CREATE FUNCTION app.guard_erasure() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
    IF current_user = 'climbiq_app' AND NEW.erasure_due_at IS NOT NULL THEN
        IF TG_OP = 'INSERT' THEN
            RAISE EXCEPTION 'a new account is not to be erased' USING ERRCODE = '42501';
        END IF;
        IF NEW.erasure_due_at IS DISTINCT FROM OLD.erasure_due_at
           AND NEW.erasure_due_at > now() + interval '14 days' + interval '1 hour' THEN
            RAISE EXCEPTION 'an account is erased two weeks after it was asked for, not later' USING ERRCODE = '42501';
        END IF;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER guard_erasure BEFORE INSERT OR UPDATE OF erasure_due_at ON users
    FOR EACH ROW EXECUTE FUNCTION app.guard_erasure();

-- Empties one account whose time has come; false for any other. Its key stays: the logs name it.
CREATE OR REPLACE FUNCTION app.erase_account(person uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
BEGIN
    -- Whoever is writing a row of this person holds their key: waited for, so that the row is there to be erased.
    PERFORM FROM users WHERE id = person FOR UPDATE;
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
REVOKE ALL ON FUNCTION app.guard_erasure() FROM PUBLIC;
