/** Outgoing webhooks: how far into the journal each endpoint has been told. */
export const HOOKS = [
  /*
   * Everything up to cursor_seq was delivered. A batch goes up to batch_seq, which is written down before its first
   * request, so that a repeated request says the same; of it everything up to sent_seq was delivered.
   */
  `create table hooks (
    hub_id bigint not null,
    hook_id text not null,
    url text not null,
    audience text,
    cursor_seq bigint not null,
    batch_seq bigint,
    sent_seq bigint,
    failing_since timestamptz,
    attempts int not null default 0,
    not_before timestamptz not null,
    last_status int,
    last_error text,
    delivered_at timestamptz,
    disabled_at timestamptz,
    created_at timestamptz not null,
    primary key (hub_id, hook_id)
  )`,
];
