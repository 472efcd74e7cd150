-- A session that was deleted and brought back gets all its recommendations back, the latest and the ones before it.
CREATE OR REPLACE FUNCTION app.reattach_recommendation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
BEGIN
    UPDATE recommendations SET session_id = NEW.session_id
    WHERE user_id = NEW.user_id AND session_id IS NULL AND id IN (
        SELECT (NEW.recommendations_shown ->> 'recommendation_id')::uuid
        UNION
        SELECT e.id::uuid FROM jsonb_array_elements_text(
            CASE WHEN jsonb_typeof(NEW.recommendations_shown -> 'earlier') = 'array'
                 THEN NEW.recommendations_shown -> 'earlier' ELSE '[]' END) AS e (id));
    RETURN NULL;
END
$$;

-- What was advised until now was written down without the ones before it, or the guess that came first.
ALTER TABLE pre_session_data NO FORCE ROW LEVEL SECURITY;
UPDATE pre_session_data b
SET recommendations_shown = b.recommendations_shown || jsonb_build_object('earlier', r.earlier)
    || CASE WHEN r.own_forecast IS NULL THEN '{}' ELSE jsonb_build_object('own_forecast', r.own_forecast) END
FROM (
    SELECT session_id, jsonb_agg(id ORDER BY created_at) AS earlier,
           (array_agg(own_forecast ORDER BY created_at) FILTER (WHERE own_forecast IS NOT NULL))[1] AS own_forecast
    FROM recommendations WHERE session_id IS NOT NULL GROUP BY session_id HAVING count(*) > 1
) AS r
WHERE r.session_id = b.session_id AND b.recommendations_shown ->> 'recommendation_id' IS NOT NULL;
ALTER TABLE pre_session_data FORCE ROW LEVEL SECURITY;
