-- A safety rule takes two coaches, whatever it is called today: taking the label off is a change like another, and a rule
-- that ever had it is guarded for good. The log decides, which nobody can write or change.
CREATE FUNCTION app.rule_is_guarded(rule uuid) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS
$$
    SELECT EXISTS (
        SELECT FROM rule_audit_log l
        WHERE l.rule_id = rule
          AND (l.new_state ->> 'rule_category' = 'safety' OR l.previous_state ->> 'rule_category' = 'safety'))
$$;

-- Whether this coach wrote any of what the rule says since somebody else last put it in force. Versions tell before from
-- after, whatever the clocks did. How it ranks (priority) is no part of what it says: changing it neither makes an author
-- of one coach nor relieves another.
CREATE FUNCTION app.rule_has_words_of(rule uuid, coach uuid) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS
$$
    SELECT EXISTS (
        SELECT FROM rule_audit_log l
        WHERE l.rule_id = rule
          AND coalesce(l.changed_by, CASE WHEN l.previous_state IS NULL THEN (l.new_state ->> 'created_by')::uuid END)
              = coach
          AND (l.previous_state IS NULL
               OR (l.previous_state -> 'name', l.previous_state -> 'conditions', l.previous_state -> 'actions',
                   l.previous_state -> 'rule_category', l.previous_state -> 'expires_at')
                  IS DISTINCT FROM
                  (l.new_state -> 'name', l.new_state -> 'conditions', l.new_state -> 'actions',
                   l.new_state -> 'rule_category', l.new_state -> 'expires_at'))
          AND (l.new_state ->> 'version')::integer > coalesce(
              (SELECT max((a.new_state ->> 'version')::integer) FROM rule_audit_log a
               WHERE a.rule_id = rule
                 AND a.changed_by IS DISTINCT FROM coach
                 AND a.new_state ->> 'lifecycle' = 'active'
                 AND a.previous_state ->> 'lifecycle' IS DISTINCT FROM 'active'), 0))
$$;
REVOKE ALL ON FUNCTION app.rule_is_guarded(uuid), app.rule_has_words_of(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.rule_is_guarded(uuid), app.rule_has_words_of(uuid, uuid)
    TO climbiq_app, climbiq_service;

CREATE OR REPLACE FUNCTION app.before_rule() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$
DECLARE
    by_app  boolean := current_user = 'climbiq_app';
    actor   uuid := app.actor();
    content boolean;
BEGIN
    NEW.condition_fields := coalesce(
        (SELECT array_agg(DISTINCT f #>> '{}' ORDER BY f #>> '{}') FROM jsonb_path_query(NEW.conditions, '$.**.field') f),
        '{}');
    NEW.updated_at := now();
    IF TG_OP = 'INSERT' THEN
        IF by_app AND NEW.lifecycle <> 'draft' THEN
            RAISE EXCEPTION 'a new rule starts as a draft' USING ERRCODE = '23514';
        END IF;
        NEW.created_by := CASE WHEN by_app THEN actor ELSE coalesce(NEW.created_by, actor) END;
        NEW.updated_by := NEW.created_by;
        NEW.version := 1;
    ELSE
        content := (NEW.name, NEW.conditions, NEW.actions, NEW.rule_category, NEW.priority, NEW.expires_at)
            IS DISTINCT FROM (OLD.name, OLD.conditions, OLD.actions, OLD.rule_category, OLD.priority, OLD.expires_at);
        IF NEW.lifecycle = OLD.lifecycle AND NEW.is_active IS DISTINCT FROM OLD.is_active
           AND OLD.lifecycle = 'active' AND NOT NEW.is_active THEN
            NEW.lifecycle := 'paused';
        END IF;
        IF NEW.lifecycle <> OLD.lifecycle AND (OLD.lifecycle, NEW.lifecycle) NOT IN (
            ('draft', 'shadow'), ('draft', 'active'), ('draft', 'retired'),
            ('shadow', 'active'), ('shadow', 'draft'), ('shadow', 'retired'),
            ('active', 'paused'), ('active', 'shadow'), ('active', 'retired'),
            ('paused', 'active'), ('paused', 'draft'), ('paused', 'shadow'), ('paused', 'retired'),
            ('retired', 'draft')) THEN
            RAISE EXCEPTION 'a % rule cannot become %', OLD.lifecycle, NEW.lifecycle USING ERRCODE = '23514';
        END IF;
        NEW.created_by := OLD.created_by;
        NEW.created_at := OLD.created_at;
        NEW.version := OLD.version + CASE WHEN content THEN 1 ELSE 0 END;
        NEW.updated_by := CASE WHEN content THEN actor ELSE OLD.updated_by END;
        IF by_app AND NEW.lifecycle = 'active' AND (content OR OLD.lifecycle <> 'active')
           AND (NEW.rule_category = 'safety' OR app.rule_is_guarded(OLD.id)) THEN
            IF OLD.lifecycle = 'active' THEN
                RAISE EXCEPTION 'pause an active safety rule before changing it' USING ERRCODE = '23514';
            END IF;
            IF actor IS NULL OR content OR app.rule_has_words_of(OLD.id, actor) THEN
                RAISE EXCEPTION 'a second coach activates a rule that is or was a safety rule'
                    USING ERRCODE = '23514';
            END IF;
        END IF;
    END IF;
    NEW.is_active := NEW.lifecycle = 'active' AND NEW.superseded_by IS NULL;
    RETURN NEW;
END
$$;
