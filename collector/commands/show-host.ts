import { jsonLine, printable } from '@certherd/command-line/printable';
import { endpointList } from '../present/endpoint-list.ts';
import { endpointRowsOf } from '../present/endpoint-rows.ts';
import { renewableWords } from '../present/host-list.ts';
import { renewabilityOf } from '../present/host-rows.ts';
import { needsOf } from '../present/needs.ts';
import { newestFirst } from '../present/past-events.ts';
import { startFailure } from '../failure.ts';
import { eventView } from '../serve/assemble-estate.ts';
import type { Estate, EventView, HostView, LineageView } from '../serve/estate.ts';
import { absolute, clockWords } from '../wording/duration.ts';
import { shortFingerprint } from '../wording/names.ts';
import { hostTone, modeWords } from '../wording/words.ts';
import { chosenHost } from './chosen-host.ts';
import { type Console, exitCodes, type JsonOptions } from './command.ts';
import { readMore } from './database.ts';
import { eventLine } from './events.ts';
import { printFacts, printHeading, printSome } from './print-facts.ts';
import { listLines } from './print-list.ts';
import { tellNeeds } from './tell-needs.ts';
import { colours, toned } from './toned.ts';

/** Of the fleet's newest events so many are looked through for the host's own. */
const lookedThrough = 1000;
const shownEvents = 20;

/** `host show HOST`: everything that is known of one. */
export async function showHost(wanted: string, options: JsonOptions, console: Console): Promise<number> {
  const read = await readMore(options, console, async ({ store, estate }) => {
    const found = chosenHost(wanted, (await store.facts()).hosts);
    if ('mistake' in found) throw startFailure(found.mistake);
    return partsOf(estate, found.host.agentId, (await store.events(undefined, lookedThrough)).map(eventView));
  });
  if (!read) return exitCodes.config;
  const { estate, now, more: own } = read;
  if (options.json) {
    const { host, renewability, findings, lineages, endpoints, events } = own;
    const item = { host, renewability, findings, lineages, endpoints, events };
    console.print(jsonLine({ version: 1, at: estate.at, ...item }));
  } else tell(own, now, console);
  return exitCodes.ok;
}

type Parts = ReturnType<typeof partsOf>;

function partsOf(estate: Estate, agentId: string, newest: readonly EventView[]) {
  const isOwn = (one: { agentId: string }): boolean => one.agentId === agentId;
  const host = estate.hosts.find(isOwn);
  if (!host) throw startFailure('the host went away meanwhile: run this again');
  const { pressing, notices } = needsOf(estate);
  const lineages = estate.lineages.filter(isOwn);
  return {
    host,
    renewability: renewabilityOf(lineages),
    findings: estate.findings.filter(isOwn),
    needs: [...pressing, ...notices].filter(isOwn),
    lineages,
    endpoints: endpointRowsOf(estate)
      .map(({ endpoint }) => endpoint)
      .filter(isOwn),
    events: newestFirst(newest.filter(isOwn)).slice(0, shownEvents),
  };
}

function tell({ host, renewability, needs, lineages, endpoints, events }: Parts, now: number, console: Console): void {
  console.print(
    `${colours().bold(printable(host.name))}  ${toned(hostTone[host.status], host.status)}  ${printable(host.reason)}`,
  );
  printFacts([...factsOf(host), ['Renewable', renewableWords(renewability)]], console);
  printHeading(`Findings (${needs.length})`, console);
  if (needs.length === 0) console.print('  Nothing was found that a person should know.');
  tellNeeds(needs, { now }, console);
  if (lineages.length > 0) {
    printHeading(`Lineages (${lineages.length})`, console);
    printSome(lineages.flatMap(lineageLines).map(printable), Infinity, console);
  }
  printHeading(`Endpoints (${endpoints.length})`, console);
  if (endpoints.length === 0) console.print('  No endpoint was found.');
  else {
    const columns = endpointList.columns.filter(({ name, usual }) => usual && name !== 'host');
    const width = process.stdout.isTTY ? process.stdout.columns - 2 : undefined;
    const rows = endpoints.map((endpoint) => ({ endpoint, outside: undefined }));
    for (const line of listLines(rows, columns, { now, width }).lines) console.print(`  ${line}`);
  }
  printHeading(`Last events (${events.length})`, console);
  printSome(events.map(eventLine), shownEvents, console);
}

function factsOf(host: HostView): [string, string | undefined][] {
  const { agentId, agentVersion, platform, mode, enrolledAt, lastHeardAt, observedAt, conflictAt, revokedAt } = host;
  const at = (instant: string | undefined) => instant && absolute(instant);
  const labels = Object.entries(host.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return [
    ['Agent', [agentVersion || 'version not told', ...(mode === undefined ? [] : [modeWords[mode]])].join(', ')],
    ['Agent id', agentId],
    ['Platform', platform === '' ? 'not told' : platform],
    ['Clock', host.clockSkewSeconds === undefined ? undefined : clockWords(host.clockSkewSeconds)],
    ['Labels', labels.length === 0 ? undefined : labels.join(', ')],
    ['Last heard', at(lastHeardAt) ?? 'never'],
    ['Last looked', at(observedAt) ?? 'never'],
    ['Enrolled', at(enrolledAt)],
    ['Another machine presented its identity', at(conflictAt)],
    ['Revoked', at(revokedAt)],
  ];
}

function lineageLines({ name, issued, renewal, autorenew, mode, rehearsal }: LineageView): string[] {
  const parts = [
    issued && `newest ${shortFingerprint(issued)}`,
    renewal && `renewal ${absolute(renewal.at)}`,
    autorenew === false ? 'renews by hand only' : undefined,
    mode && modeWords[mode],
    rehearsal === undefined
      ? 'not rehearsed'
      : `${rehearsal.ok === undefined ? 'could not be told' : rehearsal.ok ? 'would renew' : 'would fail'}, rehearsed ${absolute(rehearsal.at)}`,
  ].filter((part) => part !== undefined);
  return [
    `${name}: ${parts.join(', ')}`,
    ...(rehearsal?.reasons ?? []).map(({ check, detail }) => `    ${check}: ${detail}`),
  ];
}
