import { jsonLine, printable } from '@certherd/command-line/printable';
import { startFailure } from '../failure.ts';
import { targetList } from '../present/target-list.ts';
import { type TargetPlace, type TargetPlaceRow, targetRowsOf, vantageOf } from '../present/target-rows.ts';
import type { FindingView, TargetView } from '../serve/estate.ts';
import { targetStayView } from '../serve/stay-view.ts';
import type { TargetStayView } from '../serve/api/views.ts';
import { absolute, coarse, timeLeft } from '../wording/duration.ts';
import { shortFingerprint } from '../wording/names.ts';
import { stapleWords } from '../wording/staple-words.ts';
import { severityTone } from '../wording/words.ts';
import { type Console, exitCodes, type JsonOptions } from './command.ts';
import { readMore } from './database.ts';
import { type Listed, type ListOptions, showList } from './list.ts';
import { printFacts, printHeading, printSome } from './print-facts.ts';
import { colours, toned } from './toned.ts';

const listed: Listed<TargetPlaceRow> = {
  list: targetList,
  rowsOf: targetRowsOf,
  // One of several addresses is one target.
  itemsOf: (rows) => [...new Set(rows.map(({ target }) => target))],
  none: 'No target. Next: certherd-collector target add shop.example.com',
};

const shownStays = 20;

/** `target list`: a line for each address and kind of key, what needs a person first. */
export function listTargets(options: ListOptions, console: Console): Promise<number> {
  return showList(listed, options, console);
}

/** `target show TARGET`: findings, what each address presents, and what it presented before; from each place that asks it. */
export async function showTarget(
  wanted: string,
  options: JsonOptions & { from: string | undefined },
  console: Console,
): Promise<number> {
  const read = await readMore(options, console, async ({ store, estate: { targets, findings } }) => {
    const found = targets.filter(
      (one) =>
        [one.target, one.target.replace(/:443$/, ''), String(one.id)].includes(wanted) &&
        (options.from === undefined || [vantageOf(one), one.vantage].includes(options.from)),
    );
    return Promise.all(
      found.map(async (target) => ({
        target,
        findings: findingsOf(targetRowsOf({ targets: [target], findings })),
        history: (await store.targets.stays(target.id)).map(targetStayView),
      })),
    );
  });
  if (!read) return exitCodes.config;
  const { now, more: told } = read;
  const { at } = read.estate;
  if (told.length === 0)
    throw startFailure(`${printable(wanted).slice(0, 300)}: no such target; certherd-collector target list has them`);
  if (options.json) console.print(jsonLine({ version: 1, at, items: told }));
  else
    told.forEach((one, index) => {
      if (index > 0) console.print('');
      tell(one, now, console);
    });
  return exitCodes.ok;
}

function findingsOf(rows: readonly TargetPlaceRow[]): FindingView[] {
  const all = rows.flatMap((row) => row.findings);
  return [...new Map(all.map((one) => [JSON.stringify([one.agentId, one.code, one.subject.id]), one])).values()];
}

interface Told {
  target: TargetView;
  findings: readonly FindingView[];
  /** Newest first. */
  history: readonly TargetStayView[];
}

function tell({ target, findings, history }: Told, now: number, console: Console): void {
  const { askedAt, wanted, everySeconds, setAt, setBy, leftOut, notTold, labels = {}, places, failure } = target;
  const given = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  console.print(`${colours().bold(printable(target.target))}  seen from ${printable(vantageOf(target))}`);
  printFacts(
    [
      ['Last look', `${askedAt === undefined ? 'never' : absolute(askedAt)}${wanted ? ', asked for now' : ''}`],
      ['Every', coarse(everySeconds * 1000)],
      ['Set by', `${setBy}, ${absolute(setAt)}`],
      ['Labels', given.length === 0 ? undefined : given.join(', ')],
      ['Not asked', leftOut === 0 ? undefined : `${leftOut} more addresses of this name`],
      ['Not told', notTold?.detail],
    ],
    console,
  );
  for (const { severity, code, cause, remedy } of findings) {
    printHeading(`${severity}: ${code}`, console);
    console.print(`  ${toned(severityTone[severity], printable(cause))}`);
    if (remedy !== '') console.print(`  ${printable(remedy)}`);
  }
  printHeading(`Addresses (${places.length})`, console);
  if (places.length === 0)
    console.print(`  ${failure ? printable(`${failure.reason}: ${failure.detail}`) : 'It has not been asked yet.'}`);
  for (const place of places) tellPlace(place, now, console);
  if (history.length > 0) printHeading(`History (${history.length}), newest first`, console);
  const stays = history.map(({ address, algorithm, served, from, until }) =>
    printable(
      `${absolute(from)} to ${until === undefined ? 'now' : absolute(until)}: ${shortFingerprint(served)} at ${address} ${algorithm}`,
    ),
  );
  printSome(stays, shownStays, console);
}

function tellPlace(place: TargetPlace, now: number, console: Console): void {
  const { address, algorithm, served, since, subject, issuer, notAfter, failure, trusted, chainProblem } = place;
  const silent = failure && `shows nothing since ${absolute(failure.since)}: ${failure.reason}: ${failure.detail}`;
  console.print(`  ${printable(`${address} ${algorithm ?? ''}`)}  ${printable(silent ?? `since ${absolute(since)}`)}`);
  if (served === undefined) return;
  printFacts(
    [
      ['  Subject', subject],
      ['  Issuer', issuer],
      ['  Until', notAfter && `${absolute(notAfter)} (${timeLeft(Date.parse(notAfter) - now)})`],
      ['  SHA-256', served],
      ['  TLS', place.tlsVersion],
      ['  Its name', place.nameMatches === false ? 'is not in the certificate' : 'is in the certificate'],
      ['  Chain', trusted === false ? `not trusted: ${chainProblem ?? 'not read'}` : 'leads to a trusted root'],
      ['  Staple', stapleWords(place, now)],
    ],
    console,
  );
}
