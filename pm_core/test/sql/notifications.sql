-- Notifications: sent, seen, announced once a user, expired.
\set VERBOSITY terse
SELECT pm_core.create_default_roles();
SELECT pm_core.create_user('anne@example.com') AS anne, pm_core.create_user('bob@example.com') AS bob \gset
SELECT access_token AS token FROM pm_core.issue_token(:'anne') \gset
SELECT pm_core.send_notification(:'anne', 'Import is done', '1 000 rows', 'success', '{"job": 7}') IS NOT NULL AS sent;
SELECT title, message, type, read, expires_at - created_at AS lasts, metadata FROM pm_core.notifications;
SELECT count(pm_core.send_notification(:'anne', 'n ' || n, 'text')) FROM generate_series(1, 10) AS n;
SELECT pm_core.send_notification(:'bob', 'for ever', 'text', ttl => NULL) IS NOT NULL AS sent;
SELECT count(*) FROM pm_core.notifications WHERE expires_at IS NULL;
-- bad input
SELECT pm_core.send_notification(:'anne', '', 'text');
SELECT pm_core.send_notification(:'anne', E'a\nb', 'text');
SELECT pm_core.send_notification(:'anne', 'x', 'text', 'fatal');
SELECT pm_core.send_notification(:'anne', 'x', 'text', metadata => '[]');
SELECT pm_core.send_notification(:'anne', 'x', NULL);
SELECT pm_core.send_notification(:'anne', 'x', 'text', ttl => '-1 s');
SELECT pm_core.send_notification('00000000-0000-0000-0000-000000000000', 'x', 'text');
SELECT pm_core.send_notification(NULL, 'x', 'text');
-- announced: two users, once each
SELECT pm_core.announce_notifications(), pm_core.announce_notifications() AS again;
BEGIN;
SELECT pm_core.send_notification(:'anne', 'undone', 'text') IS NOT NULL AS sent;
ROLLBACK;
SELECT pm_core.announce_notifications();
-- by schedule, in jobs
SELECT pm_core.schedule_upkeep(), pm_core.schedule_upkeep() AS again;
SELECT name, spec, queue, kind FROM pm_jobs.schedules ORDER BY name;
SELECT count(pm_core.send_notification(:'anne', 'n ' || n, 'text')) FROM generate_series(1, 5) AS n;
SELECT pm_jobs.enqueue('core', k) IS NOT NULL AS enqueued FROM unnest('{pm_core.announce,pm_core.expire,pm_core.failures}'::text[]) AS k;
CALL pm_jobs.run();
SELECT kind, status, CASE WHEN kind <> 'pm_core.failures' THEN result END AS result FROM pm_jobs.jobs ORDER BY kind;
-- expired: not seen, not counted, deleted
BEGIN;
SELECT FROM pm_core.authenticate(:'token');
SELECT pm_core.unread_count();
UPDATE pm_core.notifications SET expires_at = now() WHERE title LIKE 'n %';
SELECT pm_core.unread_count();
COMMIT;
SELECT pm_core.forget_expired();
SELECT title FROM pm_core.notifications ORDER BY title;
DELETE FROM pm_core.users;
DELETE FROM pm_core.roles;
DELETE FROM pm_core.permissions;
