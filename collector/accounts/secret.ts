import { createHash, randomBytes } from 'node:crypto';

/** 256 bits that nobody can guess: what a cookie, a link or an API token says. */
export function freshSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Tells people, and programs that look for leaked secrets, what it is. */
export const apiTokenPrefix = 'certherd_';

/** What is kept of it. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
