-- Throwing away old logins means reading when they end, and nothing else of them.
GRANT SELECT (expire_date) ON django_session TO climbiq_service;
