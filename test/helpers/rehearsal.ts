import fs from 'node:fs';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import type { TestHost } from './host.ts';
import { startAcmeFront } from './testbed/acme-front.ts';
import { type Pebble, startPebble } from './testbed/pebble.ts';

interface Outcome {
  reason: string;
  detail: string;
  steps: { step: string; ok: boolean; detail?: string }[];
}

/** `certherd-agent rehearse shop --json` in mode "renew", with these lines in [certbot]. */
export async function rehearse(host: TestHost, lines: Record<string, string> = {}) {
  settle(host, lines);
  const ran = await host.agent(['rehearse', 'shop', '--json']);
  if (ran.stdout === '') throw new Error(`rehearse ended with ${ran.exit}: ${ran.stderr}`);
  const outcome: Outcome = JSON.parse(ran.stdout).rehearsals[0].outcome;
  const detailOf = (step: string) => outcome.steps.find((one) => one.step === step)?.detail ?? '';
  return {
    exit: ran.exit,
    ...outcome,
    failing: outcome.steps.filter(({ ok }) => !ok).map(({ step }) => step),
    detailOf,
  };
}

export function settle(host: TestHost, lines: Record<string, string>): void {
  host.setMode('renew');
  let text = fs.readFileSync(host.configFile, 'utf8');
  for (const [name, value] of Object.entries(lines))
    text = text
      .replace(new RegExp(`^${name} = .*\n`, 'm'), '')
      .replace('[certbot]\n', `[certbot]\n${name} = ${value}\n`);
  fs.writeFileSync(host.configFile, text);
}

/** The renewal config with this change, until the test ends. */
export function changeRenewal(t: ExecutionContext, host: TestHost, change: (text: string) => string): void {
  const { renewalConfig } = host.certbot.lineage('shop');
  const before = fs.readFileSync(renewalConfig, 'utf8');
  t.teardown(() => fs.writeFileSync(renewalConfig, before));
  const after = change(before);
  t.not(after, before);
  fs.writeFileSync(renewalConfig, after);
}

/** What answers challenges at this host's port 80, until the test ends. */
export async function changeChallenges(t: ExecutionContext, host: TestHost, location: string): Promise<void> {
  const before = fs.readFileSync(host.nginx.configFile, 'utf8');
  const reload = (text: string) => {
    fs.writeFileSync(host.nginx.configFile, text);
    return host.nginx.reloadWhole();
  };
  t.teardown(() => reload(before));
  await reload(before.replace(/root www;/, location));
}

export async function order({ pebble }: TestHost, what: string, body: object): Promise<void> {
  const answer = await fetch(`${pebble.dnsOrdersUrl}/${what}`, { method: 'POST', body: JSON.stringify(body) });
  if (answer.status !== 200) throw new Error(`the DNS answers ${answer.status} to ${what}`);
}

export const challenges = (host: TestHost) => path.join(host.nginx.webroot, '.well-known/acme-challenge');
export const tokens = (host: TestHost) => (fs.existsSync(challenges(host)) ? fs.readdirSync(challenges(host)) : []);

export async function stagingOf(
  t: ExecutionContext,
  { sandbox, pebble, httpPort }: TestHost,
  options: { httpPort?: number } = {},
): Promise<Pebble> {
  const { authority } = pebble;
  const behind = await startPebble(sandbox, { validitySeconds: 3600, httpPort, authority, ...options });
  const front = await startAcmeFront(sandbox, behind);
  t.teardown(front.close);
  return { ...behind, directoryUrl: front.directoryUrl };
}
