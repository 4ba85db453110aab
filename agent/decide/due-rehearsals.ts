import type { Certificate } from '@certherd/protocol/certificate';
import { modeOf } from '../config.ts';
import type { KeptRehearsal } from '../observe/rehearsals.ts';
import type { Facts } from './facts.ts';
import type { Due } from './plan.ts';
import { lastRehearsal } from './rehearsal.ts';
import { lifetimeMs, renewalOf } from './renewal-time.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * Rehearsals whose time has come, in mode "renew": of each lineage every `rehearsal_days`, and of a new one well before its
 * window; never two within a minute. One that did not go well is repeated after an hour, then daily. Once the renewal time
 * has come there is none: the renewal itself tells more.
 */
export function dueRehearsals({ observations, certificates, attempts, config, now }: Facts): Due {
  const due: Due = { actions: [], later: [] };
  if (config.certbot.rehearsalMs === 0) return due;
  const tried = attempts.filter(({ verb }) => verb === 'rehearse');
  const free = Math.max(0, ...tried.map(({ at }) => at + minute));
  for (const { name, live, autorenew, failure, changedAt } of observations.lineages) {
    const certificate = certificates.get(live ?? '');
    if (!certificate || failure || autorenew === false || observations.settling.includes(name)) continue;
    if (
      modeOf(config, name) !== 'renew' ||
      now >= Date.parse(renewalOf(certificate, observations.suggestedRenewals).at)
    )
      continue;
    const last = tried.findLast(({ subject }) => subject === name);
    const rehearsal = lastRehearsal(observations, name, now);
    const wanted = timeOf(
      certificate,
      Date.parse(changedAt ?? certificate.notBefore),
      config.certbot.rehearsalMs,
      rehearsal,
    );
    // what met a lock, or was cut off, left no rehearsal behind
    const isLost = last !== undefined && last.at > Date.parse(rehearsal?.at ?? '1970-01-01') + minute;
    const again = isLost ? last.at + (last.reason === 'busy' ? 5 * minute : hour) : 0;
    const at = Math.max(wanted, again, due.actions.length === 0 ? free : now + minute);
    if (at > now) due.later.push(at);
    else
      due.actions.push({
        request: { verb: 'rehearse', lineage: name },
        why: rehearsal ? `the last one was at ${rehearsal.at}` : 'it has never been rehearsed',
        subject: name,
      });
  }
  return due;
}

/** When the next one is due, milliseconds since 1970: at a place in the interval that is the certificate's own, so that hosts and lineages spread. */
function timeOf(certificate: Certificate, changedAt: number, setMs: number, last: KeptRehearsal | undefined): number {
  const share = Number.parseInt(certificate.fingerprint.slice(8, 16), 16) / 0x1_0000_0000;
  // twice before the window at least, whatever the lifetime
  const interval = Math.min(setMs, lifetimeMs(certificate) / 5);
  if (!last) return changedAt + interval * share;
  const at = Date.parse(last.at);
  if (last.failures > 0) return at + Math.min(interval, last.failures === 1 ? hour : day);
  return at + interval * (0.9 + 0.2 * share);
}
