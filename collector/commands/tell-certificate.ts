import { printable } from '@certherd/command-line/printable';
import { untilWords } from '../present/certificate-list.ts';
import { type CertificateRow, ownLabels } from '../present/certificate-rows.ts';
import type { CertificateStory } from '../present/certificate-story.ts';
import { lifeAt, sharePercent } from '../present/life.ts';
import { stepsOf } from '../present/steps.ts';
import type { StayView } from '../serve/api/views.ts';
import type { CertificateView, EndpointView } from '../serve/estate.ts';
import { automationName, stateName, stateTone, stayName } from '../wording/certificate-words.ts';
import { absolute, timeLeft } from '../wording/duration.ts';
import { issuerName, namesOf, shortFingerprint } from '../wording/names.ts';
import { counted, endpointTone, stepWords } from '../wording/words.ts';
import type { Console } from './command.ts';
import { printFacts, printHeading, printSome } from './print-facts.ts';
import { colours, toned } from './toned.ts';

interface Told {
  row: CertificateRow;
  story: CertificateStory;
  outside: readonly { target: string; address: string; vantage: string; since: string }[];
  /** Newest first. */
  history: readonly StayView[];
  /** Those that chains are made of. */
  certificates: readonly CertificateView[];
}

const most = 20;

/** One certificate in words: what it is, its chain, who holds it and how far it got there, who serves an older one, and its past. */
export function tellCertificate(
  { row, story, outside, history, certificates }: Told,
  now: number,
  console: Console,
): void {
  const { certificate, endpoints, older, successor, relatives } = story;
  console.print(
    `${colours().bold(printable(row.name || 'no name'))}  ${toned(stateTone[row.state], stateName(row.state))}`,
  );
  if (successor)
    console.print(
      `A newer one was issued in its place, ${shortFingerprint(successor.fingerprint)}, and this one is still served.`,
    );
  printFacts(factsOf(row, now), console);
  tellChains(story, certificates, now, console);
  printHeading(`Endpoints (${endpoints.length})`, console);
  if (endpoints.length === 0) console.print('  No endpoint serves it, and none should.');
  tellEndpoints(endpoints, certificate.fingerprint, console);
  if (older.length > 0) {
    printHeading(`Who still serves an older one for its names (${older.length})`, console);
    tellEndpoints(older, certificate.fingerprint, console);
  }
  if (outside.length > 0) {
    printHeading(`Seen from outside (${outside.length})`, console);
    const lines = outside.map(
      (one) => `${one.target} at ${one.address} from ${one.vantage}, since ${absolute(one.since)}`,
    );
    printSome(lines.map(printable), most, console);
  }
  printHeading(`Files (${certificate.files.length})`, console);
  if (certificate.files.length === 0) console.print('  No file that was looked at holds it as its leaf.');
  printSome(
    certificate.files.map(({ hostName, path }) => printable(`${hostName}: ${path}`)),
    most,
    console,
  );
  if (relatives.length > 0) {
    printHeading(`Others for its names (${relatives.length}), newest first`, console);
    printSome(
      relatives.map((one) => relativeWords(one, now)),
      most,
      console,
    );
  }
  if (history.length > 0) {
    printHeading(`History (${history.length}), newest first`, console);
    printSome(history.map(stayWords), most, console);
  }
}

function factsOf(
  { certificate, automation, renewal, ...row }: CertificateRow,
  now: number,
): [string, string | undefined][] {
  const { notBefore, notAfter, issuer, subject, key, signature, serialNumber, fingerprint, basis } = certificate;
  const { leftMs, shareLeft } = lifeAt(certificate, now);
  const labels = ownLabels.flatMap((label) => (row[label].length > 0 ? `${label}=${row[label].join(', ')}` : []));
  return [
    ['Names', namesOf(certificate).join(' ')],
    [
      'Validity',
      `${absolute(notBefore)} to ${absolute(notAfter)} (${timeLeft(leftMs)}, ${sharePercent(shareLeft)} of its life)`,
    ],
    ['Renewed by', `${automationName(automation)}${renewal === undefined ? '' : `, ${absolute(renewal)}`}`],
    ['Issuer', issuer],
    ['Subject', subject === '' ? 'empty' : subject],
    ['Key', signature === undefined ? key : `${key}, signed with ${signature}`],
    ['Serial number', serialNumber],
    ['SHA-256', fingerprint],
    ['First seen', absolute(certificate.firstSeenAt)],
    ['Labels', labels.length === 0 ? undefined : labels.join('; ')],
    ['Basis', basis === 'der' ? undefined : 'an agent said so: the collector has not read the certificate itself'],
  ];
}

function tellChains(
  { certificate, chains }: CertificateStory,
  certificates: readonly CertificateView[],
  now: number,
  console: Console,
): void {
  const known = new Map(certificates.map((one) => [one.fingerprint, one]));
  for (const { links, endpoints } of chains) {
    const as =
      endpoints === 0 ? "by the issuers' names" : `as ${counted(endpoints, 'endpoint serves', 'endpoints serve')} it`;
    printHeading(`Chain, ${as}`, console);
    const members = [certificate, ...links.map((link) => known.get(link) ?? link)];
    members.forEach((one, depth) =>
      console.print(
        `  ${'  '.repeat(depth)}${typeof one === 'string' ? `${shortFingerprint(one)}, not known` : linkWords(one, now)}`,
      ),
    );
    const last = members.at(-1);
    if (last !== undefined && typeof last !== 'string' && last.subject !== last.issuer)
      console.print(`  ${'  '.repeat(members.length)}${printable(issuerName(last.issuer))}: not sent, clients hold it`);
  }
}

function linkWords(one: CertificateView, now: number): string {
  const name = one.isAuthority ? issuerName(one.subject) : (namesOf(one)[0] ?? '');
  return printable(`${name}  ${untilWords(one.notAfter, now)}  ${shortFingerprint(one.fingerprint)}`);
}

function tellEndpoints(endpoints: readonly EndpointView[], of: string, console: Console): void {
  for (const endpoint of endpoints.slice(0, most)) {
    const { status, id, hostName, served, issued, observedAt } = endpoint;
    const other =
      served === undefined || served === of
        ? ''
        : `, serves ${shortFingerprint(served)}${served === issued ? ', the newest of its own lineage' : ''}`;
    const seen = observedAt === undefined ? '' : `, seen ${absolute(observedAt)}`;
    console.print(`  ${toned(endpointTone[status], status)}  ${printable(`${id} on ${hostName}${other}${seen}`)}`);
    if (issued === of) for (const line of stepLines(endpoint)) console.print(`      ${line}`);
  }
  if (endpoints.length > most) console.print(`  and ${endpoints.length - most} more: --json has all`);
}

/** "+ loaded  2026-11-28 03:53:29 UTC": each of the six states; "-" is not reached, "?" not traced. */
export function stepLines(endpoint: Parameters<typeof stepsOf>[0]): string[] {
  return stepsOf(endpoint).map(
    ({ step, done, at }) =>
      `${done === undefined ? '?' : done ? '+' : '-'} ${stepWords[step]}${at === undefined ? '' : `  ${absolute(at)}`}`,
  );
}

function relativeWords({ fingerprint, notBefore, notAfter, issuer, endpoints }: CertificateView, now: number): string {
  const served = endpoints.length === 0 ? 'served by nobody' : `served by ${counted(endpoints.length, 'endpoint')}`;
  return printable(
    `${shortFingerprint(fingerprint)}  issued ${notBefore.slice(0, 10)}, until ${untilWords(notAfter, now)}, ${issuerName(issuer)}, ${served}`,
  );
}

function stayWords({ state, endpoint, hostName, from, until }: StayView): string {
  return printable(
    `${absolute(from)} to ${until === undefined ? 'now' : absolute(until)}: ${stayName(state)} at ${endpoint} on ${hostName}`,
  );
}
