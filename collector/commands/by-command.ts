import type { AuditAction, AuditEntry } from '../store/accounts.ts';
import { account } from './account.ts';
import type { Console } from './command.ts';

/** What a command of this machine writes into the history: whoever may run it could write the database, so that its account is believed. */
export function byCommand(
  { clock }: Pick<Console, 'clock'>,
  action: AuditAction,
  subject: string,
  detail: AuditEntry['detail'] = {},
): AuditEntry {
  return { at: clock.now(), actor: account(process.env), via: 'command', action, subject, detail };
}
