-- topic.sql - subscribes another database to a topic of this one as pm_worker, which
-- delivers, if the topic is there and no such subscription: topic, server, queue, kind
SELECT to_regclass('pm_xref._topics') IS NOT NULL AS linked
\gset
\if :linked
SELECT EXISTS (SELECT FROM pm_xref._topics AS t WHERE t.topic = :'topic')
  AND NOT EXISTS (SELECT FROM pm_xref._subscriptions AS s
                  WHERE s.topic = :'topic' AND s.server IS NOT DISTINCT FROM nullif(:'server', '')::name AND s.queue = :'queue') AS missing
\gset
\if :missing
SELECT pm_xref.schedule_delivery() \g /dev/null
SET ROLE pm_worker;
SELECT pm_xref.subscribe(:'topic', nullif(:'server', ''), :'queue', :'kind') \g /dev/null
\endif
\endif
