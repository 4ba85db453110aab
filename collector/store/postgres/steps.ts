import { accountSteps } from '../account-steps.ts';
import type { AuditEntry } from '../accounts.ts';
import type { Steps } from '../steps.ts';
import type { Queries } from './database.ts';

/** Runs steps one after the other. */
export async function runSteps<T>(queries: Queries, steps: Steps<T>): Promise<T> {
  let next = steps.next();
  while (!next.done) next = steps.next(await queries.all(next.value.sql, next.value.values));
  return next.value;
}

/** Into the audit history. */
export async function note(tx: Queries, entry: AuditEntry | undefined): Promise<void> {
  if (entry) await runSteps(tx, accountSteps.addAudit(entry));
}

/** Where nothing was changed there is nothing to tell. */
export async function noted<T extends number | boolean>(
  tx: Queries,
  changing: Promise<T>,
  entry: AuditEntry | undefined,
): Promise<T> {
  const changed = await changing;
  if (changed) await note(tx, entry);
  return changed;
}
