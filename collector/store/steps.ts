/** One statement as both databases take it: `$1` and so on stand for the values; null for what is not there. */
export interface Statement {
  sql: string;
  values: readonly unknown[];
}

/** Statements of one transaction, each with the rows of the one before it: written once for both databases, and run by each in its own way. */
export type Steps<T> = Generator<Statement, T, RawRow[]>;

/** A row by its columns, of which whoever wrote the statement knows the types. */
// eslint-disable-next-line typescript/no-explicit-any
export type RawRow = any;

/** The rows that a statement gives: those that were read, or that RETURNING names. */
export function* rows<R extends object>(sql: string, ...values: readonly unknown[]): Steps<R[]> {
  return yield { sql, values };
}

/** The first of them. */
export function* row<R extends object>(sql: string, ...values: readonly unknown[]): Steps<R | undefined> {
  return (yield* rows<R>(sql, ...values))[0];
}
