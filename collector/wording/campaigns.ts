import type { CampaignShown, MemberShown, PlanAnswer } from '../serve/campaigns/views.ts';
import type { Tone } from './words.ts';

type Standing = Pick<CampaignShown, 'state' | 'failed'>;

/** One that is over is good only where nothing failed. */
export function campaignTone({ state, failed }: Standing): Tone {
  if (state === 'done') return failed > 0 ? 'warning' : 'good';
  return ({ running: 'notice', paused: 'warning', aborted: 'unknown' } as const)[state];
}

/** "done, 3 failed" */
export function campaignWords({ state, failed }: Standing): string {
  return state === 'done' && failed > 0 ? `done, ${failed} failed` : state;
}

/** Where the new certificates are presented now; of a campaign that is over, what each lineage was when it was settled. */
export function placesWords(campaign: CampaignShown): string {
  const { state, lineages, served, places, placesServed } = campaign;
  if (state === 'done' || state === 'aborted')
    return `When they were settled, ${served} of ${lineages} lineages presented the new certificates at all of their places that were left.`;
  return `${placesServed} of the ${places} places that are still there present the new certificates.`;
}

export const memberTone: Readonly<Record<MemberShown['state'], Tone>> = {
  waiting: 'unknown',
  asked: 'notice',
  served: 'good',
  failed: 'critical',
  skipped: 'unknown',
};

/** What is chosen by, with what it is called. */
export const selectionFields = [
  { key: 'issuer', title: 'Issuer', hint: 'name, organisation or common name' },
  { key: 'key', title: 'Kind of key', hint: 'RSA, RSA 2048, EC' },
  { key: 'issuedBefore', title: 'Issued before', hint: '2026-11-01' },
  { key: 'endsBefore', title: 'Ends before', hint: '2027-01-01' },
  { key: 'name', title: 'Name', hint: '*.shop.example.com' },
  { key: 'host', title: 'Host', hint: 'web-*' },
  { key: 'owner', title: 'Owner', hint: '' },
  { key: 'team', title: 'Team', hint: '' },
  { key: 'environment', title: 'Environment', hint: '' },
] as const;

/** "Issuer R10, owner shop" */
export function selectionWords(selection: CampaignShown['selection']): string {
  const parts = selectionFields.flatMap(({ key, title }) => {
    const value = selection[key];
    return value === undefined ? [] : [`${title.toLowerCase()} ${value}`];
  });
  const words = parts.join(', ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Why no agent replaces something. */
export const leftOutWords: Readonly<Record<PlanAnswer['leftOut'][number]['reason'], string>> = {
  'no-lineage': 'no lineage',
  copy: 'a copy',
  policy: 'its policy',
  'not-renewable': 'not renewable',
  silent: 'not heard',
  'nowhere-served': 'served nowhere',
  'not-ours': 'not ours',
};
