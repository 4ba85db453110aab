/**
 * An error that a person caused or can mend: a taken port, a locked or damaged data directory. Its message is
 * one line that says what to do next, and no stack trace is shown for it.
 */
export function startFailure(message: string): Error {
  const error = new Error(message);
  error.name = 'StartFailure';
  return error;
}

/** Tells such an error from a bug. */
export function isStartFailure(error: unknown): error is Error {
  return error instanceof Error && error.name === 'StartFailure';
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Node's error code, as ENOENT, or "". */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** The database is away: the same may succeed later. */
export function unreachable(message: string): Error {
  const error = new Error(message);
  error.name = 'Unreachable';
  return error;
}

export function isUnreachable(error: unknown): error is Error {
  return error instanceof Error && error.name === 'Unreachable';
}
