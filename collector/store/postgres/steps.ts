import type { Steps } from '../steps.ts';
import type { Queries } from './database.ts';

/** Runs steps one after the other. */
export async function runSteps<T>(queries: Queries, steps: Steps<T>): Promise<T> {
  let next = steps.next();
  while (!next.done) next = steps.next(await queries.all(next.value.sql, next.value.values));
  return next.value;
}
