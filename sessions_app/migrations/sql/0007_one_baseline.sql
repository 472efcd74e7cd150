-- A new current baseline retires the one before it, as a statement that follows the specification's columns expects.
-- The lock is the service's: of two at once the second retires the first.
CREATE FUNCTION app.retire_baseline() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('baseline|' || NEW.user_id, 0));
    UPDATE baseline_assessments SET is_current = false, updated_at = now()
    WHERE user_id = NEW.user_id AND is_current AND id <> NEW.id;
    RETURN NEW;
END
$$;
CREATE TRIGGER retire_former BEFORE INSERT OR UPDATE OF is_current, user_id ON baseline_assessments
    FOR EACH ROW WHEN (NEW.is_current) EXECUTE FUNCTION app.retire_baseline();
REVOKE ALL ON FUNCTION app.retire_baseline() FROM PUBLIC;
