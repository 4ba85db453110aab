import { jsonLine } from '@certherd/command-line/printable';
import type { AuthorityCost } from '../present/cost.ts';
import { type Leaf, leavesOf } from '../present/leaves.ts';
import { type OwnerRow, ownerRows } from '../present/owners.ts';
import { type Drifts, driftsOf } from '../present/prevented.ts';
import {
  type Automated,
  automatedOf,
  byHandSheet,
  costReport,
  costSheet,
  driftSheet,
  ownerSheet,
  type ReportFigures,
  usualIncidentCost,
} from '../present/report.ts';
import { eventView } from '../serve/assemble-estate.ts';
import { keepHistory } from '../serve/host-histories.ts';
import { type Console, exitCodes, type JsonOptions } from './command.ts';
import { readMore } from './database.ts';
import { readPrices } from './read-prices.ts';
import { tellReport } from './tell-report.ts';

export const reportTables = ['costs', 'automation', 'prevented', 'owners'] as const;
export type ReportTable = (typeof reportTables)[number];

export interface ReportOptions extends JsonOptions {
  /** A sheet with the price of a certificate of each CA. */
  prices?: string | undefined;
  /** What one incident would have cost. */
  incident?: string | undefined;
  csv: boolean;
}

/** As the page reads them. */
const days = 28;
const newestEvents = 1000;

/** What the report is made of. */
export interface Report {
  figures: ReportFigures;
  costs: readonly AuthorityCost[];
  automation: Automated;
  drifts: Drifts;
  /** Since when drifts are counted. */
  since: string;
  incidentCost: number;
  owners: readonly OwnerRow[];
  leaves: readonly Leaf[];
}

/** `report [TABLE]`: what the estate is, what it costs, who renews it, and what did not happen. */
export async function report(word: string | undefined, options: ReportOptions, console: Console): Promise<number> {
  const table = reportTables.find((one) => one === word);
  const incident = Number(options.incident ?? usualIncidentCost);
  const wrong = mistakeIn(word, table, incident, options);
  if (wrong !== undefined) {
    console.complain(wrong);
    return exitCodes.usage;
  }
  const prices = options.prices === undefined ? {} : readPrices(options.prices);
  const read = await readMore(options, console, async ({ store: { events, changes }, estate: { hosts }, now }) => ({
    events: (await events(undefined, newestEvents)).map(eventView),
    history: await keepHistory({ hosts: async () => hosts, changes, now: () => now })(days),
  }));
  if (!read) return exitCodes.config;
  const { estate, now } = read;
  const { events, history } = read.more;
  const leaves = leavesOf(estate);
  const told: Report = {
    ...costReport(estate, leaves, prices, now),
    automation: automatedOf(leaves, events, now),
    drifts: driftsOf(history.findings),
    since: history.since,
    incidentCost: incident,
    owners: ownerRows(leaves, now),
    leaves,
  };
  if (options.json) console.print(jsonLine({ version: 1, at: estate.at, ...itemOf(told) }));
  else if (options.csv && table) console.print(sheetOf(told, table).trimEnd());
  else tellReport(told, table, console);
  return exitCodes.ok;
}

function mistakeIn(
  word: string | undefined,
  table: ReportTable | undefined,
  incident: number,
  { incident: typed, csv, json }: ReportOptions,
): string | undefined {
  const tables = reportTables.join(', ');
  if (word !== undefined && !table)
    return `expected one of ${tables}, or nothing for all, found ${JSON.stringify(word)}`;
  if (!(Number.isFinite(incident) && incident >= 0) || typed?.trim() === '')
    return `--incident: expected a sum, as 47000, found ${JSON.stringify(typed)}`;
  if (csv && json) return '--csv: rows as a table; leave out --json';
  return csv && !table ? `--csv: one table: report ${reportTables[0]} --csv, or one of ${tables}` : undefined;
}

function sheetOf({ costs, leaves, drifts, owners }: Report, table: ReportTable): string {
  const { prevented, lasted, open } = drifts;
  return {
    costs: () => costSheet(costs),
    automation: () => byHandSheet(leaves),
    prevented: () => driftSheet([...prevented, ...lasted, ...open]),
    owners: () => ownerSheet(owners),
  }[table]();
}

function itemOf({ figures, costs, automation, drifts, since, incidentCost, owners }: Report): object {
  const { renewals, ...automated } = automation;
  return {
    figures,
    costs,
    automation: {
      ...automated,
      ...(renewals && {
        renewals: {
          count: renewals.count,
          failed: renewals.failed,
          meanMs: Math.round(renewals.mean),
          halfMs: Math.round(renewals.half),
          slowestMs: Math.round(renewals.slowest),
        },
      }),
    },
    prevented: {
      since,
      incidents: drifts.prevented.length,
      cost: drifts.prevented.length * incidentCost,
      ...driftItems(drifts),
    },
    owners,
  };
}

function driftItems({ prevented, lasted, open }: Drifts): object {
  return { healed: prevented, lasted, open };
}
