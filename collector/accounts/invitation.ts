import type { User } from '../store/accounts.ts';

/** How long a link is good by which a password is set. */
export const inviteMs = 3 * 86_400_000;

/** Why nobody is to set a password for this user; undefined: they may be given a link. */
export function mistakeInInvite({ name, identity, disabledAt }: User): string | undefined {
  if (identity) return `${name} signs in at ${identity.issuer}, and has no password here.`;
  return disabledAt === undefined ? undefined : `${name} is disabled, and may not sign in.`;
}

/** Of the page's address. */
export function invitePath(secret: string): string {
  return `/invite?token=${secret}`;
}
