/** A warning is about one thing of several, is told to people once, and ends. */
export const WARNINGS = [
  `alter table warnings add column subject text not null default ''`,
  `alter table warnings drop constraint warnings_pkey`,
  `alter table warnings add primary key (hub_id, code, subject)`,
  `alter table warnings add column told_at timestamptz`,
  `alter table warnings add column ended_at timestamptz`,
];
