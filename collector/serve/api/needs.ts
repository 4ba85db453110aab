import type { CampaignOperations } from '../../campaigns/operate.ts';
import type { Result } from '@certherd/protocol/failure';
import type { Static } from 'typebox';
import type { Authority } from '../../authority.ts';
import type { NotKept } from '../../receive/records.ts';
import type { Accounts, Actor } from '../../store/accounts.ts';
import type { EndpointStay, EventFacts, Restoration, Stay, TokenLabels } from '../../store/facts.ts';
import type { RequestRow } from '../../store/requests.ts';
import type { TargetStay } from '../../store/targets.ts';
import type { Transparency } from '../../store/transparency.ts';
import type { AskBody } from '../action-bodies.ts';
import type { Estate } from '../estate.ts';
import type { HistoryAnswer } from '../history-view.ts';
import type { InventoryNeeds } from '../inventory-needs.ts';
import type { EstateNow } from '../kept-estate.ts';
import type { Live } from '../live.ts';
import type { CollectorCounts } from '../metrics/own-health.ts';
import type { WallView } from '../wall-view.ts';
import type { EntityTags } from './entity-tag.ts';

/** What the routes read from, and what those that change something change. */
export interface ApiNeeds extends ActionNeeds, InventoryNeeds {
  estate: () => Promise<EstateNow>;
  tags: EntityTags;
  wall: () => Promise<WallView>;
  /** This process, as the estate names it. */
  collector: Estate['collector'];
  /** In order of arrival; without `after` the newest. */
  events: (after: number | undefined, limit: number) => Promise<EventFacts[]>;
  /** Newest first. */
  requests: (limit: number) => Promise<RequestRow[]>;
  findRequest: (id: string) => Promise<RequestRow | undefined>;
  restorations: () => Promise<Restoration[]>;
  /** Newest first. */
  stays: (fingerprint: string) => Promise<Stay[]>;
  endpointStays: (agentId: string, endpoint: string) => Promise<EndpointStay[]>;
  /** undefined: no such certificate, or no agent has told it. */
  der: (fingerprint: string) => Promise<Uint8Array | undefined>;
  /** Of the last so many days. */
  history: (days: number) => Promise<HistoryAnswer>;
  counts: () => Promise<CollectorCounts>;
  /** Of one target, newest first. */
  targetStays: (id: number) => Promise<TargetStay[]>;
  /** What was read in transparency logs. */
  transparency: Pick<Transparency, 'logs' | 'certificates'>;
  campaigns: CampaignOperations;
  live: Live;
  accounts: Accounts;
  /** Can anything be kept? */
  isWritable: () => Promise<boolean>;
  /** Milliseconds since 1970. */
  now: () => number;
}

export interface ActionNeeds {
  ask: (wish: Wish) => Promise<Result<RequestRow, string>>;
  /** One join string; the failure is a sentence, or why nothing was kept. */
  makeJoin: (wish: {
    given: Authority | undefined;
    lifeMs: number;
    labels: TokenLabels | undefined;
    at: number;
    by: Actor;
  }) => Promise<Result<string, string | NotKept>>;
}

type Wish = Static<typeof AskBody> & { requester: string; withinSeconds: number } & Pick<Actor, 'via'>;
