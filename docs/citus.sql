-- Made by `npm run schema` from the catalogue; a test compares the two.
--
-- Spreads the tables over the servers of a Citus cluster by hub: a hub's rows of all tables lie together, so that every
-- statement of the service, which names one hub, goes to one server.
--
-- Verified here, by tests against the catalogue and the statements that are really sent:
--   each table has hub_id, its primary key and every unique key and index begin with it, every foreign key carries it on
--   both sides, and every statement of the service holds each table in it to a hub.
-- Not verified: Citus itself was not run. Before it is used, look at these with a cluster:
--   row-level security and the roles (the walls have to be raised on every server: the owner's statements of
--   backend/store/walls.ts are sent to the workers by Citus only for roles and policies it knows of);
--   session-level advisory locks (leases, the roster of workers) and LISTEN/NOTIFY are the coordinator's alone, so all
--   processes of the service connect to the coordinator;
--   "generated always as identity" columns, which need a recent version;
--   the append-only trigger of the journal, which Citus allows only with citus.enable_unsafe_triggers;
--   what is asked at the door (which hubs there are) is asked of all servers.
--
-- Run as the owner on the coordinator, after the first start has made the tables and while nothing else runs.

create extension if not exists citus;

select create_distributed_table('hubs', 'hub_id', colocate_with => 'none');
select create_distributed_table('alerts', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('canaries', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('conflicts', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('crm_schema', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('deliveries', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('directory', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('due', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('edits', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('creations', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('edit_fields', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('erasures', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('findings', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('held_edits', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('held_sets', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('hooks', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('identities', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('claims', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('jobs', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('journal', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('lines', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('links', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('mirror', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('orders', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('parents', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('pauses', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('people', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('promises', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('properties', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('sessions', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('sign_ins', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('staff', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('ties', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('upload_pieces', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('uploads', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('warnings', 'hub_id', colocate_with => 'hubs');
select create_distributed_table('webhooks_journal', 'hub_id', colocate_with => 'hubs');
