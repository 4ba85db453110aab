import { jsonLine, printable } from '@certherd/command-line/printable';
import Table from 'cli-table3';
import { forecast, type Lapse, type Stretch } from '../evaluate/forecast/forecast.ts';
import { announced, type LifetimeStep, mayBePublic } from '../evaluate/forecast/lifetimes.ts';
import { type InUse, inUseOn, type Renewer, renewers } from '../evaluate/forecast/renewers.ts';
import { registeredDomain } from '../evaluate/registered-domain.ts';
import type { Facts } from '../store/facts.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { storeOf } from './database.ts';
import { colours } from './toned.ts';

export interface ForecastOptions extends JsonOptions {
  /** "2030-01-31" */
  until?: string | undefined;
  /** "47d", "160h" */
  lifetime?: string | undefined;
  wide?: boolean;
}

const dayMs = 86_400_000;
/** A year into the shortest lifetime that is announced. */
const usualUntil = '2030-03-15';
const shownLapses = 10;
/** Let's Encrypt: certificates below one registered domain, and for exactly the same names, in seven days. */
const domainLimit = 50;
const namesLimit = 5;

/** `forecast`: what the lifetimes to come ask of this fleet, if every certificate goes on being renewed as it is today. */
export async function tellForecast(options: ForecastOptions, console: Console): Promise<number> {
  const now = console.clock.now();
  const until = Date.parse(options.until ?? usualUntil);
  if (!/^\d{4}-\d\d-\d\d$/.test(options.until ?? usualUntil) || !(until > now) || until > now + 20 * 366 * dayMs)
    return wrong(`--until ${options.until}: a day to come, within twenty years: 2030-01-31`, console);
  const asked = options.lifetime === undefined ? undefined : daysOf(options.lifetime);
  if (options.lifetime !== undefined && asked === undefined)
    return wrong(`--lifetime ${options.lifetime}: days or hours, from 6h to 398d: 47d, 160h`, console);
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  const facts = await store.facts();
  await store.close();
  const inUse = inUseIn(facts);
  const steps =
    asked === undefined ? announced : [{ from: now, days: asked, source: '--lifetime', bindsPrivate: true as const }];
  const stretches = forecast(inUse, steps, { now, until, domainOf: registeredDomain });
  if (options.json) console.print(jsonLine({ version: 1, certificates: inUse.length, items: stretches.map(view) }));
  else if (inUse.length === 0)
    console.print('No host has told of a certificate in use yet. Next: certherd-collector host list');
  else tell(inUse, stretches, options, console);
  return exitCodes.ok;
}

function inUseIn({ hosts, certificates }: Pick<Facts, 'hosts' | 'certificates'>): InUse[] {
  const known = new Map(certificates.map(({ certificate }) => [certificate.fingerprint, certificate]));
  return hosts.flatMap(({ agentId, name, revokedAt, snapshot }) =>
    snapshot && revokedAt === undefined ? inUseOn({ agentId, name }, snapshot, known) : [],
  );
}

function tell(
  inUse: readonly InUse[],
  stretches: readonly Stretch[],
  options: ForecastOptions,
  console: Console,
): void {
  const counts = Map.groupBy(inUse, ({ renewer }) => renewer);
  const shares = renewers.flatMap((renewer) => {
    const count = counts.get(renewer)?.length ?? 0;
    return count === 0 ? [] : [`${count} ${renewerWords[renewer]}`];
  });
  console.print(
    `${inUse.length} ${inUse.length === 1 ? 'certificate' : 'certificates'} in use: ${shares.join(', ')}.\n`,
  );
  const isPrivate = options.lifetime === undefined ? inUse.filter((one) => !mayBePublic(one)).length : 0;
  if (isPrivate > 0)
    console.print(
      `${isPrivate} of them ${isPrivate === 1 ? 'lives' : 'live'} longer than a public certificate may: of a private authority, which these lifetimes do not bind.\n`,
    );
  const table = new Table({
    head: [
      'From',
      'Because of',
      'Renewals a day',
      'Busiest day',
      'By hand, a year',
      'Names that lapse',
      'Nearest limits, 7 days',
    ],
    style: { head: [], border: [] },
  });
  for (const { from, to, began, renewals, mostInADay, lapses, busiest, sameNames } of stretches) {
    const days = (to - from) / dayMs;
    const all = Object.values(renewals).reduce((sum, one) => sum + one, 0);
    table.push([
      date(from),
      began ? becauseOf(began) : (options.lifetime ?? 'today'),
      (all / days).toFixed(1),
      mostInADay,
      Math.round((renewals.hand / days) * 365),
      lapses.length === 0 ? colours().green('none') : colours().red(String(lapses.length)),
      [
        ...(busiest ? [limited(busiest.inSevenDays, domainLimit, busiest.domain)] : []),
        ...(sameNames ? [limited(sameNames.inSevenDays, namesLimit, namesOf(sameNames.names))] : []),
      ].join('\n'),
    ]);
  }
  console.print(table.toString());
  const lapses = longestOf(stretches);
  if (lapses.length === 0) return console.print('\nNo name would be without a valid certificate.');
  console.print('\nWithout a valid certificate, if nothing changes but the lifetimes:');
  for (const { hostName, name, renewer, longest } of options.wide ? lapses : lapses.slice(0, shownLapses))
    console.print(
      `  ${colours().red(`${(longest / dayMs).toFixed(0)} days`)}  ${printable(name)} on ${printable(hostName)}: ${remedies[renewer]}`,
    );
  if (!options.wide && lapses.length > shownLapses) console.print(`  and ${lapses.length - shownLapses} more: --wide`);
}

const renewerWords: Readonly<Record<Renewer, string>> = {
  agent: 'renewed by certherd-agent',
  certbot: 'by certbot itself',
  'other-client': 'by another client',
  hand: 'by hand',
  nobody: 'by nobody',
};

const remedies: Readonly<Record<Renewer, string>> = {
  agent: 'the agent renews it; it has ended, and waits for that',
  certbot: 'certbot renews it 30 days before its end; let the agent renew it: mode = "renew" in agent.toml',
  'other-client': 'another client renews it; it has ended, and waits for that',
  hand: 'a person renews it: certherd-agent adopt takes it over',
  nobody: "certbot's timer is dead: certherd-agent explain renewal-timer-dead",
};

/** Of each name the longest, over all stretches. */
function longestOf(stretches: readonly Stretch[]): Lapse[] {
  const kept = new Map<string, Lapse>();
  for (const lapse of stretches.flatMap(({ lapses }) => lapses)) {
    const key = `${lapse.hostName}\n${lapse.name}`;
    if ((kept.get(key)?.longest ?? 0) < lapse.longest) kept.set(key, lapse);
  }
  return [...kept.values()].sort((a, b) => b.longest - a.longest);
}

function limited(count: number, limit: number, of: string): string {
  const text = `${count} of ${limit}: ${printable(of)}`;
  return count > limit ? colours().red(text) : text;
}

/** Of exactly these names: "just shop.example.com +2". */
function namesOf([first = '', ...others]: readonly string[]): string {
  return `just ${first}${others.length === 0 ? '' : ` +${others.length}`}`;
}

function becauseOf({ days, authority, source }: LifetimeStep): string {
  return `${days} days at most (${authority ?? source.replace(/,.*/, '')})`;
}

function view({ from, to, began, lapses, ...stretch }: Stretch): object {
  return {
    from: instant(from),
    to: instant(to),
    ...(began && { began: { ...began, from: instant(began.from) } }),
    ...stretch,
    lapses: lapses.map(({ longest, ...lapse }) => ({ ...lapse, longestSeconds: Math.round(longest / 1000) })),
  };
}

/** "47d" and "160h" in days, from six hours on. */
function daysOf(text: string): number | undefined {
  const whole = /^(\d{1,5})([hd])$/.exec(text);
  const days = Number(whole?.[1]) / (whole?.[2] === 'h' ? 24 : 1);
  return days >= 0.25 && days <= 398 ? days : undefined;
}

function wrong(words: string, console: Console): number {
  console.complain(words);
  return exitCodes.usage;
}

function date(at: number): string {
  return instant(at).slice(0, 10);
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
