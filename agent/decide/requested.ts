import type { Event } from '@certherd/protocol/event';
import type { RequestFrame } from '@certherd/protocol/frame';
import type { Snapshot } from '@certherd/protocol/snapshot';
import { Check } from 'typebox/value';
import type { Config } from '../config.ts';
import { Request } from './action.ts';
import { isAllowed, notAllowed } from './allowed.ts';
import type { PlannedAction } from './plan.ts';
import type { Attempt } from './retry.ts';

/** Why a request is not done: a closed list, told back in `detail.refused` of the answer. */
export type RequestRefusal =
  /** the host has reported no such thing */
  | 'subject-unknown'
  /** this verb does nothing with a subject of this kind */
  | 'subject-unfit'
  /** the local policy (mode) does not allow it */
  | 'not-allowed'
  /** nothing is in the state that the verb is there for */
  | 'not-needed'
  /** its time to begin is over */
  | 'too-late'
  /** the CA asked to wait, or this host's own limit is reached */
  | 'too-soon'
  /** the agent ended before the action did */
  | 'interrupted';

export interface RefusedRequest {
  refused: RequestRefusal;
  detail: string;
}

/**
 * What becomes of a request: an action of the closed list, a look, or a refusal. Only what `snapshot` reports may be its
 * subject, and only what the local policy allows is done; `act` judges both again. `now` is in milliseconds since 1970.
 */
export function judgeRequest(
  frame: RequestFrame,
  snapshot: Snapshot,
  attempts: Attempt[],
  config: Config,
  now: number,
): { action: PlannedAction } | { look: true } | RefusedRequest {
  const { verb, subject } = frame;
  if (!kindsOf[verb].includes(subject.kind))
    return { refused: 'subject-unfit', detail: `${verb} is nothing that can be done with a ${subject.kind}` };
  if (!isReported(snapshot, subject))
    return { refused: 'subject-unknown', detail: `this host reports no such ${subject.kind}` };
  if (verb === 'rescan' || verb === 'verify') return { look: true };

  const request: unknown = verb === 'reload' ? { verb, server: subject.id } : { verb, lineage: subject.id };
  if (!Check(Request, request))
    return { refused: 'subject-unfit', detail: `${verb} is nothing that can be done with this ${subject.kind}` };
  if (!isAllowed(request, config)) return { refused: 'not-allowed', detail: notAllowed(request, config) };
  const idle = needless(request, snapshot);
  if (idle !== undefined) return { refused: 'not-needed', detail: idle };
  const last = attempts.findLast((one) => one.verb === verb && one.subject === subject.id);
  if (verb === 'renew' && last?.retryAt !== undefined && last.retryAt > now)
    return { refused: 'too-soon', detail: `not before ${new Date(last.retryAt).toISOString()}: ${last.detail}` };
  const why = `${frame.requester} asked for it at the collector: ${frame.reason}`;
  // A reload that was asked for says nothing about those that the drift itself calls for.
  return { action: { request, why, subject: verb === 'reload' ? `asked ${subject.id}` : subject.id } };
}

/**
 * Why a reload or a restoration would change nothing for the better. Each one costs something (workers that drain, a certificate
 * that is older), and the agent by itself would not do it: a collector cannot have it either. A person on the host can.
 */
function needless(request: Request, { deployments, endpoints, lineages }: Snapshot): string | undefined {
  if (request.verb === 'reload') {
    const asked = endpoints.filter(({ server }) => server === request.server);
    const isProved =
      asked.length > 0 && asked.every(({ served, configured }) => served !== undefined && served === configured);
    return isProved ? `every endpoint of ${request.server} presents what is configured` : undefined;
  }
  if (request.verb !== 'restore') return undefined;
  const live = lineages.find(({ name }) => name === request.lineage)?.live;
  const own = new Set(deployments.filter(({ lineage }) => lineage === request.lineage).map(({ id }) => id));
  const isInTrouble = endpoints.some(({ deployment, served }) => own.has(deployment ?? '') && served !== live);
  return isInTrouble
    ? undefined
    : `no client is shown anything but the certificate of ${request.lineage} that is in use`;
}

/** What a look that was asked for found. */
export function lookAnswer({ verb, subject }: RequestFrame, snapshot: Snapshot): Pick<Event, 'ok' | 'summary'> {
  if (verb === 'rescan') return { ok: true, summary: `looked again: ${snapshot.findings.length} finding(s)` };
  const deployments = new Set(snapshot.deployments.filter(({ lineage }) => lineage === subject.id).map(({ id }) => id));
  const asked = snapshot.endpoints.filter(({ id, server, deployment }) =>
    subject.kind === 'lineage'
      ? deployments.has(deployment ?? '')
      : subject.id === (subject.kind === 'server' ? server : id),
  );
  const served = asked.filter(({ reached }) => reached === 'served');
  return {
    ok: asked.length > 0 && served.length === asked.length,
    summary: `${served.length} of ${asked.length} endpoint(s) present the newest certificate`,
  };
}

const kindsOf: Readonly<Record<RequestFrame['verb'], readonly RequestFrame['subject']['kind'][]>> = {
  rescan: ['host'],
  verify: ['endpoint', 'lineage', 'server'],
  reload: ['server'],
  renew: ['lineage'],
  restore: ['lineage'],
  rehearse: ['lineage'],
};

function isReported({ host, servers, lineages, endpoints }: Snapshot, { kind, id }: RequestFrame['subject']): boolean {
  switch (kind) {
    case 'host':
      return host.name === id;
    case 'server':
      return servers.some(({ server }) => server === id);
    case 'lineage':
      return lineages.some(({ name }) => name === id);
    case 'endpoint':
      return endpoints.some((endpoint) => endpoint.id === id);
    default:
      return false;
  }
}
