import { join } from 'node:path';
import type { Result } from '@certherd/protocol/failure';
import type { Config } from '../config.ts';
import type { AdoptionPlan } from '../decide/adoption.ts';
import { certbotEnvironment } from '../decide/command-line.ts';
import { uncoveredNames } from '../decide/coverage.ts';
import { certbotFailure } from '../formats/certbot-failure.ts';
import { ownRunIn } from '../formats/certbot-log.ts';
import { observeLineages } from '../observe/lineage.ts';
import type { ProgramEnd } from '../ports.ts';
import type { ActPorts, Ended } from './act.ts';
import { awaitTurn, heldBy } from './certbot-turn.ts';
import type { Steps } from './steps.ts';
import { countedOrder } from './within-caps.ts';

const logBytes = 256 * 1024;

/** certbot goes through the whole order with a CA that issues for rehearsals; undefined where it went well, or is not planned. */
export async function rehearseIssuance(
  { rehearsal, lineage }: AdoptionPlan,
  config: Config,
  ports: ActPorts,
  steps: Steps,
): Promise<Ended | undefined> {
  return rehearsal && runCertbot('certbot certonly --dry-run', rehearsal, lineage.name, config, ports, steps);
}

/** Has certbot issue the lineage, and looks whether it is whole, has its key and names every name. */
export async function issueLineage(
  { issuance, lineage, names }: AdoptionPlan,
  config: Config,
  ports: ActPorts,
  steps: Steps,
): Promise<Ended | undefined> {
  const issue = async (argv: string[]): Promise<Ended> =>
    (await runCertbot('certbot certonly', argv, lineage.name, config, ports, steps)) ?? { reason: 'done', detail: '' };
  const order = { lineage: lineage.name, names, lifeMs: Infinity, notAfter: Infinity };
  const ended = issuance && (await countedOrder(order, ports, steps, () => issue(issuance)));
  if (ended && ended.reason !== 'done') return ended;
  const problem = await steps.run(
    'read the lineage',
    () => wrongWith(lineage, names, config, ports),
    (wrong) => ({ ok: wrong === undefined, ...(wrong !== undefined && { detail: wrong }) }),
  );
  return problem === undefined ? undefined : { reason: 'preflight-failed', detail: problem };
}

async function runCertbot(
  step: string,
  argv: string[],
  lineage: string,
  config: Config,
  ports: ActPorts,
  steps: Steps,
): Promise<Ended | undefined> {
  const { deadlineMs } = config.certbot;
  const holder = await awaitTurn(config, ports, steps, ports.clock.monotonic() + deadlineMs / 2);
  if (holder) return { reason: 'busy', detail: heldBy(holder) };
  const end = await steps.run(
    step,
    () => ports.programs(argv, { environment: certbotEnvironment(config), deadlineMs }),
    judgeEnd,
  );
  if (!end.ok) {
    const detail = `${end.failure.detail}: install certbot, or set binary under [certbot]`;
    return { reason: end.failure.reason === 'not-found' ? 'program-absent' : 'internal', detail };
  }
  const { exitCode, timedOut, output } = end.value;
  if (timedOut) return { reason: 'timed-out', detail: `certbot was ended after ${deadlineMs / 1000} s` };
  if (exitCode === 0) return undefined;
  const log = ports.logEnd(join(config.certbot.logsDirectory, 'letsencrypt.log'), logBytes);
  const own = log.ok ? ownRunIn(log.value.text, lineage, '--agree-tos') : '';
  const { reason, detail, retryAt } = certbotFailure(output, own, ports.clock.now());
  return { reason, detail: `${step}: ${detail}`, ...(retryAt !== undefined && { retryAt }) };
}

function judgeEnd(end: Result<ProgramEnd>): { ok: boolean; detail?: string } {
  if (!end.ok) return { ok: false, detail: end.failure.detail };
  const { exitCode } = end.value;
  return exitCode === 0 ? { ok: true } : { ok: false, detail: `exit ${exitCode ?? 'by signal'}` };
}

function wrongWith(
  { name, certificatePath }: AdoptionPlan['lineage'],
  names: readonly string[],
  config: Config,
  { files }: ActPorts,
): string | undefined {
  const { lineages, certificates } = observeLineages(files, config.certbot.configDirectory);
  const lineage = lineages.find((one) => one.name === name);
  const leaf = certificates.find(({ fingerprint }) => fingerprint === lineage?.live);
  if (!lineage || !leaf) return `certbot ended well, and there is no lineage ${name}`;
  if (lineage.failure) return lineage.failure.detail;
  if (lineage.certificatePath !== certificatePath) return `certbot keeps ${name} at ${lineage.certificatePath}`;
  if (lineage.keyMatches !== true) return `${lineage.keyPath} does not belong to ${certificatePath}`;
  const missing = uncoveredNames(leaf, [...names]);
  return missing.length === 0 ? undefined : `${certificatePath} does not have ${missing.join(', ')}`;
}
