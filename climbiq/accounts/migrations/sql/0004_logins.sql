-- Sessions of browsers and apps. Found by digest before it is known who asks, so without row policies.
ALTER TABLE logins ADD CONSTRAINT logins_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
GRANT SELECT, INSERT, UPDATE, DELETE ON logins TO climbiq_app;
-- The purge reads when they end, erasing an account whose they are: neither reads what is in them.
GRANT SELECT (user_id, expire_date), DELETE ON logins TO climbiq_service;

-- Django's own table, which held keys that open a session, is used no more: everybody logs in once more.
DELETE FROM django_session;
REVOKE ALL ON django_session FROM climbiq_app, climbiq_service;
