-- Run once by an administrator of the server, before the first start. Give the two that sign in passwords of their own
-- afterwards: alter role tally_owner password '…'; alter role tally password '…';
create role tallystick_service;
create role tallystick_door;
-- Makes and changes the tables: DATABASE_OWNER_URL.
create role tally_owner login;
grant tallystick_service, tallystick_door to tally_owner;
alter database tallystick owner to tally_owner;
grant all on schema public to tally_owner;
-- What the service signs in as: DATABASE_URL. It owns nothing.
create role tally login noinherit;
grant tallystick_service, tallystick_door to tally;
