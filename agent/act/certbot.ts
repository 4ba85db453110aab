import type { Config } from '../config.ts';
import { certbotEnvironment, certbotRenewal } from '../decide/command-line.ts';
import { observeLineages } from '../observe/lineage.ts';
import type { ProgramEnd } from '../ports.ts';
import type { ActPorts, Ended } from './act.ts';
import { redacted } from '../formats/redact.ts';
import type { OutcomeReason } from '../decide/action.ts';
import type { Steps } from './steps.ts';

/**
 * Renews one lineage through certbot. certbot's exit code says little (0 also when a hook failed or nothing was due),
 * so success means that the lineage's newest leaf changed and its key belongs to it.
 */
export async function renewLineage(name: string, config: Config, ports: ActPorts, steps: Steps): Promise<Ended> {
  const before = find(ports, config, name);
  if (!before) return { reason: 'not-found', detail: `${config.certbot.configDirectory} holds no lineage ${name}` };

  const run = await steps.run(
    'certbot renew',
    () =>
      ports.programs(certbotRenewal(config, name), {
        environment: certbotEnvironment(config),
        deadlineMs: config.certbot.deadlineMs,
      }),
    (end) =>
      end.ok
        ? {
            ok: end.value.exitCode === 0,
            ...(end.value.exitCode !== 0 && { detail: `exit ${end.value.exitCode ?? 'by signal'}` }),
          }
        : { ok: false, detail: end.failure.detail },
  );
  if (!run.ok) {
    const detail = `${run.failure.detail}: install certbot, or set binary under [certbot]`;
    return { reason: run.failure.reason === 'not-found' ? 'program-absent' : 'internal', detail };
  }
  const after = await steps.run(
    'read the lineage',
    () => find(ports, config, name),
    (found) => ({ ok: found?.issued !== before.issued && found?.keyMatches !== false }),
  );
  if (after?.issued && after.issued !== before.issued) {
    return after.keyMatches === false
      ? {
          reason: 'preflight-failed',
          detail: `certbot wrote ${after.certificatePath}, but its private key does not belong to it`,
        }
      : { reason: 'done', detail: `${name} was renewed: version ${after.issuedVersion ?? '?'}` };
  }
  return classified(run.value, config);
}

/** Why certbot left the lineage as it was, from what it printed. */
function classified(end: ProgramEnd, config: Pick<Config, 'certbot'>): Ended {
  const said = reasonSaid(end.output);
  if (end.timedOut)
    return { reason: 'timed-out', detail: `certbot was ended after ${config.certbot.deadlineMs / 1000} s` };
  const patterns: [RegExp, OutcomeReason][] = [
    [/another instance of certbot is already running/i, 'busy'],
    [
      /too many (?:certificates|failed authorizations|new orders|registrations)|acme:error:rateLimited|too many requests|\b(?:status|code|HTTP|error):? *429\b|can't set attribute/i,
      'rate-limited',
    ],
  ];
  const known = patterns.find(([pattern]) => pattern.test(end.output));
  if (known) return { reason: known[1], detail: said };
  if (end.exitCode === 0)
    return { reason: 'unchanged', detail: `certbot ended well and left the certificate as it was: ${said}` };
  return { reason: 'certbot-failed', detail: said };
}

/** certbot's own reason: the first Detail or error line, else the last line that it printed. */
function reasonSaid(output: string): string {
  const lines = redacted(output)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !/^[-\s]*$/.test(line));
  const telling =
    lines.find((line) => line.startsWith('Detail:')) ??
    lines.find((line) => /with error:|^Error|Another instance|^An unexpected error/i.test(line)) ??
    lines.findLast((line) => !/^(?:Ask for help|See the logfile)/.test(line));
  return (telling ?? 'certbot printed nothing').slice(0, 1000);
}

function find(ports: ActPorts, config: Config, name: string) {
  return observeLineages(ports.files, config.certbot.configDirectory).lineages.find((lineage) => lineage.name === name);
}
