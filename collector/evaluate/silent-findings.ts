import type { Certificate } from '@certherd/protocol/certificate';
import type { Finding } from '@certherd/protocol/finding';
import type { Endpoint } from '@certherd/protocol/snapshot';
import { isOver } from './endpoint-status.ts';

/**
 * What a host that is silent, or looks no more, can no longer say of itself: its served certificates count down all the same. One finding for each certificate
 * that ended, about the last endpoint that serves it, as its agent would tell it, unless that said so before.
 */
export function silentFindings(
  endpoints: readonly Endpoint[],
  told: readonly Finding[],
  certificates: Pick<ReadonlyMap<string, Certificate>, 'get'>,
  now: number,
): Finding[] {
  const said = told.filter(({ code, subject }) => code === 'expired' && subject.kind === 'endpoint');
  const saidOf = new Set(said.flatMap(({ subject, evidence: { fingerprint = '' } }) => [subject.id, fingerprint]));
  const ended = new Map<string, { id: string; served: Certificate }>();
  for (const { id, served: fingerprint = '' } of endpoints) {
    const served = certificates.get(fingerprint);
    if (served && isOver(served, now) && !saidOf.has(id) && !saidOf.has(fingerprint))
      ended.set(fingerprint, { id, served });
  }
  return [...ended.values()].map(
    ({ id, served: { fingerprint, notAfter } }): Finding => ({
      code: 'expired',
      severity: 'critical',
      subject: { kind: 'endpoint', id },
      since: notAfter,
      cause: `The certificate that this endpoint served when its host last looked ended at ${notAfter}.`,
      evidence: { fingerprint, notAfter },
      remedy: 'certherd-agent check',
    }),
  );
}
