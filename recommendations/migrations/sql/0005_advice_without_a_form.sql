-- After an undo: whoever acts ties their own advice again. That the session is theirs too, the foreign key over both
-- columns sees to.
CREATE FUNCTION app.tie_advice(p_session uuid, p_advice uuid[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
    UPDATE recommendations SET session_id = p_session
    WHERE id = ANY (p_advice) AND user_id = app.uid() AND session_id IS NULL;
$$;
REVOKE ALL ON FUNCTION app.tie_advice(uuid, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.tie_advice(uuid, uuid[]) TO climbiq_app, climbiq_service;

-- What a form keeps of the advice for its session, read from the advice itself; NULL where there was none.
CREATE FUNCTION app.advice_shown(p_session uuid, p_user uuid) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS
$$
    WITH given AS (
        SELECT id, created_at, own_forecast FROM recommendations WHERE session_id = p_session AND user_id = p_user),
    latest AS (SELECT id, created_at FROM given ORDER BY created_at DESC, id DESC LIMIT 1),
    told AS (
        SELECT jsonb_object_agg(e.event, e.data::jsonb) AS by_name
        FROM recommendation_events e JOIN latest l ON l.id = e.recommendation_id
        WHERE e.event IN ('rule_override', 'prediction', 'recommendations'))
    SELECT jsonb_build_object(
            'recommendation_id', l.id,
            'shown_at', l.created_at,
            'rule_override', t.by_name -> 'rule_override',
            'prediction', t.by_name -> 'prediction',
            'own_forecast', (SELECT own_forecast FROM given WHERE own_forecast IS NOT NULL ORDER BY created_at LIMIT 1),
            'items', coalesce(t.by_name -> 'recommendations' -> 'items', '[]'))
        || coalesce((SELECT jsonb_build_object('earlier', jsonb_agg(g.id ORDER BY g.created_at, g.id))
                     FROM given g WHERE g.id <> l.id HAVING count(*) > 0), '{}')
    FROM latest l, told t
$$;
REVOKE ALL ON FUNCTION app.advice_shown(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.advice_shown(uuid, uuid) TO climbiq_app, climbiq_service;

-- A form that is filled in after advice was seen says so. Named to come after `fill_owner`.
CREATE FUNCTION app.take_up_advice() RETURNS trigger
    LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$
BEGIN
    NEW.recommendations_shown := coalesce(app.advice_shown(NEW.session_id, NEW.user_id), NEW.recommendations_shown);
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION app.take_up_advice() FROM PUBLIC;
CREATE TRIGGER take_up_advice BEFORE INSERT ON pre_session_data
    FOR EACH ROW WHEN (NEW.recommendations_shown ->> 'recommendation_id' IS NULL)
    EXECUTE FUNCTION app.take_up_advice();

-- Forms that were filled in until now.
ALTER TABLE pre_session_data NO FORCE ROW LEVEL SECURITY;
ALTER TABLE recommendation_events NO FORCE ROW LEVEL SECURITY;
UPDATE pre_session_data b SET recommendations_shown = app.advice_shown(b.session_id, b.user_id)
WHERE b.recommendations_shown ->> 'recommendation_id' IS NULL
  AND EXISTS (SELECT FROM recommendations r WHERE r.session_id = b.session_id AND r.user_id = b.user_id);
ALTER TABLE recommendation_events FORCE ROW LEVEL SECURITY;
ALTER TABLE pre_session_data FORCE ROW LEVEL SECURITY;
