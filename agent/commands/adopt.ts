import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { adopt, type AdoptionOutcome } from '../act/adopt.ts';
import {
  type AdoptionPlan,
  type AdoptionWish,
  planAdoption,
  planResumption,
  type Refusal,
} from '../decide/adoption.ts';
import { authenticators } from '../decide/adoption-authentication.ts';
import { acmeDirectoryFor } from '../decide/adoption-order.ts';
import { observeAdoptable } from '../observe/adoptable.ts';
import { observeUnfinished } from '../observe/adoption-records.ts';
import { certificatesByFingerprint } from '../observe/observations.ts';
import { observeHost } from '../observe/observe.ts';
import { systemConfigFiles } from '../system/config-files.ts';
import { systemLooking } from '../system/looking.ts';
import { systemState } from '../system/state.ts';
import type { Result } from '@certherd/protocol/failure';
import { actingPorts, actStateDirectory } from './act.ts';
import { adoptionJson, adoptionText, refusalText } from './adoption-view.ts';
import { type Context, exitCodes, writeError, writeLine } from './context.ts';
import { printable, printableJson } from '@certherd/command-line/printable';
import { uninterrupted } from './uninterrupted.ts';

export interface AdoptOptions {
  plan: boolean;
  json: boolean;
  yes: boolean;
  rehearse: boolean;
  acmeDirectory?: string;
  authenticator?: string;
  webroot?: string;
  lineage?: string;
}

/** Shows how a certificate that nobody renews is moved to certbot, asks once, and does it. With --plan it stops after showing. */
export async function adoptCommand(context: Context, name: string, options: AdoptOptions): Promise<number> {
  const wish = wishOf(name, options);
  if (typeof wish === 'string') {
    writeError(wish);
    return exitCodes.usage;
  }
  const planned = await plan(context, wish);
  if (!planned.ok) {
    if (options.json) writeLine(printableJson({ version: 1, name, refusal: planned.failure }));
    else writeError(`${printable(name)} is not adopted (${planned.failure.reason}): ${refusalText(planned.failure)}`);
    return exitCodes.failed;
  }
  if (!options.json) writeLine(adoptionText(planned.value, context.config));
  if (options.plan) {
    if (options.json) writeLine(printableJson({ version: 1, name, plan: adoptionJson(planned.value) }));
    return exitCodes.ok;
  }
  if (!options.yes && !(await isConfirmed(options))) return exitCodes.usage;
  const outcome = await perform(context, planned.value, options);
  if (options.json) writeLine(printableJson({ version: 1, name, plan: adoptionJson(planned.value), outcome }));
  else if (outcome.reason === 'done') writeLine(printable(outcome.detail));
  else writeError(`adopt failed (${outcome.reason}): ${printable(outcome.detail)}`);
  return outcome.reason === 'done' ? exitCodes.ok : exitCodes.failed;
}

/** What is wished for, or what is wrong with it. */
function wishOf(name: string, options: AdoptOptions): AdoptionWish | string {
  const { acmeDirectory, webroot, lineage, rehearse } = options;
  const authenticator = authenticators.find((one) => one === options.authenticator);
  if (options.authenticator !== undefined && !authenticator)
    return `--authenticator is one of ${authenticators.join(', ')}`;
  if (acmeDirectory !== undefined && !/^https:\/\/[^\s\p{Cc}]+$/u.test(acmeDirectory))
    return '--server is the https:// address of an ACME directory';
  if (webroot !== undefined && authenticator !== undefined && authenticator !== 'webroot')
    return `--webroot does not go with --authenticator ${authenticator}`;
  return {
    name,
    rehearse,
    ...(acmeDirectory !== undefined && { acmeDirectory }),
    ...(authenticator && { authenticator }),
    ...(webroot !== undefined && { webroot: path.resolve(webroot) }),
    ...(lineage !== undefined && { lineage }),
  };
}

async function plan({ config, host }: Context, wish: AdoptionWish): Promise<Result<AdoptionPlan, Refusal>> {
  const ports = systemLooking();
  const observations = await observeHost(ports, config, host, { probe: false });
  const unfinished = observeUnfinished(ports.files, adoptionsDirectory(config), wish.name);
  if (unfinished) return { ok: true, value: planResumption(unfinished, { observations, config }) };
  const seen = observeAdoptable(
    { files: ports.files, proc: ports.proc, configFiles: systemConfigFiles() },
    config,
    observations,
    [acmeDirectoryFor(wish, observations)],
  );
  const certificates = certificatesByFingerprint(observations);
  return planAdoption(wish, { observations, certificates, attempts: [], config, now: ports.clock.now() }, seen);
}

/** Only a person at a terminal is asked, and once. */
async function isConfirmed({ json }: AdoptOptions): Promise<boolean> {
  if (json || !process.stdin.isTTY || !process.stdout.isTTY) {
    writeError('nothing was changed: --yes does it, and on a terminal you are asked');
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question('\nDo this? [y/N] ').catch(() => '');
  terminal.close();
  if (/^y(?:es)?$/i.test(answer.trim())) return true;
  writeError('nothing was changed');
  return false;
}

function perform(context: Context, planned: AdoptionPlan, { json }: AdoptOptions): Promise<AdoptionOutcome> {
  const progress = (line: string) => {
    if (!json) process.stderr.write(`  ${printable(line)}\n`);
  };
  const keepIn = (place: string) => systemState(path.join(adoptionsDirectory(context.config), place));
  return uninterrupted(progress, (ending) =>
    adopt(
      planned,
      context.config,
      { ...actingPorts(context, ending), configFiles: systemConfigFiles(), keepIn },
      progress,
    ),
  );
}

function adoptionsDirectory(config: Context['config']): string {
  return path.join(actStateDirectory(config), 'adoptions');
}
