import type { ActBody, StartBody } from '../../serve/campaigns/bodies.ts';
import type { CampaignAnswer, PlanAnswer } from '../../serve/campaigns/views.ts';
import { wordsOf } from './ask.ts';

/** What the collector answered; or why it does not, in words. */
export type Told<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly why: string };

/** What a campaign would do (GET /api/v1/campaign-plan). */
export function askPlan(selection: Readonly<Record<string, string>>): Promise<Told<PlanAnswer>> {
  const has = (answer: object): answer is PlanAnswer => 'digest' in answer;
  return told(`/api/v1/campaign-plan?${new URLSearchParams(selection)}`, { cache: 'no-store' }, has);
}

/** Begins what was planned. */
export function startCampaign(body: StartBody): Promise<Told<CampaignAnswer>> {
  return told('/api/v1/campaigns', post(body), isCampaign);
}

/** Pauses, resumes or aborts a campaign, or leaves a lineage of it out. */
export function actOnCampaign(id: string, body: ActBody): Promise<Told<CampaignAnswer>> {
  return told(`/api/v1/campaigns/${encodeURIComponent(id)}`, post(body), isCampaign);
}

async function told<Value>(
  address: string,
  request: RequestInit,
  is: (answer: object) => answer is Value & object,
): Promise<Told<Value>> {
  try {
    const response = await fetch(address, request);
    const answer: unknown = await response.json();
    if (response.ok && typeof answer === 'object' && answer !== null && is(answer)) return { ok: true, value: answer };
    return { ok: false, why: wordsOf(answer) ?? `the collector answered ${response.status}` };
  } catch {
    return { ok: false, why: 'The collector does not answer.' };
  }
}

function post(body: object): RequestInit {
  return {
    method: 'POST',
    cache: 'no-store',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}

function isCampaign(answer: object): answer is CampaignAnswer {
  return 'campaign' in answer && 'members' in answer;
}
