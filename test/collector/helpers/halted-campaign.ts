import { usualLimits } from '../../../collector/evaluate/campaign/held-back.ts';
import type { Store } from '../../../collector/store/store.ts';

export const resumed = {
  actor: 'anna',
  via: 'command',
  action: 'campaign-resumed',
  subject: 'c1',
  detail: {},
} as const;

/** A campaign `c1` that paused itself at `at` (milliseconds since 1970), by the failure of shop's renewal on web-9, which belongs to payments. */
export async function haltCampaign({ campaigns }: Pick<Store, 'campaigns'>, at: number): Promise<void> {
  const draft = { id: 'c1', key: undefined, selection: {}, limits: usualLimits, reason: 'R10 is revoked' };
  const member = {
    agentId: 'agent-09',
    hostName: 'web-9',
    lineage: 'shop',
    owner: 'payments',
    wave: 1,
    old: 'f',
    names: ['shop.test'],
    issuer: 'CN=R10',
    key: 'RSA',
    notBefore: '2026-10-01T00:00:00.000Z',
    notAfter: '2026-12-30T00:00:00.000Z',
    places: [],
  };
  const entry = { ...resumed, action: 'campaign-started', at } as const;
  await campaigns.add({ ...draft, startedBy: 'anna', via: 'command', startedAt: at }, [member], entry);
  const cause = 'shop on web-9: the renewal failed: no';
  await campaigns.move('c1', ['running'], { state: 'paused', cause, haltedBy: 1 }, at);
}
