import { jsonLine, printable } from '@certherd/command-line/printable';
import { agreementOf } from '../present/agreement.ts';
import { endpointRowsOf } from '../present/endpoint-rows.ts';
import { type EndpointStory, endpointStoryOf } from '../present/endpoint-story.ts';
import { needsOf } from '../present/needs.ts';
import { presentedBy, vantageOf } from '../present/target-rows.ts';
import type { EndpointStayView } from '../serve/api/views.ts';
import { endpointStayView } from '../serve/stay-view.ts';
import { stayName } from '../wording/certificate-words.ts';
import { absolute, timeLeft } from '../wording/duration.ts';
import { listenerName, shortFingerprint } from '../wording/names.ts';
import { endpointTone, failureWords, reachedWords } from '../wording/words.ts';
import { type Console, exitCodes, type JsonOptions } from './command.ts';
import { readMore } from './database.ts';
import { printFacts, printHeading, printSome } from './print-facts.ts';
import { tellNeeds } from './tell-needs.ts';
import { stepLines } from './tell-certificate.ts';
import { colours, toned } from './toned.ts';

const mostPlaces = 20;
const mostStays = 20;

/** `endpoint show ENDPOINT`: everything that is known of one, by its id or its server name. */
export async function showEndpoint(
  wanted: string,
  options: JsonOptions & { host: string | undefined },
  console: Console,
): Promise<number> {
  const read = await readMore(options, console, async ({ store, estate }) => {
    const found = endpointRowsOf(estate).filter(
      ({ endpoint: { id, serverName, hostName, agentId } }) =>
        (id === wanted || serverName.toLowerCase() === wanted.toLowerCase()) &&
        (options.host === undefined || [hostName, agentId].includes(options.host)),
    );
    const [row] = found;
    const stays = row ? await store.endpointStays(row.endpoint.agentId, row.endpoint.id) : [];
    return { found, history: stays.map(endpointStayView) };
  });
  if (!read) return exitCodes.config;
  const { estate, now } = read;
  const { found, history } = read.more;
  const [row] = found;
  const story = row && endpointStoryOf(estate, needsOf(estate), row.endpoint);
  if (!story || found.length > 1) {
    const shown = printable(wanted).slice(0, 300);
    console.complain(
      found.length === 0
        ? `no endpoint is ${shown}, by its id or its server name: certherd-collector endpoint list ${shown}`
        : `${found.length} endpoints are ${shown}: name one by its id, and its host with --host`,
    );
    for (const { endpoint } of found) console.complain(`  ${printable(`${endpoint.id}  --host ${endpoint.hostName}`)}`);
    return exitCodes.failed;
  }
  if (options.json) {
    const { endpoint, outside, lineage, places, needs } = story;
    const findings = estate.findings.filter(({ agentId, code, subject }) =>
      [...needs.pressing, ...needs.notices].some(
        ({ told, agentId: of }) => of === agentId && told.code === code && told.subject === subject.id,
      ),
    );
    console.print(jsonLine({ version: 1, at: estate.at, endpoint, outside, lineage, findings, places, history }));
  } else tell(story, history, now, console);
  return exitCodes.ok;
}

function tell(
  { endpoint, lineage, needs, places, outside }: EndpointStory,
  history: readonly EndpointStayView[],
  now: number,
  console: Console,
): void {
  const { serverName, status, id, hostName, algorithm, servedNotAfter, observedAt, deployment, failure } = endpoint;
  const { links, words } = agreementOf(endpoint);
  const labels = Object.entries(endpoint.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  console.print(`${colours().bold(printable(serverName || '(no name)'))}  ${toned(endpointTone[status], status)}`);
  printFacts(
    [
      ['Endpoint', id],
      ['Host', hostName],
      ['Listener', `${listenerName(endpoint)} ${algorithm}`],
      ...links.map(({ stage, fingerprint }): [string, string] => [
        stage.slice(0, 1).toUpperCase() + stage.slice(1),
        fingerprint ?? 'not known',
      ]),
      ['Proof', `${words}; the newest is ${reachedWords[endpoint.reached]}`],
      ['Failure', failure && `${failureWords[failure.reason]}${failure.detail === '' ? '' : `: ${failure.detail}`}`],
      ['Served until', servedNotAfter && `${absolute(servedNotAfter)} (${timeLeft(Date.parse(servedNotAfter) - now)})`],
      ['Lineage', lineage && `${lineage.name}${lineage.renewal ? `, renewal ${absolute(lineage.renewal.at)}` : ''}`],
      ['Deployment', deployment],
      ['Labels', labels.length === 0 ? undefined : labels.join(', ')],
      ['Last look', observedAt === undefined ? 'never' : absolute(observedAt)],
    ],
    console,
  );
  for (const line of stepLines(endpoint)) console.print(`  ${line}`);
  const all = [...needs.pressing, ...needs.notices];
  if (all.length > 0) printHeading(`Findings (${all.length})`, console);
  tellNeeds(all, { now }, console);
  if (outside !== undefined) tellOutside(places, outside, console);
  if (history.length === 0) return;
  printHeading(`History (${history.length}), newest first`, console);
  const stays = history.map(
    ({ state, fingerprint, from, until }) =>
      `${absolute(from)} to ${until === undefined ? 'now' : absolute(until)}: ${stayName(state)}: ${shortFingerprint(fingerprint)}`,
  );
  printSome(stays, mostStays, console);
}

function tellOutside(places: EndpointStory['places'], outside: string, console: Console): void {
  printHeading(`Seen from outside: ${outside}`, console);
  const lines = places.map(({ target, place }) => {
    const presented = presentedBy(target, place);
    const since = presented === undefined ? place.failure?.since : place.since;
    return printable(
      `${presented === undefined ? 'nothing' : shortFingerprint(presented)} at ${place.address} from ${vantageOf(target)}${since === undefined ? '' : `, since ${absolute(since)}`}`,
    );
  });
  printSome(lines, mostPlaces, console);
}
