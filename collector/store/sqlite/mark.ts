import type { Sql } from './sqlite.ts';

/** Tells one moment of a database from every other: what is kept only ever moves these on. Cheap, however long the history. */
export interface Mark {
  hosts: number;
  lastCertificate: number;
  lastEvent: number;
  /** Of all epochs together, as a float that no sum overflows: grows with what was acknowledged. */
  ackedSeqs: number;
}

export function markOf(sql: Sql): Mark {
  const one = (query: string) => Number(sql.prepare(query).pluck().get());
  return {
    hosts: one('SELECT count(*) FROM host'),
    lastCertificate: one('SELECT coalesce(max(id), 0) FROM certificate'),
    lastEvent: one('SELECT coalesce(max(id), 0) FROM event'),
    ackedSeqs: one('SELECT total(acked_seq) FROM epoch'),
  };
}

export function isSameMark(one: Mark, other: Mark): boolean {
  return (
    one.hosts === other.hosts &&
    one.lastCertificate === other.lastCertificate &&
    one.lastEvent === other.lastEvent &&
    one.ackedSeqs === other.ackedSeqs
  );
}
