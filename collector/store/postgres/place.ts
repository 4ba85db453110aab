import { readFileSync } from 'node:fs';
import type { Result } from '@certherd/protocol/failure';
import { codeOf, messageOf } from '../../failure.ts';

export interface PostgresPlace {
  /** postgres://, as libpq has it; it may hold the password. */
  url: string;
  /** A file whose first line is the password. */
  passwordFile: string | undefined;
}

/** The URL to connect with, the password of the file in it. It is never shown: `nameOf` is. The failure is one line. */
export function connectUrl({ url, passwordFile }: PostgresPlace): Result<string, string> {
  if (passwordFile === undefined) return { ok: true, value: url };
  try {
    const [password = ''] = readFileSync(passwordFile, 'utf8').split(/\r?\n/);
    const whole = new URL(url);
    whole.password = '';
    whole.searchParams.set('password', password);
    return { ok: true, value: whole.href };
  } catch (error) {
    const reason = codeOf(error) || messageOf(error);
    return {
      ok: false,
      failure: `${passwordFile}: no password can be read there (${reason}): check store_password_file`,
    };
  }
}

/** "PostgreSQL at db.example/certherd": neither account nor password. */
export function nameOf(url: string): string {
  const { host, pathname, searchParams } = new URL(url);
  return `PostgreSQL at ${host || searchParams.get('host') || 'this machine'}${pathname}`;
}
