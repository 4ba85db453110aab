import { counted } from '@certherd/command-line/words';
import { jsonLine, printable } from '@certherd/command-line/printable';
import { answersTo } from '../present/answers.ts';
import { type Need, needsOf } from '../present/needs.ts';
import { nextToEnd, type Proof, proofOf, verdictOf } from '../present/proof.ts';
import type { IncidentView, SilenceView } from '../serve/api/inventory-views.ts';
import { incidentView, silenceView } from '../serve/told-views.ts';
import { absolute, timeLeft } from '../wording/duration.ts';
import { namesOf } from '../wording/names.ts';
import { type Console, exitCodes, type JsonOptions } from './command.ts';
import { readMore } from './database.ts';
import { tellNeeds } from './tell-needs.ts';
import { colours, toned } from './toned.ts';

export interface NowOptions extends JsonOptions {
  /** Without what somebody took on or silenced. */
  unanswered: boolean;
  notices: boolean;
  /** All of it, also where a terminal has no room for it. */
  all: boolean;
}

/** As `doctor` has it: nothing is wrong, and not everything could be told. */
const notProved = 3;

/** What a terminal shows beside what needs a person: the verdict, the proof, what ends next, and where one types. */
const otherRows = 12;

/**
 * `now`: what needs a person, most urgent first, in a terminal as much as it has room for; if nothing does, the proof. Exit code 1: something needs a
 * person; 3: nothing does, but not everything is proved.
 */
export async function tellNow(options: NowOptions, console: Console): Promise<number> {
  const read = await readMore(options, console, async ({ store: { telling }, now }) => ({
    incidents: (await telling.incidents()).map(incidentView),
    silences: (await telling.silences(now)).map(silenceView),
  }));
  if (!read) return exitCodes.config;
  const { estate, now, more } = read;
  const needs = needsOf(estate);
  const answered = new Map(needs.pressing.map((need) => [need, answersTo(need, more, now)]));
  const pressing = needs.pressing.filter((need) => !options.unanswered || wordsOf(answered.get(need)).length === 0);
  const proof = proofOf(estate);
  const verdict = verdictOf({ ...needs, pressing }, proof, 'live');
  const code = pressing.length > 0 ? exitCodes.failed : verdict.tone === 'good' ? exitCodes.ok : notProved;
  if (options.json) {
    const items = [...pressing, ...(options.notices ? needs.notices : [])].map((need) =>
      needItem(need, answered.get(need)),
    );
    const { hosts, endpoints, recent, lookedAt } = proof;
    console.print(
      jsonLine({
        version: 1,
        at: estate.at,
        verdict: verdict.sentence,
        pressing: pressing.length,
        notices: needs.notices.length,
        proof: { hosts, endpoints, provedInTheLastHour: recent, ...(lookedAt !== undefined && { lookedAt }) },
        items,
      }),
    );
    return code;
  }
  console.print(colours().bold(toned(verdict.tone, `${verdict.sentence}.`)));
  const answers = (need: Need) => wordsOf(answered.get(need));
  if (pressing.length > 0) console.print('');
  const told = tellNeeds(pressing, { now, answers, rows: rowsFor(options) }, console);
  if (told < pressing.length) console.print(`\n${pressing.length - told} more, less urgent: --all`);
  if (options.notices && needs.notices.length > 0) {
    console.print(`\n${colours().bold(counted(needs.notices.length, 'notice'))}, for when there is time\n`);
    tellNeeds(needs.notices, { now }, console);
  }
  console.print('');
  if (estate.hosts.length === 0) console.print('No host is enrolled. Next: certherd-collector token create');
  else for (const line of proofWords(proof)) console.print(line);
  const next = nextToEnd(estate.certificates, now);
  if (next)
    console.print(`Ends next: ${printable(namesOf(next)[0] ?? '')}, ${timeLeft(Date.parse(next.notAfter) - now)}.`);
  const left = needs.pressing.length - pressing.length;
  if (left > 0) console.print(`Taken on or silenced: ${left}.`);
  if (!options.notices && needs.notices.length > 0)
    console.print(`${counted(needs.notices.length, 'notice')}, for when there is time: --notices`);
  return code;
}

/** What scrolled away would be the most urgent. A pipe has room for all, as has who asks for what can wait. */
function rowsFor({ all, notices }: NowOptions): number {
  const { isTTY, rows } = process.stdout;
  return isTTY && rows > 0 && !all && !notices ? rows - otherRows : Infinity;
}

function proofWords({ hosts, endpoints, hostCount, endpointCount, recent, lookedAt }: Proof): string[] {
  const parts = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([word, count]) => `${count} ${word}`)
      .join(', ');
  const since = lookedAt === undefined ? '' : `, the earliest ${absolute(lookedAt)}`;
  return [
    `${counted(endpointCount, 'endpoint')}${endpointCount === 0 ? '' : `: ${parts(endpoints)}; ${recent} proved in the last hour${since}`}.`,
    `${counted(hostCount, 'host')}: ${parts(hosts)}.`,
  ];
}

interface Answered {
  incident: IncidentView | undefined;
  silences: readonly SilenceView[];
}

function wordsOf(answered: Answered | undefined): string[] {
  const taken = answered?.incident?.acknowledged;
  return [
    ...(taken ? [`taken on by ${taken.by}, ${absolute(taken.at)}: ${taken.reason}`] : []),
    ...(answered?.silences ?? []).map(
      ({ by, until, reason }) => `silent until ${absolute(until)}, by ${by}: ${reason}`,
    ),
  ];
}

/** A need for --json: what the page says of it, without what only its buttons use. */
function needItem(need: Need, answered: Answered | undefined): object {
  const { severity, agentId, hostName, name, code, names, cause, since, deadline, remedy, evidence, stale, labels } =
    need;
  const taken = answered?.incident;
  return {
    severity,
    agentId,
    hostName,
    name,
    code,
    names,
    cause,
    since,
    deadline,
    remedy,
    evidence: Object.fromEntries(evidence),
    stale,
    labels,
    ...(taken && { incident: taken.id }),
    ...(taken?.acknowledged && { acknowledged: taken.acknowledged }),
    ...(answered && answered.silences.length > 0 && { silences: answered.silences.map(({ id }) => id) }),
  };
}
