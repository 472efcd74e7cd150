-- Whether anything can be recommended at all: asked before anybody has claims, and answers nothing else.
CREATE FUNCTION app.has_priors() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT EXISTS (SELECT FROM population_priors WHERE is_current) $$;
REVOKE ALL ON FUNCTION app.has_priors() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.has_priors() TO climbiq_app, climbiq_service;
CREATE POLICY functions_read ON population_priors FOR SELECT TO climbiq_owner USING (true);
