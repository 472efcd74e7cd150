-- The log's moments are those of the changes, not of the transaction: several changes in one keep their order.
CREATE OR REPLACE FUNCTION app.audit_rule() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
DECLARE
    verb text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        verb := 'created';
    ELSIF to_jsonb(OLD) - 'updated_at' = to_jsonb(NEW) - 'updated_at' THEN
        RETURN NULL;
    ELSIF NEW.superseded_by IS DISTINCT FROM OLD.superseded_by AND NEW.superseded_by IS NOT NULL THEN
        verb := 'superseded';
    ELSIF NEW.is_active AND NOT OLD.is_active THEN
        verb := 'activated';
    ELSIF OLD.is_active AND NOT NEW.is_active THEN
        verb := 'deactivated';
    ELSE
        verb := 'modified';
    END IF;
    INSERT INTO rule_audit_log (rule_id, action, changed_by, previous_state, new_state, reason, created_at)
    VALUES (NEW.id, verb, app.actor(), CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) END, to_jsonb(NEW),
            nullif(current_setting('app.change_reason', true), ''), clock_timestamp());
    RETURN NULL;
END
$$;

-- The specification's refresh names no version: retire everything, then insert row after row. What is inserted into an
-- empty present begins the next version, what follows joins it; a variable replaced alone begins one of its own.
CREATE FUNCTION app.number_prior() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$
DECLARE
    oldest integer;
    newest integer;
BEGIN
    IF coalesce(NEW.version, 1) <> 1 THEN
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('population_priors.version', 0));
    SELECT min(version), max(version) INTO oldest, newest FROM population_priors WHERE is_current;
    IF newest IS NULL OR newest <> oldest
       OR EXISTS (SELECT FROM population_priors p WHERE p.variable_name = NEW.variable_name AND p.version >= newest) THEN
        SELECT coalesce(max(version), 0) + 1 INTO newest FROM population_priors;
    END IF;
    NEW.version := newest;
    RETURN NEW;
END
$$;
CREATE TRIGGER number_prior BEFORE INSERT ON population_priors
    FOR EACH ROW EXECUTE FUNCTION app.number_prior();
REVOKE ALL ON FUNCTION app.number_prior() FROM PUBLIC;
