import { printable } from '@certherd/command-line/printable';
import type { CampaignAnswer, CampaignShown, PlanAnswer } from '../serve/campaigns/views.ts';
import type { Console } from './command.ts';
import { printTable } from './print-table.ts';

/** The plan: blast radius first, then waves, then what is left out, then what to know before. */
export function printPlan(plan: PlanAnswer, console: Console): void {
  const { radius, members, leftOut, leftOutTotal, cautions, domains, limits } = plan;
  const of = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`;
  console.print(
    `Would replace ${of(radius.certificates, 'certificate')}: ${of(radius.lineages, 'lineage')} on ${of(radius.hosts, 'host')}, ` +
      `${of(radius.names, 'name')}, shown at ${of(radius.endpoints, 'endpoint')}; owners: ${printable(radius.owners.join(', ') || 'nobody')}.`,
  );
  if (members.length > 0) {
    console.print('');
    printTable(
      ['WAVE', 'LINEAGE', 'HOST', 'OWNER', 'KEY', 'ISSUED', 'ENDS', 'PLACES', 'NAMES'],
      members.map(({ wave, lineage, hostName, owner = '-', key, notBefore, notAfter, places, names }) => [
        String(wave),
        lineage,
        hostName,
        owner,
        key,
        day(notBefore),
        day(notAfter),
        String(places.length),
        namesOf(names),
      ]),
      console,
    );
  }
  if (leftOutTotal > 0) {
    console.print(`\nFits, and is not replaced by its agent (${leftOutTotal}):`);
    for (const { where, lineage, names, reason, detail } of leftOut)
      console.print(
        printable(`  ${where}${lineage === undefined ? '' : ` ${lineage}`} (${namesOf(names)}): ${reason}: ${detail}`),
      );
  }
  const crowded = domains.filter((one) => one.members + one.issuedInWeek > limits.perDomainWeek);
  for (const { domain, issuer, members: wanted, issuedInWeek } of crowded)
    console.print(
      printable(
        `\n${domain}: ${wanted} wanted and ${issuedInWeek} issued in seven days by ${issuer}, of ${limits.perDomainWeek}: it waits once that is reached (--per-domain).`,
      ),
    );
  for (const caution of cautions) console.print(`\nNote: ${caution}`);
}

/** A line for each campaign. */
export function printCampaigns(campaigns: readonly CampaignShown[], console: Console): void {
  if (campaigns.length === 0) return console.print('No campaign yet. Next: certherd-collector campaign plan --help');
  printTable(
    ['ID', 'STARTED', 'STATE', 'SERVED', 'FAILED', 'BY', 'REASON'],
    campaigns.map((one) => [
      one.id.slice(0, 8),
      one.startedAt,
      one.state,
      `${one.served} of ${one.lineages}`,
      String(one.failed),
      one.startedBy,
      one.reason,
    ]),
    console,
  );
}

/** One campaign: where it stands, then a line for each lineage. */
export function printCampaign({ campaign, members }: CampaignAnswer, console: Console): void {
  const { id, state, cause, served, lineages, placesServed, places, failed, skipped } = campaign;
  const rest = [failed > 0 ? `, ${failed} failed` : '', skipped > 0 ? `, ${skipped} skipped` : ''].join('');
  console.print(
    printable(
      `campaign ${id}: ${state}: ${served} of ${lineages} served (${placesServed} of ${places} places)${rest}${cause === undefined ? '' : `: ${cause}`}`,
    ),
  );
  printTable(
    ['NUMBER', 'WAVE', 'LINEAGE', 'HOST', 'OWNER', 'STATE', 'SERVED', 'WHY'],
    members.map((one) => [
      String(one.number),
      String(one.wave),
      one.lineage,
      one.hostName,
      one.owner ?? '-',
      one.state,
      `${one.placesServed} of ${one.placesLeft}`,
      one.cause ?? one.held ?? '',
    ]),
    console,
  );
}

function namesOf([first = '', ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first} +${others.length}`;
}

function day(at: string): string {
  return at.slice(0, 10);
}
