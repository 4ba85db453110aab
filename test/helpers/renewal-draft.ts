import type { EventDraft } from '../../agent/report/outbox.ts';

/** An event for the outbox that differs from others in its summary alone. */
export function renewalDraft(summary: string): EventDraft {
  return {
    at: '2026-11-23T12:00:00.000Z',
    kind: 'renewal',
    subject: { kind: 'lineage', id: 'shop' },
    ok: true,
    summary,
    detail: {},
    steps: [],
  };
}
