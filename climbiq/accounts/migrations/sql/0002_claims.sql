-- Who is asking: signed claims, checked by the database itself.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO climbiq_app, climbiq_service;

CREATE SCHEMA IF NOT EXISTS app;
REVOKE ALL ON SCHEMA app FROM PUBLIC;
GRANT USAGE ON SCHEMA app TO climbiq_app, climbiq_service;

-- The signing keys: readable by nobody but the functions below. Two rows while a key is being replaced.
CREATE TABLE app.rls_key (
    id  integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key bytea NOT NULL UNIQUE CHECK (length(key) >= 32)
);

-- uid|role|expiry|signature, signature = H(key || H(key || message)) in hex. Core functions only: no extension.
CREATE FUNCTION app.claims() RETURNS text[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
    raw     text := nullif(current_setting('app.claims', true), '');
    part    text[];
    message text;
BEGIN
    IF raw IS NULL THEN
        RAISE EXCEPTION 'rls: no claims bound' USING ERRCODE = '42501';
    END IF;
    part := string_to_array(raw, '|');
    IF cardinality(part) <> 4 THEN
        RAISE EXCEPTION 'rls: malformed claims' USING ERRCODE = '42501';
    END IF;
    message := part[1] || '|' || part[2] || '|' || part[3];
    IF NOT EXISTS (
        SELECT FROM app.rls_key k
        WHERE encode(sha256(k.key || sha256(k.key || convert_to(message, 'UTF8'))), 'hex') = part[4]
    ) THEN
        RAISE EXCEPTION 'rls: forged claims' USING ERRCODE = '42501';
    END IF;
    IF part[3]::bigint < extract(epoch FROM clock_timestamp()) THEN
        RAISE EXCEPTION 'rls: expired claims' USING ERRCODE = '42501';
    END IF;
    RETURN part;
END
$$;

CREATE FUNCTION app.uid() RETURNS uuid LANGUAGE sql STABLE AS
$$ SELECT (app.claims())[1]::uuid $$;

CREATE FUNCTION app.role() RETURNS text LANGUAGE sql STABLE AS
$$ SELECT (app.claims())[2] $$;

CREATE FUNCTION app.is_coach() RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT (app.claims())[2] IN ('coach', 'facilitator', 'operator') $$;

-- Whoever is acting, or NULL when no claims are bound: for triggers that also serve commands and migrations.
CREATE FUNCTION app.actor() RETURNS uuid LANGUAGE plpgsql STABLE AS
$$
BEGIN
    IF nullif(current_setting('app.claims', true), '') IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN app.uid();
END
$$;

CREATE FUNCTION app.actor_role() RETURNS text LANGUAGE plpgsql STABLE AS
$$
BEGIN
    IF nullif(current_setting('app.claims', true), '') IS NULL THEN
        RETURN '';
    END IF;
    RETURN app.role();
END
$$;

-- Row-level security on, for the owner too, and the background role's explicit policy.
CREATE PROCEDURE app.protect(target regclass) LANGUAGE plpgsql AS
$$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY service_all ON %s FOR ALL TO climbiq_service USING (true) WITH CHECK (true)', target);
END
$$;

-- A table whose rows belong to one person: they see and write their own.
CREATE PROCEDURE app.protect_own(target regclass, owner_column text) LANGUAGE plpgsql AS
$$
BEGIN
    CALL app.protect(target);
    EXECUTE format(
        'CREATE POLICY own_rows ON %s FOR ALL TO climbiq_app '
        'USING (%2$I = (SELECT app.uid())) WITH CHECK (%2$I = (SELECT app.uid()))',
        target, owner_column);
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA app FROM PUBLIC;
REVOKE ALL ON ALL PROCEDURES IN SCHEMA app FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.claims(), app.uid(), app.role(), app.is_coach(), app.actor(), app.actor_role()
    TO climbiq_app, climbiq_service;
