import type { Config } from '../config.ts';
import { readRenewalConfig } from '../formats/certbot-renewal.ts';
import { checkedJson } from '../formats/checked-json.ts';
import { redacted } from '../formats/redact.ts';
import { KeptRehearsals, rehearsalsFile } from '../observe/rehearsals.ts';
import { observeFiles } from '../observe/observe.ts';
import type { ActPorts, Ended } from './act.ts';
import { awaitTurn, heldBy } from './certbot-turn.ts';
import { caaRecords } from './rehearsal/caa.ts';
import { account, authenticator, renewalConfig } from './rehearsal/certbot-files.ts';
import { challengePath, resolves } from './rehearsal/challenge-path.ts';
import { dryRun, stagingServer } from './rehearsal/dry-run.ts';
import { serverTests } from './rehearsal/server-tests.ts';
import { type Check, type Rehearsed, untold, type Verdict } from './rehearsal/check.ts';
import type { Steps } from './steps.ts';

/** CAs put no more into one certificate. */
const namesAsked = 100;

/** What can be told without a CA, in the order in which a renewal would meet it. */
const alone: readonly (readonly [string, Check])[] = [
  ['renewal config', renewalConfig],
  ['authenticator', authenticator],
  ['account', account],
  ['DNS', resolves],
  ['challenge path', challengePath],
  ['CAA', caaRecords],
  ['config test', serverTests],
];

/**
 * Tries a renewal without renewing: checks everything that a renewal needs and that can be told without a CA, and lets certbot
 * go through it with the CA of the settings (`staging_server`), if there is one. The result is kept for the looks. 'done' only
 * where all of it was checked and would go well.
 */
export async function rehearseLineage(name: string, config: Config, ports: ActPorts, steps: Steps): Promise<Ended> {
  const deadline = ports.clock.monotonic() + config.certbot.deadlineMs;
  const seen = await observeFiles(ports, config);
  const lineage = seen.lineages.find((one) => one.name === name);
  if (!lineage) return { reason: 'not-found', detail: `${config.certbot.configDirectory} holds no lineage ${name}` };
  const read = ports.files.read(lineage.renewalConfig);
  const leaf = seen.certificates.find(({ fingerprint }) => fingerprint === lineage.live);
  const rehearsed: Rehearsed = {
    lineage,
    settings: read.ok ? readRenewalConfig(read.value.bytes) : { autorenew: true },
    names: (leaf?.subjectAltNames ?? []).slice(0, namesAsked),
    seen,
    config,
    ports,
  };
  const told: Told[] = [];
  for (const [check, judge] of alone) told.push(await step(check, judge, rehearsed, steps));
  // the CA is spared what fails without it
  if (config.certbot.stagingServer && told.every(({ verdict }) => verdict.state !== 'failed')) {
    const answers = await step('staging CA', stagingServer, rehearsed, steps);
    told.push(answers);
    if (answers.verdict.state === 'passed') told.push(await dryRunInTurn(rehearsed, deadline, steps));
  }
  keep(
    name,
    told,
    seen.lineages.map((one) => one.name),
    ports,
  );
  return ended(name, told);
}

/**
 * certbot locks its directories even for this, and its own timer may sleep with them for minutes. The deadline is that of the whole
 * rehearsal: a unit that systemd ends keeps nothing.
 */
async function dryRunInTurn(rehearsed: Rehearsed, deadline: number, steps: Steps): Promise<Told> {
  const { config, ports } = rehearsed;
  const check = 'certbot renew --dry-run';
  const turnBy = deadline - config.certbot.deadlineMs / 2;
  const holder = await awaitTurn(config, ports, steps, turnBy);
  return holder
    ? { check, verdict: untold('busy', heldBy(holder)) }
    : step(check, dryRun({ turnBy, deadline }), rehearsed, steps);
}

interface Told {
  check: string;
  verdict: Verdict;
}

async function step(check: string, judge: Check, rehearsed: Rehearsed, steps: Steps): Promise<Told> {
  const verdict = await steps.run(
    check,
    async () => withoutSecrets(await judge(rehearsed)),
    ({ state, detail }) => ({
      ok: state === 'passed',
      ...(detail && { detail: state === 'untold' ? `could not be told: ${detail}` : detail }),
    }),
  );
  return { check, verdict };
}

/** A hook, a config or a CA may say what must not leave the host. */
function withoutSecrets(verdict: Verdict): Verdict {
  return verdict.detail === undefined ? verdict : { ...verdict, detail: redacted(verdict.detail) };
}

function ended(name: string, told: readonly Told[]): Ended {
  const failed = told.filter(({ verdict }) => verdict.state === 'failed');
  const worst = failed.length > 0 ? failed : told.filter(({ verdict }) => verdict.state === 'untold');
  const [first] = worst;
  if (!first || first.verdict.state === 'passed')
    return { reason: 'done', detail: `a renewal of ${name} would succeed: ${told.length} checks went well` };
  const details = worst.map(({ check, verdict }) => `${check}: ${verdict.detail ?? ''}`).join('; ');
  const would = failed.length > 0 ? 'would fail' : 'cannot be told to succeed';
  return { reason: first.verdict.reason, detail: `a renewal of ${name} ${would}: ${details}`.slice(0, 2000) };
}

/** One line per lineage that there still is. Where the file cannot be kept the outcome tells it all the same. */
function keep(name: string, told: readonly Told[], lineages: readonly string[], { state, clock }: ActPorts): void {
  const stored = state.read(rehearsalsFile);
  const before = (stored.ok && stored.value && checkedJson(stored.value, KeptRehearsals)) || {};
  const bad = told.filter(({ verdict }) => verdict.state !== 'passed');
  const isUntold = bad.length > 0 && bad.every(({ verdict }) => verdict.state === 'untold');
  const kept = Object.entries(before).filter(([lineage]) => lineage !== name && lineages.includes(lineage));
  kept.push([
    name,
    {
      at: new Date(clock.now()).toISOString(),
      ...(!isUntold && { ok: bad.length === 0 }),
      reasons: bad.map(({ check, verdict }) => ({ check, detail: (verdict.detail ?? '').slice(0, 2000) })),
      failures: bad.length === 0 ? 0 : (before[name]?.failures ?? 0) + 1,
    },
  ]);
  state.write(rehearsalsFile, `${JSON.stringify(Object.fromEntries(kept))}\n`);
}
