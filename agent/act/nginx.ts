import type { Config } from '../config.ts';
import { nginxReload, nginxTest } from '../decide/command-line.ts';
import { decide } from '../decide/decide.ts';
import { blocksReload } from '../decide/reload.ts';
import { missingByWords } from '../decide/missing-right.ts';
import { observeNginxProcesses } from '../observe/nginx-process.ts';
import { certificatesByFingerprint } from '../observe/observations.ts';
import { observeFiles } from '../observe/observe.ts';
import { observeOwnRights } from '../observe/own-rights.ts';
import type { ProgramEnd } from '../ports.ts';
import type { Result } from '@certherd/protocol/failure';
import type { ActPorts, Ended } from './act.ts';
import { prove } from './prove.ts';
import { redacted } from '../formats/redact.ts';
import type { Steps } from './steps.ts';

const programMs = 30_000;
const proofMs = 15_000;

/**
 * Brings what is configured into service: preflight, nginx's own test, reload, and the proof at every endpoint.
 * nginx answers a HUP with success and keeps its old certificate, so only the proof counts.
 */
export async function reloadNginx(config: Config, ports: ActPorts, steps: Steps): Promise<Ended> {
  const observations = await observeFiles(ports, config);
  const { snapshot } = decide(observations, [], [], config, ports.clock.now());
  const blocking = await steps.run(
    'preflight',
    () => snapshot.findings.find(blocksReload(observations)),
    (finding) => ({ ok: !finding, ...(finding && { detail: finding.cause }) }),
  );
  if (blocking) return { reason: 'preflight-failed', detail: blocking.cause };

  const run = (step: string, argv: string[]) =>
    steps.run(step, () => ports.programs(argv, { environment: {}, deadlineMs: programMs }), judgeEnd);
  const test = await run('nginx -t', nginxTest(config));
  if (!ended(test)) return blamed(refusal(test, 'config-test-failed', config), ports);
  const reload = await run('nginx -s reload', nginxReload(config));
  if (!ended(reload)) return blamed(refusal(reload, 'reload-failed', config), ports);

  const ofNginx = observations.deployments.filter(({ server }) => server === 'nginx');
  const certificates = certificatesByFingerprint(observations);
  const proof = await steps.run(
    'prove every endpoint',
    () =>
      prove(ports, ofNginx, (fingerprint) => certificates.get(fingerprint)?.algorithm, {
        deadlineMs: proofMs,
        probeTimeoutMs: config.probeTimeoutMs,
      }),
    ({ asked, failures }) => ({
      ok: failures.length === 0,
      detail: `${asked - failures.length} of ${asked} endpoints`,
    }),
  );
  if (proof.failures.length > 0) {
    return {
      reason: 'not-proved',
      detail: `${proof.failures.length} of ${proof.asked} endpoints: ${proof.failures.slice(0, 5).join('; ')}`,
    };
  }
  return { reason: 'done', detail: `${proof.asked} of ${proof.asked} endpoints present what is configured` };
}

function ended(end: Result<ProgramEnd>): boolean {
  return end.ok && end.value.exitCode === 0;
}

function judgeEnd(end: Result<ProgramEnd>): { ok: boolean; detail?: string } {
  if (!end.ok) return { ok: false, detail: end.failure.detail };
  return ended(end) ? { ok: true } : { ok: false, detail: emergency(end.value.output) };
}

function refusal(end: Result<ProgramEnd>, reason: 'config-test-failed' | 'reload-failed', config: Config): Ended {
  if (end.ok)
    return {
      reason,
      detail: end.value.timedOut ? `nginx did not answer within ${programMs / 1000} s` : emergency(end.value.output),
    };
  return {
    reason: 'program-absent',
    detail: `${end.failure.detail}: install nginx, or set binary under [nginx] (now ${config.nginx.binary})`,
  };
}

/** nginx under our sandbox may fail where the server itself would not: that is our fault to tell, and not nginx's. */
function blamed(refused: Ended, { proc, clock }: ActPorts): Ended {
  const rights = observeOwnRights(proc);
  const masters = observeNginxProcesses(proc, clock.now())?.masters ?? [];
  const hasSameRights = rights?.uid !== 0 && masters.some(({ uid }) => uid === rights?.uid);
  const missing = rights && !hasSameRights ? missingByWords(refused.detail, rights) : undefined;
  if (!missing) return refused;
  const detail = `${refused.detail}: certherd-agent may not ${missing.right} here (${missing.because})`;
  return { reason: 'sandbox-blocked', detail };
}

/** nginx's own reason: its [emerg] line without the prefix, else its last line. */
function emergency(output: string): string {
  const lines = redacted(output).trim().split('\n');
  const line = lines.find((candidate) => candidate.includes('[emerg]')) ?? lines.at(-1) ?? '';
  return line.replace(/^.*\[emerg\]\s*(?:\d+#\d+:\s*)?/, '').slice(0, 1000) || 'nginx printed nothing';
}
