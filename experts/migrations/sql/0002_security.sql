ALTER INDEX idx_synthetic_scenarios_edge_c RENAME TO idx_synthetic_scenarios_edge_case_tags;
ALTER INDEX idx_synthetic_scenarios_review RENAME TO idx_synthetic_scenarios_review_session;
ALTER INDEX idx_scenario_consensus_process RENAME TO idx_scenario_consensus_processed;
ALTER INDEX idx_expert_rules_condition_fie RENAME TO idx_expert_rules_condition_fields;
ALTER INDEX idx_expert_rules_active_priori RENAME TO idx_expert_rules_active_priority;

DROP INDEX idx_population_priors_current;
CREATE INDEX idx_population_priors_current ON population_priors (is_current) WHERE is_current = TRUE;

ALTER TABLE synthetic_scenarios
    ADD CONSTRAINT synthetic_scenarios_converted_to_rule_id_fkey
        FOREIGN KEY (converted_to_rule_id) REFERENCES expert_rules (id),
    ADD CONSTRAINT synthetic_scenarios_review_session_id_fkey
        FOREIGN KEY (review_session_id) REFERENCES rule_review_sessions (id);
ALTER TABLE expert_scenario_responses
    ADD CONSTRAINT expert_scenario_responses_scenario_id_fkey
        FOREIGN KEY (scenario_id) REFERENCES synthetic_scenarios (id) ON DELETE CASCADE,
    ADD CONSTRAINT expert_scenario_responses_expert_id_fkey
        FOREIGN KEY (expert_id) REFERENCES users (id);
ALTER TABLE scenario_consensus
    ADD CONSTRAINT scenario_consensus_scenario_id_fkey
        FOREIGN KEY (scenario_id) REFERENCES synthetic_scenarios (id) ON DELETE CASCADE;
ALTER TABLE expert_rules
    ADD CONSTRAINT expert_rules_source_scenario_id_fkey
        FOREIGN KEY (source_scenario_id) REFERENCES synthetic_scenarios (id),
    ADD CONSTRAINT expert_rules_review_session_id_fkey
        FOREIGN KEY (review_session_id) REFERENCES rule_review_sessions (id),
    ADD CONSTRAINT expert_rules_created_by_fkey FOREIGN KEY (created_by) REFERENCES users (id),
    ADD CONSTRAINT expert_rules_updated_by_fkey FOREIGN KEY (updated_by) REFERENCES users (id),
    ADD CONSTRAINT expert_rules_superseded_by_fkey FOREIGN KEY (superseded_by) REFERENCES expert_rules (id);
ALTER TABLE rule_audit_log
    ADD CONSTRAINT rule_audit_log_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES expert_rules (id),
    ADD CONSTRAINT rule_audit_log_changed_by_fkey FOREIGN KEY (changed_by) REFERENCES users (id);

-- Scenarios: evidence of experts is archived, never deleted. --------------------------------------------------
CREATE FUNCTION app.keep_answered_scenarios() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
BEGIN
    IF EXISTS (SELECT FROM expert_scenario_responses r WHERE r.scenario_id = OLD.id)
       OR EXISTS (SELECT FROM scenario_consensus c WHERE c.scenario_id = OLD.id) THEN
        RAISE EXCEPTION 'scenario % has been answered: archive it instead', OLD.id USING ERRCODE = '23001';
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER keep_answered BEFORE DELETE ON synthetic_scenarios
    FOR EACH ROW EXECUTE FUNCTION app.keep_answered_scenarios();

CREATE FUNCTION app.scenario_is_open(scenario uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT EXISTS (SELECT FROM synthetic_scenarios s WHERE s.id = scenario AND s.status IN ('pending', 'in_review')) $$;

CREATE FUNCTION app.scenario_is_settled(scenario uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT EXISTS (SELECT FROM synthetic_scenarios s WHERE s.id = scenario AND s.status = 'consensus_reached') $$;
REVOKE ALL ON FUNCTION app.keep_answered_scenarios(), app.scenario_is_open(uuid), app.scenario_is_settled(uuid)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.scenario_is_open(uuid), app.scenario_is_settled(uuid) TO climbiq_app, climbiq_service;

CALL app.protect('synthetic_scenarios');
CREATE POLICY functions_read ON synthetic_scenarios FOR SELECT TO climbiq_owner USING (true);
CREATE POLICY coaches_read ON synthetic_scenarios FOR SELECT TO climbiq_app USING ((SELECT app.is_coach()));
-- What would unblind a reviewer (the suggestion, its reasoning, the consensus, the status) is not granted.
GRANT SELECT (id, baseline_snapshot, pre_session_snapshot, scenario_description, edge_case_tags, difficulty_level,
              assigned_reviewers, generated_at, generation_batch, reviewed_at, review_session_id, created_at,
              updated_at) ON synthetic_scenarios TO climbiq_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON synthetic_scenarios TO climbiq_service;

CALL app.protect('expert_scenario_responses');
CREATE POLICY functions_read ON expert_scenario_responses FOR SELECT TO climbiq_owner USING (true);
CREATE POLICY read_own_or_settled ON expert_scenario_responses FOR SELECT TO climbiq_app
    USING ((SELECT app.is_coach()) AND (expert_id = (SELECT app.uid()) OR app.scenario_is_settled(scenario_id)));
CREATE POLICY answer_own ON expert_scenario_responses FOR INSERT TO climbiq_app
    WITH CHECK ((SELECT app.is_coach()) AND expert_id = (SELECT app.uid()) AND app.scenario_is_open(scenario_id));
CREATE POLICY revise_own ON expert_scenario_responses FOR UPDATE TO climbiq_app
    USING ((SELECT app.is_coach()) AND expert_id = (SELECT app.uid()) AND app.scenario_is_open(scenario_id))
    WITH CHECK (expert_id = (SELECT app.uid()) AND app.scenario_is_open(scenario_id));
GRANT SELECT, INSERT ON expert_scenario_responses TO climbiq_app;
GRANT UPDATE (predicted_quality_optimal, predicted_quality_baseline, prediction_confidence,
              recommended_session_type, session_type_confidence, treatment_recommendations, counterfactuals,
              key_drivers, interaction_effects, session_structure, reasoning, agrees_with_ai,
              response_duration_sec, is_complete, updated_at) ON expert_scenario_responses TO climbiq_app;
GRANT SELECT, INSERT, UPDATE ON expert_scenario_responses TO climbiq_service;

CALL app.protect('scenario_consensus');
CREATE POLICY functions_read ON scenario_consensus FOR SELECT TO climbiq_owner USING (true);
CREATE POLICY read_settled ON scenario_consensus FOR SELECT TO climbiq_app
    USING ((SELECT app.is_coach()) AND app.scenario_is_settled(scenario_id));
GRANT SELECT ON scenario_consensus TO climbiq_app;
GRANT SELECT, INSERT, UPDATE ON scenario_consensus TO climbiq_service;

CALL app.protect('rule_review_sessions');
CREATE POLICY coaches_read ON rule_review_sessions FOR SELECT TO climbiq_app USING ((SELECT app.is_coach()));
CREATE POLICY facilitators_write ON rule_review_sessions FOR ALL TO climbiq_app
    USING ((SELECT app.role()) IN ('facilitator', 'operator'))
    WITH CHECK ((SELECT app.role()) IN ('facilitator', 'operator'));
GRANT SELECT, INSERT, UPDATE ON rule_review_sessions TO climbiq_app, climbiq_service;

-- Rules: the lifecycle is the truth, the log writes itself. ----------------------------------------------------
CREATE FUNCTION app.before_rule() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS
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
        IF by_app AND content AND OLD.lifecycle = 'active' AND NEW.lifecycle = 'active'
           AND (OLD.rule_category = 'safety' OR NEW.rule_category = 'safety') THEN
            RAISE EXCEPTION 'pause an active safety rule before changing it' USING ERRCODE = '23514';
        END IF;
        NEW.created_by := OLD.created_by;
        NEW.created_at := OLD.created_at;
        NEW.version := OLD.version + CASE WHEN content THEN 1 ELSE 0 END;
        NEW.updated_by := CASE WHEN content THEN actor ELSE OLD.updated_by END;
        IF by_app AND NEW.rule_category = 'safety' AND NEW.lifecycle = 'active' AND OLD.lifecycle <> 'active'
           AND (actor IS NOT DISTINCT FROM NEW.updated_by OR content) THEN
            RAISE EXCEPTION 'a second coach activates a safety rule' USING ERRCODE = '23514';
        END IF;
    END IF;
    NEW.is_active := NEW.lifecycle = 'active' AND NEW.superseded_by IS NULL;
    RETURN NEW;
END
$$;
CREATE TRIGGER a_before_rule BEFORE INSERT OR UPDATE ON expert_rules
    FOR EACH ROW EXECUTE FUNCTION app.before_rule();

CREATE FUNCTION app.audit_rule() RETURNS trigger
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
    INSERT INTO rule_audit_log (rule_id, action, changed_by, previous_state, new_state, reason)
    VALUES (NEW.id, verb, app.actor(), CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) END, to_jsonb(NEW),
            nullif(current_setting('app.change_reason', true), ''));
    RETURN NULL;
END
$$;
CREATE TRIGGER b_audit_rule AFTER INSERT OR UPDATE ON expert_rules
    FOR EACH ROW EXECUTE FUNCTION app.audit_rule();

CREATE FUNCTION app.retire_rule() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$
BEGIN
    UPDATE expert_rules SET lifecycle = 'retired' WHERE id = OLD.id AND lifecycle <> 'retired';
    RETURN NULL;
END
$$;
CREATE TRIGGER retire_instead BEFORE DELETE ON expert_rules
    FOR EACH ROW EXECUTE FUNCTION app.retire_rule();
CREATE TRIGGER raise_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON expert_rules
    FOR EACH STATEMENT EXECUTE FUNCTION app.raise_version('rules');

CALL app.protect('expert_rules');
CREATE POLICY read_active ON expert_rules FOR SELECT TO climbiq_app
    USING (lifecycle IN ('active', 'shadow') AND (SELECT app.role()) <> '' OR (SELECT app.is_coach()));
CREATE POLICY coaches_add ON expert_rules FOR INSERT TO climbiq_app WITH CHECK ((SELECT app.is_coach()));
CREATE POLICY coaches_change ON expert_rules FOR UPDATE TO climbiq_app
    USING ((SELECT app.is_coach())) WITH CHECK ((SELECT app.is_coach()));
CREATE POLICY coaches_retire ON expert_rules FOR DELETE TO climbiq_app USING ((SELECT app.is_coach()));
GRANT SELECT, INSERT, UPDATE, DELETE ON expert_rules TO climbiq_app, climbiq_service;

-- The log is append-only, for everybody.
CREATE FUNCTION app.append_only() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '42501';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON rule_audit_log
    FOR EACH ROW EXECUTE FUNCTION app.append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON rule_audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION app.append_only();
ALTER TABLE rule_audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule_audit_log FORCE ROW LEVEL SECURITY;
CREATE POLICY trigger_writes ON rule_audit_log FOR INSERT TO climbiq_owner WITH CHECK (true);
CREATE POLICY coaches_read ON rule_audit_log FOR SELECT TO climbiq_app USING ((SELECT app.is_coach()));
CREATE POLICY service_read ON rule_audit_log FOR SELECT TO climbiq_service USING (true);
GRANT SELECT ON rule_audit_log TO climbiq_app, climbiq_service;

-- Priors: versions are immutable. -------------------------------------------------------------------------------
CREATE FUNCTION app.freeze_prior() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
    IF to_jsonb(OLD) - 'is_current' - 'updated_at' - 'notes' <> to_jsonb(NEW) - 'is_current' - 'updated_at' - 'notes' THEN
        RAISE EXCEPTION 'a prior''s version is immutable: add a new one' USING ERRCODE = '23514';
    END IF;
    NEW.updated_at := now();
    RETURN NEW;
END
$$;
CREATE TRIGGER freeze_prior BEFORE UPDATE ON population_priors
    FOR EACH ROW EXECUTE FUNCTION app.freeze_prior();
CREATE TRIGGER raise_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON population_priors
    FOR EACH STATEMENT EXECUTE FUNCTION app.raise_version('priors');
CALL app.protect('population_priors');
CREATE POLICY read_all ON population_priors FOR SELECT TO climbiq_app USING ((SELECT app.role()) <> '');
GRANT SELECT ON population_priors TO climbiq_app;
GRANT SELECT, INSERT, UPDATE ON population_priors TO climbiq_service;

REVOKE ALL ON FUNCTION app.before_rule(), app.audit_rule(), app.retire_rule(), app.append_only(), app.freeze_prior()
    FROM PUBLIC;
