/** Many hubs: who is served, with what secrets. What opens the sealed columns is not in the database. */
export const DIRECTORY = [
  `create table directory (
    hub_id bigint not null primary key,
    app_id text not null,
    portal_url text,
    -- Moves with every change of the row, so that who serves the hub notices.
    version bigint not null,
    access_token text not null,
    client_secrets text not null,
    settings text not null,
    -- When the token was proven to be this hub's; null: not yet, and nobody may speak for the hub with it.
    proven_at timestamptz,
    changed_at timestamptz not null
  )`,
];
