import { printable } from '@certherd/command-line/printable';
import type { AuthorityCost } from '../present/cost.ts';
import { sharePercent } from '../present/life.ts';
import { calledAfterMs, driftName, lastedMs } from '../present/prevented.ts';
import { took } from '../wording/duration.ts';
import { counted, money } from '../wording/words.ts';
import type { Console } from './command.ts';
import { printHeading, printSome } from './print-facts.ts';
import { printTable } from './print-table.ts';
import type { Report, ReportTable } from './report.ts';

const shownDrifts = 10;

/** The report for a terminal, or one of its tables. */
export function tellReport(report: Report, table: ReportTable | undefined, console: Console): void {
  if (table === undefined) {
    const { certificates, domains, authorities, ended, ending, hosts, endpoints } = report.figures;
    console.print(
      `${counted(certificates, 'certificate')} of ${counted(domains, 'domain')} by ${counted(authorities, 'CA')}: ${ended} ended, ${ending} end within 30 days; ` +
        `${counted(endpoints, 'endpoint')} on ${counted(hosts, 'host')}.`,
    );
  }
  const tell = { costs: tellCosts, automation: tellAutomation, prevented: tellPrevented, owners: tellOwners };
  for (const [name, one] of Object.entries(tell)) if (table === undefined || table === name) one(report, console);
}

function tellCosts({ costs }: Report, console: Console): void {
  printHeading('Certificates by CA', console);
  const total = (of: (cost: AuthorityCost) => number) => costs.reduce((sum, cost) => sum + of(cost), 0);
  const row = (name: string, cost: Omit<AuthorityCost, 'authority' | 'basis' | 'named'>, price: string) => [
    name,
    ...[cost.certificates, cost.ended, cost.ending, cost.automatic].map(String),
    price,
    money(cost.yearly),
    money(cost.saved),
  ];
  const all = {
    certificates: total(({ certificates }) => certificates),
    ended: total(({ ended }) => ended),
    ending: total(({ ending }) => ending),
    automatic: total(({ automatic }) => automatic),
    price: undefined,
    yearly: total(({ yearly }) => yearly),
    saved: total(({ saved }) => saved),
  };
  printTable(
    ['CA', 'CERTS', 'ENDED', '30 DAYS', 'AUTO', 'PRICE', 'YEARLY', 'SAVED'],
    [...costs.map((cost) => row(cost.authority, cost, priceWords(cost))), row('All', all, '')],
    console,
  );
  console.print(
    "30 DAYS: they end within; AUTO: renewed by themselves; YEARLY: what they cost; SAVED: what Let's Encrypt would save.",
  );
  const unpriced = costs.filter(({ basis }) => basis === 'none').length;
  const named = total((cost) => (cost.price ? cost.named : 0));
  if (unpriced > 0) console.print(`${counted(unpriced, 'CA')} without a price count as nothing: --prices FILE`);
  if (named > 0)
    console.print(
      `${counted(named, 'certificate')} ${named === 1 ? 'names' : 'name'} an organisation: Let's Encrypt issues none of these, so nothing is counted as saved.`,
    );
}

function priceWords({ price, basis }: AuthorityCost): string {
  return basis === 'free' ? 'free' : price === undefined ? 'not known' : String(price);
}

function tellAutomation({ automation }: Report, console: Console): void {
  const { automatic, certificates, share, overdue, hand, paused, renewals } = automation;
  printHeading('Renewed by itself', console);
  console.print(
    `${sharePercent(share)}: ${automatic} of ${counted(certificates, 'certificate')}${overdue > 0 ? `, ${overdue} of them overdue` : ''}.`,
  );
  console.print(
    `${counted(hand, 'certificate')} by hand${paused > 0 ? `, ${counted(paused, 'lineage')} told not to renew` : ''}.`,
  );
  console.print(
    renewals === undefined
      ? 'The agents have made no renewal among the last thousand events.'
      : `A renewal by the agents takes ${took(renewals.mean)} on average (half within ${took(renewals.half)}, the slowest ${took(renewals.slowest)}; ${counted(renewals.count, 'renewal')}, ${renewals.failed} failed).`,
  );
}

function tellPrevented({ drifts, since, incidentCost }: Report, console: Console): void {
  const { prevented, lasted, open } = drifts;
  printHeading(`Incidents prevented since ${since.slice(0, 10)}`, console);
  console.print(
    `${prevented.length}: would have cost ${money(prevented.length * incidentCost)}, at ${money(incidentCost)} each.`,
  );
  console.print(
    `A drift counts when it healed within ${took(calledAfterMs)}. ${counted(lasted.length, 'drift')} lasted longer, ${open.length === 1 ? '1 stands' : `${open.length} stand`}.`,
  );
  const lines = prevented.map((drift) =>
    printable(
      `${drift.from.slice(0, 10)}  ${driftName(drift)} on ${drift.hostName}, healed after ${took(lastedMs(drift))}`,
    ),
  );
  printSome(lines, shownDrifts, console);
}

function tellOwners({ owners }: Report, console: Console): void {
  printHeading('By owner', console);
  printTable(
    ['OWNER', 'TEAM', 'CERTS', 'ENDED', '30 DAYS', 'AUTO'],
    owners.map(({ owner, team, certificates, ended, ending, automatic }) => [
      owner === '' ? 'nobody that is known' : owner,
      team,
      ...[certificates, ended, ending].map(String),
      `${automatic}, ${sharePercent(automatic / certificates)}`,
    ]),
    console,
  );
}
