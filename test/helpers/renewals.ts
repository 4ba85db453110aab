import fs from 'node:fs';
import type { ExecutionContext } from 'ava';
import { performHere } from '../../agent/commands/act.ts';
import { loadConfig } from '../../agent/config.ts';
import type { Outcome } from '../../agent/decide/action.ts';
import { nextRenewalAt } from '../../agent/decide/retry.ts';
import { observeLineages } from '../../agent/observe/lineage.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { readMachine } from '../../agent/system/machine.ts';
import { shopName, type TestHost } from './host.ts';
import { handshake } from './testbed/handshake.ts';

/** Renews `shop` in this process, with a fresh ledger: the limits of the host itself have tests of their own. */
export async function renewShop(
  host: TestHost,
  options: { deadlineSeconds?: number; binary?: string; progress?: (line: string) => void } = {},
): Promise<Outcome> {
  host.setMode('renew');
  const { deadlineSeconds = 600, binary = host.certbot.binary } = options;
  const text = fs.readFileSync(host.configFile, 'utf8');
  const certbot = `[certbot]\ndeadline_seconds = ${deadlineSeconds}\nbinary = "${binary}"`;
  fs.writeFileSync(host.configFile, text.replace(/\[certbot\]\nbinary = ".*"/, certbot));
  fs.rmSync(`${host.sandbox.directory}/state/renewals.json`, { force: true });
  const files = systemFiles();
  const config = loadConfig(files, host.configFile, readMachine());
  if (!config.ok) throw new Error(config.failure.join('\n'));
  return performHere(
    { config: config.value, files },
    { verb: 'renew', lineage: 'shop' },
    options.progress ?? (() => {}),
  );
}

/** What of `shop` must outlive a failed renewal. */
export interface Standing {
  leaf: string;
  keyTarget: string;
}

export function standing(host: TestHost): Standing {
  const lineage = host.certbot.lineage('shop');
  return { leaf: lineage.leaf(), keyTarget: lineage.keyTarget() };
}

/** The same leaf and key are linked, belong together and are served, and nginx would start with them. */
export async function intact(t: ExecutionContext, host: TestHost, before: Standing): Promise<void> {
  t.deepEqual(standing(host), before);
  const { lineage } = observedShop(host);
  t.is(lineage?.keyMatches, true);
  t.is(lineage?.failure, undefined);
  t.is((await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint, before.leaf);
  t.is((await host.nginx.test()).exit, 0);
}

/** When the agent tries again after this one failure at `at`, milliseconds since 1970. */
export function nextTry(host: TestHost, { reason, detail, retryAt }: Outcome, at: number): number {
  const attempt = { verb: 'renew' as const, subject: 'shop', at, reason, detail };
  const { certificate } = observedShop(host);
  return nextRenewalAt([{ ...attempt, ...(retryAt !== undefined && { retryAt }) }], 'shop', certificate);
}

export function observedShop(host: TestHost) {
  const observed = observeLineages(systemFiles(), host.certbot.configDirectory);
  const lineage = observed.lineages.find(({ name }) => name === 'shop');
  return { lineage, certificate: observed.certificates.find(({ fingerprint }) => fingerprint === lineage?.live) };
}
