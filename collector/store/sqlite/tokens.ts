import type { Sql } from './sqlite.ts';

export interface TokenRow {
  /** Milliseconds since 1970. */
  expiresAt: number;
  /** The host that spent it. */
  host: number | undefined;
}

/** Rows of `token`: only hashes. Writing is for the group commit, or for a command's own transaction. */
export function tokenTable(sql: Sql) {
  const find = sql.prepare<[Uint8Array], { expires_at: number; host: number | null }>(
    'SELECT expires_at, host FROM token WHERE hash = ?',
  );
  const insert = sql.prepare('INSERT INTO token (hash, created_at, expires_at) VALUES (?, ?, ?)');
  const spend = sql.prepare('UPDATE token SET spent_at = ?, host = ? WHERE hash = ? AND host IS NULL');

  return {
    find(hash: Uint8Array): TokenRow | undefined {
      const row = find.get(hash);
      return row && { expiresAt: row.expires_at, host: row.host ?? undefined };
    },
    add(hash: Uint8Array, at: number, expiresAt: number): void {
      insert.run(hash, at, expiresAt);
    },
    spend(hash: Uint8Array, host: number, at: number): void {
      spend.run(at, host, hash);
    },
  };
}
