import type { EventFacts, LabelRule, Restoration, Stay } from '../../store/facts.ts';
import type { RequestRow } from '../../store/requests.ts';
import type { TargetStay } from '../../store/targets.ts';
import type { Transparency } from '../../store/transparency.ts';
import type { Estate } from '../estate.ts';
import type { HistoryAnswer } from '../history-view.ts';
import type { EstateNow } from '../kept-estate.ts';
import type { Live } from '../live.ts';
import type { CollectorCounts } from '../metrics.ts';
import type { EntityTags } from './entity-tag.ts';

/** What the routes read from. */
export interface ApiNeeds {
  estate: () => Promise<EstateNow>;
  tags: EntityTags;
  /** This process, as the estate names it. */
  collector: Estate['collector'];
  /** In order of arrival; without `after` the newest. */
  events: (after: number | undefined, limit: number) => Promise<EventFacts[]>;
  /** Newest first. */
  requests: (limit: number) => Promise<RequestRow[]>;
  restorations: () => Promise<Restoration[]>;
  /** Newest first. */
  stays: (fingerprint: string) => Promise<Stay[]>;
  /** undefined: no such certificate, or no agent has told it. */
  der: (fingerprint: string) => Promise<Uint8Array | undefined>;
  /** Of the last so many days. */
  history: (days: number) => Promise<HistoryAnswer>;
  /** Every rule. */
  labels: () => Promise<LabelRule[]>;
  counts: () => Promise<CollectorCounts>;
  /** Of one target, newest first. */
  targetStays: (id: number) => Promise<TargetStay[]>;
  /** What was read in transparency logs. */
  transparency: Pick<Transparency, 'logs' | 'certificates'>;
  live: Live;
  /** Can anything be kept? */
  isWritable: () => Promise<boolean>;
  /** Milliseconds since 1970. */
  now: () => number;
}
