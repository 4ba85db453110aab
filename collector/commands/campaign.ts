import { jsonLine } from '@certherd/command-line/printable';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type CampaignAnswer,
  type CampaignsAnswer,
  type PlanAnswer,
  selectionWords,
} from '../serve/campaigns/views.ts';
import type { ActBody, PlanBody, StartBody } from '../serve/campaigns/bodies.ts';
import { startFailure } from '../failure.ts';
import { account } from './account.ts';
import { servedAnswer } from './ask-serving.ts';
import { printCampaign, printCampaigns, printPlan } from './campaign-words.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { requireData } from './directory.ts';
import { parseDuration } from './duration.ts';

export interface PlanOptions extends JsonOptions {
  /** Options that were given a value, by their names: issuedBefore. */
  given: Readonly<Record<string, string>>;
}

const lookMs = 500;

/** `campaign plan`: what it would be. */
export async function planCampaign(options: PlanOptions, console: Console): Promise<number> {
  const wish = wishOf(options.given);
  if (typeof wish === 'string') return wrong(wish, console);
  const directory = directoryOf(options, console);
  if (directory === undefined) return exitCodes.config;
  const plan = await servedAnswer<PlanAnswer>(directory, 'POST', '/campaign-plan', wish);
  if (options.json) console.print(jsonLine(plan));
  else printPlan(plan, console);
  return exitCodes.ok;
}

/** `campaign start`: the plan, a yes, and the beginning of that very plan. */
export async function startCampaign(
  options: PlanOptions & { reason: string | undefined; yes: boolean },
  console: Console,
): Promise<number> {
  const wish = wishOf(options.given);
  if (typeof wish === 'string') return wrong(wish, console);
  const reason = options.reason?.trim();
  if (!reason) return wrong('--reason: say why, for the history: --reason "the CA revokes them on Friday"', console);
  const directory = directoryOf(options, console);
  if (directory === undefined) return exitCodes.config;
  const plan = await servedAnswer<PlanAnswer>(directory, 'POST', '/campaign-plan', wish);
  if (!options.json) printPlan(plan, console);
  if (plan.radius.lineages === 0) throw startFailure('nothing that fits can be replaced by an agent: nothing is begun');
  const sure = options.yes || (await console.confirm(`Replace ${plan.radius.lineages} certificate(s)?`));
  if (sure === undefined) return wrong('nobody can be asked here: say --yes to begin', console);
  if (!sure) {
    console.complain('nothing was begun');
    return exitCodes.failed;
  }
  const body: StartBody & { actor: string } = {
    ...wish,
    digest: plan.digest,
    reason,
    key: randomUUID(),
    actor: account(process.env),
  };
  return told(await servedAnswer<CampaignAnswer>(directory, 'POST', '/campaigns', body), options, console);
}

/** `campaign list`: a line for each. */
export async function listCampaigns(options: JsonOptions, console: Console): Promise<number> {
  const directory = directoryOf(options, console);
  if (directory === undefined) return exitCodes.config;
  const answer = await servedAnswer<CampaignsAnswer>(directory, 'GET', '/campaigns');
  if (options.json) console.print(jsonLine(answer));
  else printCampaigns(answer.items, console);
  return exitCodes.ok;
}

/** `campaign show`: a line for each lineage; with `wait` once it runs no more. */
export async function showCampaign(
  word: string,
  options: JsonOptions & { wait: boolean },
  console: Console,
): Promise<number> {
  const directory = directoryOf(options, console);
  if (directory === undefined) return exitCodes.config;
  const id = await idOf(word, directory);
  for (;;) {
    const answer = await servedAnswer<CampaignAnswer>(directory, 'GET', `/campaigns/${id}`);
    const { campaign } = answer;
    if (options.wait && campaign.state === 'running') {
      await pause(lookMs);
      continue;
    }
    told(answer, options, console);
    return options.wait && (campaign.state !== 'done' || campaign.failed > 0) ? exitCodes.failed : exitCodes.ok;
  }
}

/** `campaign pause`, `resume`, `skip` and `abort`. */
export async function actOnCampaign(
  word: string,
  { act, member }: { act: ActBody['act']; member?: string },
  options: JsonOptions & { reason: string | undefined },
  console: Console,
): Promise<number> {
  const reason = options.reason?.trim();
  if (!reason) return wrong('--reason: say why, for the history', console);
  if (member !== undefined && !/^[1-9]\d{0,6}$/.test(member))
    return wrong(`expected the number of a lineage, as campaign show has it, found ${JSON.stringify(member)}`, console);
  const directory = directoryOf(options, console);
  if (directory === undefined) return exitCodes.config;
  const body: ActBody & { actor: string } = {
    act,
    ...(member !== undefined && { member: Number(member) }),
    reason,
    actor: account(process.env),
  };
  const path = `/campaigns/${await idOf(word, directory)}`;
  return told(await servedAnswer<CampaignAnswer>(directory, 'POST', path, body), options, console);
}

function told(answer: CampaignAnswer, { json }: JsonOptions, console: Console): number {
  if (json) console.print(jsonLine(answer));
  else printCampaign(answer, console);
  return exitCodes.ok;
}

/** A campaign by the beginning of its id. */
async function idOf(word: string, directory: string): Promise<string> {
  const start = word.toLowerCase();
  const path = `/campaigns?id=${encodeURIComponent(start)}`;
  const { items } = await servedAnswer<CampaignsAnswer>(directory, 'GET', path);
  const [found, ...others] = items.filter(({ id }) => id.startsWith(start));
  if (!found) throw startFailure(`${word}: no such campaign: certherd-collector campaign list shows all`);
  if (others.length > 0) throw startFailure(`${word}: several campaigns begin like this: give more of its id`);
  return found.id;
}

function directoryOf(options: JsonOptions, console: Console): string | undefined {
  const config = configFor(options, console);
  if (config?.store === undefined && config) requireData(config.dataDirectory);
  return config?.dataDirectory;
}

/** What is to be planned, or what is wrong with the words. */
function wishOf(given: PlanOptions['given']): PlanBody | string {
  const limits: Record<string, number> = {};
  for (const [name, value] of Object.entries(given)) {
    const limit = limitOf[name];
    if (name === 'deadline') {
      const ms = parseDuration(value);
      if (ms === undefined || ms < 60_000 || ms > 86_400_000)
        return `--deadline: expected a time from 1m to 1d, as 2h, found ${JSON.stringify(value)}`;
      limits['deadlineSeconds'] = ms / 1000;
    } else if (limit !== undefined) {
      if (!/^\d{1,5}$/.test(value) || (value === '0' && limit !== 'tolerance'))
        return `--${flagOf(name)}: expected a number, found ${JSON.stringify(value)}`;
      limits[limit] = Number(value);
    }
  }
  return { selection: Object.fromEntries(Object.entries(given).filter(([name]) => name in selectionWords)), limits };
}

const limitOf: Readonly<Record<string, string>> = {
  tolerance: 'tolerance',
  atOnce: 'atOnce',
  perHost: 'perHost',
  perOwner: 'perOwner',
  perDomain: 'perDomainWeek',
  perNames: 'perNamesWeek',
  perThreeHours: 'perThreeHours',
};

function flagOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function wrong(words: string, console: Console): number {
  console.complain(words);
  return exitCodes.usage;
}
