import test from 'ava';
import { campaignShown } from '../../../collector/serve/campaigns/shown.ts';
import { campaignTone, campaignWords, placesWords } from '../../../collector/wording/campaigns.ts';
import type { Progress } from '../../../collector/evaluate/campaign/progress.ts';
import { usualLimits } from '../../../collector/evaluate/campaign/held-back.ts';
import type { CampaignPlace, CampaignRow, MemberRow } from '../../../collector/store/campaigns.ts';

const at = (address: string): CampaignPlace => ({ kind: 'target', target: 'x:443', address, vantage: 'collector' });
const places = [at('192.0.2.1'), at('192.0.2.2'), at('192.0.2.3')];
const row: MemberRow = {
  agentId: 'a',
  hostName: 'web-1',
  lineage: 'shop',
  wave: 1,
  owner: undefined,
  old: 'a'.repeat(64),
  names: [],
  issuer: 'CN=R10',
  key: 'RSA 2048',
  notBefore: '2026-11-01T00:00:00.000Z',
  notAfter: '2027-01-01T00:00:00.000Z',
  places,
  number: 1,
  state: 'served',
  attempt: 1,
  request: undefined,
  askedAt: 0,
  changedAt: 0,
  cause: undefined,
};
const progressOf = (...states: readonly Progress['places'][number]['state'][]): Progress => ({
  places: states.map((state, index) => ({ place: places[index] ?? at(''), state })),
  served: states.filter((state) => state === 'new').length,
  isServed: false,
  unfit: undefined,
  seenAt: undefined,
});
const shown = (state: CampaignRow['state'], members: readonly [MemberRow['state'], Progress | undefined][]) =>
  campaignShown({
    campaign: {
      id: 'c1',
      selection: {},
      limits: usualLimits,
      reason: 'x',
      startedBy: 'me',
      via: 'page',
      startedAt: 0,
      state,
      cause: undefined,
      haltedBy: undefined,
      changedAt: 0,
    },
    members: members.map(([is, progress]) => ({ row: { ...row, state: is }, progress, held: undefined })),
  });

test('a campaign that is over is good only where nothing failed', (t) => {
  const told = (...members: Parameters<typeof shown>[1]) => {
    const campaign = shown('done', members);
    return `${campaignTone(campaign)}: ${campaignWords(campaign)}: ${placesWords(campaign)}`;
  };
  const left = 'lineages presented the new certificates at all of their places that were left.';
  t.is(told(['served', undefined]), `good: done: When they were settled, 1 of 1 ${left}`);
  t.is(
    told(['served', undefined], ['failed', undefined]),
    `warning: done, 1 failed: When they were settled, 1 of 2 ${left}`,
  );
});

test('places that are gone are not counted, and one that presents the old certificate again does not present the new one', (t) => {
  const words = (...members: Parameters<typeof shown>[1]) => placesWords(shown('running', members));
  t.is(
    words(['served', progressOf('new', 'gone', 'new')]),
    '2 of the 2 places that are still there present the new certificates.',
  );
  t.is(
    words(['served', progressOf('new', 'old', 'gone')], ['asked', progressOf('old')]),
    '1 of the 3 places that are still there present the new certificates.',
  );
});
