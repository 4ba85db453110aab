import { modeOf } from '../config.ts';
import type { Renewal } from '@certherd/protocol/snapshot';
import type { Facts } from './facts.ts';
import { heldUntil } from './held-back.ts';
import type { Due } from './plan.ts';
import { renewalOf } from './renewal-time.ts';
import { nextRenewalAt } from './retry.ts';

/** Renewals whose time has come, in mode "renew"; in the others only the instants at which a verdict changes. */
export function dueRenewals({ observations, certificates, attempts, config, now }: Facts): Due {
  const due: Due = { actions: [], later: [] };
  for (const lineage of observations.lineages) {
    const { name, live, autorenew } = lineage;
    const certificate = certificates.get(live ?? '');
    if (!certificate || autorenew === false || observations.settling.includes(name)) continue;
    const renewal = renewalOf(certificate, observations.suggestedRenewals);
    const expected = Date.parse(renewal.at);
    const renews = modeOf(config, name) === 'renew';
    const notBefore = Math.max(nextRenewalAt(attempts, name, certificate), heldUntil(lineage, { certificates, now }));
    const at = renews ? Math.max(expected, notBefore) : expected;
    if (at > now) due.later.push(at);
    else if (renews)
      due.actions.push({
        request: { verb: 'renew', lineage: name },
        why: whyNow(renewal),
        subject: name,
      });
  }
  return due;
}

function whyNow({ at, basis, explanation }: Renewal): string {
  if (basis === 'lifetime') return `its renewal time was ${at}`;
  return `its CA asks for the renewal, at ${at}${explanation === undefined ? '' : `, and says why: ${explanation}`}`;
}
