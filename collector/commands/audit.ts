import { auditView } from '../serve/audit-view.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { storeOf } from './database.ts';
import { printTable } from './print-table.ts';

export interface AuditOptions extends JsonOptions {
  limit?: string | undefined;
}

/** `audit`: what people changed, newest first. */
export async function showAudit(options: AuditOptions, console: Console): Promise<number> {
  const limit = /^[1-9]\d{0,5}$/.test(options.limit ?? '100') ? Number(options.limit ?? '100') : undefined;
  if (limit === undefined) {
    console.complain(`--limit: expected a number from 1 to 999999, found ${JSON.stringify(options.limit)}`);
    return exitCodes.usage;
  }
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  const items = (await store.accounts.audit(undefined, limit)).map(auditView);
  await store.close();
  if (options.json) console.print(JSON.stringify({ version: 1, items }));
  else if (items.length === 0) console.print('Nothing was changed yet.');
  else
    printTable(
      ['WHEN', 'WHO', 'BY', 'WHAT', 'OF', 'DETAIL'],
      items.map(({ at, actor, via, action, subject, detail }) => [
        at.slice(0, 19).replace('T', ' '),
        actor,
        via,
        action,
        subject,
        Object.entries(detail)
          .map(([key, value]) => `${key}=${value}`)
          .join(' '),
      ]),
      console,
    );
  return exitCodes.ok;
}
