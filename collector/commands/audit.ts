import { jsonLine } from '@certherd/command-line/printable';
import { anywhere, auditCsv, daysBetween, detailWords } from '../present/audit.ts';
import { auditView } from '../serve/audit-view.ts';
import type { AuditFilter } from '../store/accounts.ts';
import { auditActions, auditWays } from '../store/audit-words.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { storeOf } from './database.ts';
import { printTable } from './print-table.ts';

export interface AuditOptions extends JsonOptions {
  limit?: string | undefined;
  /** Anywhere in the text; "*" stands for any characters. */
  actor?: string | undefined;
  subject?: string | undefined;
  action?: string | undefined;
  via?: string | undefined;
  /** Days in UTC, both included: "2026-11-28". */
  since?: string | undefined;
  until?: string | undefined;
  csv?: boolean;
}

/** `audit`: what people changed, newest first. */
export async function showAudit(options: AuditOptions, console: Console): Promise<number> {
  const { json, csv } = options;
  const limit = /^[1-9]\d{0,5}$/.test(options.limit ?? '100') ? Number(options.limit ?? '100') : undefined;
  const filter = filterOf(options);
  if (limit === undefined)
    return wrong(`--limit: expected a number from 1 to 999999, found ${JSON.stringify(options.limit)}`, console);
  if (typeof filter === 'string') return wrong(filter, console);
  if (csv && json) return wrong('--csv: rows as a table; leave out --json', console);
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  const items = (await store.accounts.audit(undefined, limit, filter)).map(auditView);
  await store.close();
  if (json) console.print(jsonLine({ version: 1, items }));
  else if (csv) console.print(auditCsv(items).trimEnd());
  else if (items.length === 0)
    console.print(
      Object.values(filter).some((one) => one !== undefined) ? 'Nothing fits.' : 'Nothing was changed yet.',
    );
  else
    printTable(
      ['WHEN', 'WHO', 'BY', 'WHAT', 'OF', 'DETAIL'],
      items.map(({ at, actor, via, action, subject, detail }) => [
        at.slice(0, 19).replace('T', ' '),
        actor,
        via,
        action,
        subject,
        detailWords(detail),
      ]),
      console,
      4,
    );
  return exitCodes.ok;
}

/** The filter, or the mistake in it. */
function filterOf({ actor, subject, action, via, since, until }: AuditOptions): AuditFilter | string {
  const isAction = auditActions.find((one) => one === action);
  const isWay = auditWays.find((one) => one === via);
  const days = daysBetween(since, until);
  if (action !== undefined && !isAction)
    return `--action: expected one of ${auditActions.join(', ')}, found ${JSON.stringify(action)}`;
  if (via !== undefined && !isWay)
    return `--via: expected one of ${auditWays.join(', ')}, found ${JSON.stringify(via)}`;
  if (since !== undefined && days.since === undefined)
    return `--since: expected a day, as 2026-11-28, found ${JSON.stringify(since)}`;
  if (until !== undefined && days.until === undefined)
    return `--until: expected a day, as 2026-11-28, found ${JSON.stringify(until)}`;
  return {
    actor: actor && anywhere(actor),
    subject: subject && anywhere(subject),
    action: isAction,
    via: isWay,
    ...days,
  };
}

function wrong(mistake: string, console: Console): number {
  console.complain(mistake);
  return exitCodes.usage;
}
