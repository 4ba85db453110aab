import { join } from 'node:path';
import type { Lineage } from '@certherd/protocol/snapshot';
import type { Result } from '@certherd/protocol/failure';
import type { Config } from '../config.ts';
import { certbotEnvironment, certbotRenewal } from '../decide/command-line.ts';
import { missingByWords } from '../decide/missing-right.ts';
import { type CertbotFailure, certbotFailure } from '../formats/certbot-failure.ts';
import { ownRunIn } from '../formats/certbot-log.ts';
import { observeLineages } from '../observe/lineage.ts';
import { observeOwnRights } from '../observe/own-rights.ts';
import type { ProgramEnd } from '../ports.ts';
import type { ActPorts, Ended } from './act.ts';
import { awaitTurn, heldBy, pause } from './certbot-turn.ts';
import { type HalfWrittenPorts, undoHalfWritten } from './half-written.ts';
import type { Steps } from './steps.ts';

export type RenewalPorts = HalfWrittenPorts & Pick<ActPorts, 'clock' | 'proc' | 'logEnd' | 'ending'>;

/** One run's log is 20 to 70 KiB; with many names more. */
const logBytes = 256 * 1024;
const betweenTriesMs = 5_000;

/**
 * Renews one lineage through certbot, once no other certbot has its directories locked. certbot's exit code says little (0 also
 * when a hook failed or nothing was due), so success means that the lineage's live leaf changed and its key belongs to it. What
 * a run that was cut short left halfway, this one or an earlier one, is undone, and told where it cannot be.
 */
export async function renewLineage(name: string, config: Config, ports: RenewalPorts, steps: Steps): Promise<Ended> {
  const asked = find(ports, config, name);
  const absent = `${config.certbot.configDirectory} holds no lineage ${name}`;
  if (!asked) return { reason: 'not-found', detail: absent };
  const began = ports.clock.monotonic();
  // Waiting counts, and half of it is certbot's own: whoever asked waits no longer than the deadline that was set.
  const turnBy = began + config.certbot.deadlineMs / 2;
  const holder = await awaitTurn(config, ports, steps, turnBy);
  if (holder) return { reason: 'busy', detail: heldBy(holder) };
  // What had its locks may have ended by the same shutdown: an order that begins now would be cut off.
  if (ports.ending?.aborted) return { reason: 'busy', detail: 'this host, or this action, is being stopped' };

  await undoHalfWritten(asked, config, ports, steps);
  const before = find(ports, config, name);
  if (!before) return { reason: 'not-found', detail: absent };
  if (isRenewed(asked, before))
    return { reason: 'done', detail: `${name} was renewed by another certbot: version ${before.liveVersion ?? '?'}` };

  const deadline = began + config.certbot.deadlineMs;
  const run = await steps.run(
    'certbot renew',
    () => runInTurn(certbotRenewal(config, name), config, ports, { turnBy, deadline }),
    judgeEnd,
  );
  if (!run.ok) {
    const detail = `${run.failure.detail}: install certbot, or set binary under [certbot]`;
    return { reason: run.failure.reason === 'not-found' ? 'program-absent' : 'internal', detail };
  }
  await undoHalfWritten(before, config, ports, steps);
  const after = await steps.run(
    'read the lineage',
    () => find(ports, config, name),
    (found) => ({ ok: found !== undefined && isRenewed(before, found) }),
  );
  if (after && isRenewed(before, after))
    return { reason: 'done', detail: `${name} was renewed: version ${after.liveVersion ?? '?'}` };
  if (after?.live && after.live !== before.live) {
    const detail = `certbot wrote ${after.certificatePath}, but its private key does not belong to it`;
    return { reason: 'preflight-failed', detail };
  }
  const ended = blamed(classified(run.value, name, config, ports), run.value, ports);
  return { ...ended, detail: `${ended.detail}${leftBehind(before, after)}` };
}

function isRenewed(before: Lineage, after: Lineage): boolean {
  return after.live !== undefined && after.live !== before.live && after.keyMatches !== false;
}

/** Between the look at the locks and certbot's own another one may have begun, and some cannot be seen from here. */
export async function runInTurn(
  argv: string[],
  config: Config,
  ports: RenewalPorts,
  { turnBy, deadline }: { turnBy: number; deadline: number },
): Promise<Result<ProgramEnd>> {
  for (;;) {
    const end = await ports.programs(argv, {
      environment: certbotEnvironment(config),
      deadlineMs: deadline - ports.clock.monotonic(),
    });
    const isBusy = end.ok && end.value.exitCode !== 0 && certbotFailure(end.value.output, '', 0).reason === 'busy';
    if (!isBusy || ports.ending?.aborted || ports.clock.monotonic() + betweenTriesMs >= turnBy) return end;
    await pause(ports.clock, betweenTriesMs);
  }
}

function judgeEnd(end: Result<ProgramEnd>): { ok: boolean; detail?: string } {
  if (!end.ok) return { ok: false, detail: end.failure.detail };
  const { exitCode } = end.value;
  return exitCode === 0 ? { ok: true } : { ok: false, detail: `exit ${exitCode ?? 'by signal'}` };
}

/** Why certbot left the lineage as it was. */
function classified(
  end: ProgramEnd,
  name: string,
  { certbot }: Config,
  { clock, logEnd }: RenewalPorts,
): CertbotFailure | Ended {
  const seconds = Math.round(certbot.deadlineMs / 1000);
  if (end.timedOut) return { reason: 'timed-out', detail: `certbot was ended at its deadline (${seconds} s)` };
  if (end.exitCode === undefined) return { reason: 'internal', detail: 'certbot was ended by a signal' };
  const log = logEnd(join(certbot.logsDirectory, 'letsencrypt.log'), logBytes);
  const failure = certbotFailure(end.output, log.ok ? ownRunIn(log.value.text, name) : '', clock.now());
  return end.exitCode === 0
    ? { reason: 'unchanged', detail: `certbot ended well and left the certificate as it was: ${failure.detail}` }
    : failure;
}

/** certbot under our sandbox may fail where a person's would not: that is our fault to tell. */
function blamed(ended: Ended, end: ProgramEnd, { proc }: RenewalPorts): Ended {
  if (!['certbot-failed', 'config-broken', 'internal'].includes(ended.reason)) return ended;
  const rights = observeOwnRights(proc);
  const missing = rights && missingByWords(end.output, rights);
  if (!missing) return ended;
  const detail = `${ended.detail}: certherd-agent may not ${missing.right} here (${missing.because})`;
  return { reason: 'sandbox-blocked', detail };
}

function leftBehind(before: Lineage, after: Lineage | undefined): string {
  if (!after) return `; the lineage ${before.name} is gone`;
  if (after.failure) return `; left behind: ${after.failure.detail}`;
  if (after.keyMatches === false) return `; left behind: ${after.keyPath} does not belong to ${after.certificatePath}`;
  return after.issued !== before.issued
    ? `; version ${after.issuedVersion ?? '?'} was written and is not linked: version ${after.liveVersion ?? '?'} stays`
    : '';
}

function find(ports: RenewalPorts, config: Config, name: string): Lineage | undefined {
  return observeLineages(ports.files, config.certbot.configDirectory).lineages.find((lineage) => lineage.name === name);
}
