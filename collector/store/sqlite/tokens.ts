import type { TokenLabels } from '../facts.ts';
import type { Sql } from './sqlite.ts';

export interface TokenRow {
  /** Milliseconds since 1970. */
  expiresAt: number;
  /** The host that spent it. */
  host: number | undefined;
  /** What the host is labelled as it enrols, and who said so. */
  labels: TokenLabels | undefined;
}

/** Rows of `token`: only hashes. Writing is for the group commit, or for a command's own transaction. */
export function tokenTable(sql: Sql) {
  const find = sql.prepare<[Uint8Array], { expires_at: number; host: number | null; labels: string | null }>(
    'SELECT expires_at, host, labels FROM token WHERE hash = ?',
  );
  const insert = sql.prepare('INSERT INTO token (hash, created_at, expires_at, labels) VALUES (?, ?, ?, ?)');
  const spend = sql.prepare('UPDATE token SET spent_at = ?, host = ? WHERE hash = ? AND host IS NULL');

  return {
    find(hash: Uint8Array): TokenRow | undefined {
      const row = find.get(hash);
      const labels: TokenLabels | undefined = row?.labels ? JSON.parse(row.labels) : undefined;
      return row && { expiresAt: row.expires_at, host: row.host ?? undefined, labels };
    },
    add(hash: Uint8Array, at: number, expiresAt: number, labels?: TokenLabels): void {
      insert.run(hash, at, expiresAt, labels ? JSON.stringify(labels) : null);
    },
    spend(hash: Uint8Array, host: number, at: number): void {
      spend.run(at, host, hash);
    },
  };
}
