import type { Finding, Subject } from '@certherd/protocol/finding';
import type { Snapshot } from '@certherd/protocol/snapshot';
import type { Outcome, Request } from './decide/action.ts';
import { keyOf, type Sighting } from './decide/visible.ts';
import type { Memory } from './memory.ts';
import type { EventDraft } from './report/outbox.ts';

/** The events that lie between what was remembered and what is seen now. */
export function changesSince(memory: Memory, snapshot: Snapshot, sightings: Sighting[], at: string): EventDraft[] {
  const { lineages } = snapshot;
  const issued = lineages.flatMap(({ name, issued: fingerprint }) => {
    if (!memory.issued || !fingerprint || memory.issued[name] === fingerprint) return [];
    const certificate = snapshot.certificates.find((candidate) => candidate.fingerprint === fingerprint);
    return [
      draft('certificate-issued', { kind: 'lineage', id: name }, at, true, `${name} has a new certificate`, {
        fingerprint,
        ...(memory.issued[name] && { before: memory.issued[name] }),
        ...(certificate && { notAfter: certificate.notAfter }),
      }),
    ];
  });
  const opened = toldAndNotIn(sightings, memory.sightings);
  const closed = toldAndNotIn(memory.sightings, sightings);
  return [
    ...issued,
    ...closed.map((finding) =>
      draft(
        'finding-closed',
        finding.subject,
        at,
        true,
        `${finding.code} ended: ${finding.subject.id}`,
        detailOf(finding),
      ),
    ),
    ...opened.map((finding) =>
      draft('finding-opened', finding.subject, at, false, `${finding.code}: ${finding.cause}`, detailOf(finding)),
    ),
  ];
}

const kindOf = { renew: 'renewal', reload: 'deployment', restore: 'restoration', rehearse: 'rehearsal' } as const;

/** The event that an action's end is. */
export function outcomeEvent(request: Request, why: string, outcome: Outcome, at: string): EventDraft {
  const subject: Subject =
    request.verb === 'reload' ? { kind: 'server', id: request.server } : { kind: 'lineage', id: request.lineage };
  const ok = outcome.reason === 'done';
  return {
    ...draft(
      kindOf[request.verb],
      subject,
      at,
      ok,
      `${ok ? 'done' : `failed (${outcome.reason})`}: ${outcome.detail}`,
      {
        reason: outcome.reason,
        why: why.slice(0, 4000),
      },
    ),
    steps: outcome.steps,
  };
}

export function startedEvent(host: string, version: string, at: string): EventDraft {
  return draft('agent-started', { kind: 'host', id: host }, at, true, `agent ${version} started`, { version });
}

function draft(
  kind: EventDraft['kind'],
  subject: Subject,
  at: string,
  ok: boolean,
  summary: string,
  detail: Record<string, string>,
): EventDraft {
  return { at, kind, subject, ok, summary: summary.slice(0, 4000), detail, steps: [] };
}

/** Notices and settling come and go with every renewal: they are in the snapshot, not in the history. */
function toldAndNotIn(some: Sighting[], others: Sighting[]): Finding[] {
  const known = new Set(others.filter(({ told }) => told).map(({ finding }) => keyOf(finding)));
  return some.filter(({ finding, told }) => told && !known.has(keyOf(finding))).map(({ finding }) => finding);
}

function detailOf({ code, severity, since, remedy }: Finding): Record<string, string> {
  return { code, severity, since, remedy: remedy.slice(0, 4000) };
}
