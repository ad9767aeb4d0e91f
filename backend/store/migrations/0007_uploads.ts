/** Files that customers upload, until HubSpot has them. */
export const UPLOADS = [
  `create table uploads (
    hub_id bigint not null,
    upload_id uuid not null,
    person text not null,
    name text not null,
    size_bytes bigint not null,
    received_bytes bigint not null default 0,
    type text,
    digest text,
    refused text,
    created_at timestamptz not null,
    erased_at timestamptz,
    primary key (hub_id, upload_id)
  )`,
  `create index uploads_kept on uploads (hub_id, person) where erased_at is null`,
  `create table upload_pieces (
    hub_id bigint not null,
    upload_id uuid not null,
    at_byte bigint not null,
    bytes bytea not null,
    primary key (hub_id, upload_id, at_byte)
  )`,
  /* Documents do not compress, and trying costs more than the space. */
  `alter table upload_pieces alter column bytes set storage external`,
];
