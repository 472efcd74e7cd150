-- What climbers wrote in their own words is kept with the advice as long as they want it: notes for Claude until they
-- take their consent back, the rest until they delete the session that it was about.

-- Conditions as they are kept without a session: what was measured and chosen, and nothing that was written.
CREATE FUNCTION app.without_own_words(p_conditions jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS
$$
    SELECT p_conditions - '{sleep_notes,specific_objectives}'::text[]
        || CASE WHEN jsonb_typeof(p_conditions -> 'current_niggles') = 'array' THEN
            jsonb_build_object('current_niggles', (
                SELECT coalesce(jsonb_agg(
                    CASE WHEN jsonb_typeof(n) = 'object' THEN n || '{"notes": ""}' ELSE n END ORDER BY i), '[]')
                FROM jsonb_array_elements(p_conditions -> 'current_niggles') WITH ORDINALITY AS told (n, i)))
           ELSE '{}' END
$$;

-- What goes with the session, for whoever may bring it back.
CREATE FUNCTION app.own_words(p_conditions jsonb, p_evidence jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS
$$
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'notes', p_evidence -> 'notes',
        'conditions', (SELECT jsonb_object_agg(name, value) FROM jsonb_each(p_conditions) AS said (name, value)
                       WHERE name IN ('sleep_notes', 'specific_objectives', 'current_niggles'))))
$$;

CREATE FUNCTION app.forget_own_words() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
BEGIN
    NEW.conditions := app.without_own_words(NEW.conditions);
    NEW.evidence := NEW.evidence - 'notes';
    RETURN NEW;
END
$$;
-- The session's own foreign key comes this way too, whoever deleted it.
CREATE TRIGGER forget_own_words BEFORE UPDATE OF session_id ON recommendations
    FOR EACH ROW WHEN (OLD.session_id IS NOT NULL AND NEW.session_id IS NULL)
    EXECUTE FUNCTION app.forget_own_words();

-- After an undo: keys of one's own advice → what `own_words` had of it. Only words come back: whatever else it would
-- change, it changes nothing.
CREATE FUNCTION app.give_words_back(p_words jsonb) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
    UPDATE recommendations r
    SET conditions = r.conditions || coalesce(w.words -> 'conditions', '{}'),
        evidence = r.evidence || CASE WHEN u.sends_notes_to_claude AND w.words ? 'notes'
            THEN jsonb_build_object('notes', w.words -> 'notes') ELSE '{}' END
    FROM jsonb_each(p_words) AS w (id, words), users u
    WHERE r.id = w.id::uuid AND r.user_id = app.uid() AND u.id = r.user_id
      AND app.without_own_words(r.conditions || coalesce(w.words -> 'conditions', '{}')) = r.conditions;
$$;

-- Consent is asked again where the notes are sent; where it is taken back nothing is kept either.
CREATE FUNCTION app.forget_notes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
BEGIN
    UPDATE recommendations SET evidence = evidence - 'notes' WHERE user_id = NEW.id AND evidence ? 'notes';
    RETURN NULL;
END
$$;
CREATE TRIGGER forget_notes AFTER UPDATE OF sends_notes_to_claude ON users
    FOR EACH ROW WHEN (OLD.sends_notes_to_claude AND NOT NEW.sends_notes_to_claude)
    EXECUTE FUNCTION app.forget_notes();

-- A request that read the consent before it was taken back waits for that here.
CREATE FUNCTION app.keep_notes_only_with_consent() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
BEGIN
    PERFORM FROM users WHERE id = NEW.user_id AND sends_notes_to_claude FOR SHARE;
    IF NOT FOUND THEN
        NEW.evidence := NEW.evidence - 'notes';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_notes_only_with_consent BEFORE INSERT ON recommendations
    FOR EACH ROW WHEN (NEW.evidence ? 'notes') EXECUTE FUNCTION app.keep_notes_only_with_consent();

REVOKE ALL ON FUNCTION app.without_own_words(jsonb), app.own_words(jsonb, jsonb), app.forget_own_words(),
    app.give_words_back(jsonb), app.forget_notes(), app.keep_notes_only_with_consent() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.own_words(jsonb, jsonb), app.give_words_back(jsonb) TO climbiq_app, climbiq_service;

-- What was kept until now. Of advice without a session nobody can tell any more whether it ever had one.
ALTER TABLE recommendations NO FORCE ROW LEVEL SECURITY;
UPDATE recommendations SET conditions = app.without_own_words(conditions), evidence = evidence - 'notes'
WHERE session_id IS NULL AND is_done;
UPDATE recommendations r SET evidence = r.evidence - 'notes'
FROM users u WHERE u.id = r.user_id AND NOT u.sends_notes_to_claude AND r.evidence ? 'notes';
ALTER TABLE recommendations FORCE ROW LEVEL SECURITY;
