import { accountSteps } from '../account-steps.ts';
import type { AuditEntry } from '../accounts.ts';
import type { Steps } from '../steps.ts';
import type { StepRunner } from '../keep-accounts.ts';
import type { Queries } from './database.ts';
import type { GroupCommit } from './group-commit.ts';

/** What is written once for both databases. */
export function stepRunner(database: Queries, group: Pick<GroupCommit, 'keep'>): StepRunner {
  return {
    read: (work) => runSteps(database, work),
    write: (work) => group.keep((tx) => runSteps(tx, work())),
  };
}

/** Runs steps one after the other. */
async function runSteps<T>(queries: Queries, steps: Steps<T>): Promise<T> {
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
