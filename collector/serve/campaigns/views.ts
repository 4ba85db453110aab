import { Fingerprint, Instant } from '@certherd/protocol/certificate';
import Type, { type Static } from 'typebox';

const closed = { additionalProperties: false };
const text = (maxLength: number, description?: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength, ...(description !== undefined && { description }) }));

/** What is to be replaced: all that is given has to fit. Texts take `*` for any characters, in any case. */
export const selectionWords = {
  issuer: text(1024, 'The issuer’s whole name, its organisation, or its common name; `*` stands for any characters.'),
  key: text(64, 'A kind of key, with its size or without: `RSA`, `RSA 2048`, `EC`.'),
  issuedBefore: text(32, 'notBefore is earlier than this day or instant, which lies behind.'),
  endsBefore: text(32, 'notAfter is earlier than this day or instant.'),
  name: text(253, 'One of the names; `*` stands for any characters.'),
  host: text(253, 'The host that renews it: its name, or its agent’s id.'),
  owner: text(500),
  team: text(500),
  environment: text(500),
};
export const SelectionShown = Type.Object(selectionWords, closed);

const count = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum });
const LimitsShown = Type.Object(
  {
    /** Lineages that may fail before it pauses. */
    tolerance: count(0, 100_000),
    /** In hand at the same time: in all, of one host, of one owner. */
    atOnce: count(1, 1_000),
    perHost: count(1, 100),
    perOwner: count(1, 1_000),
    /** Certificates of one registered domain in seven days, others than the campaign's among them. */
    perDomainWeek: count(1, 1_000_000),
    /** Certificates for exactly the same names in seven days, others than the campaign's among them. */
    perNamesWeek: count(1, 1_000_000),
    /** Lineages that are asked for in three hours. */
    perThreeHours: count(1, 1_000_000),
    /** By when after the asking the new certificate is served, or the lineage failed. */
    deadlineSeconds: count(60, 86_400),
  },
  closed,
);
export const SomeLimits = Type.Partial(LimitsShown);

const counts = {
  lineages: Type.Integer(),
  waiting: Type.Integer(),
  asked: Type.Integer(),
  served: Type.Integer(),
  failed: Type.Integer(),
  skipped: Type.Integer(),
  /** Places that presented the old certificates and are still there, and those of them that present the new ones; once it is over, as it was then. */
  places: Type.Integer(),
  placesServed: Type.Integer(),
};

const WaveShown = Type.Object({ wave: Type.Integer(), owners: Type.Array(Type.String()), ...counts }, closed);

export const CampaignShown = Type.Object(
  {
    id: Type.String(),
    selection: SelectionShown,
    limits: LimitsShown,
    reason: Type.String(),
    startedBy: Type.String(),
    startedAt: Instant,
    state: Type.Enum(['running', 'paused', 'done', 'aborted']),
    /** Why it is paused, or was aborted. */
    cause: Type.Optional(Type.String()),
    changedAt: Instant,
    ...counts,
    waves: Type.Array(WaveShown),
  },
  closed,
);
export type CampaignShown = Static<typeof CampaignShown>;

const PlaceShown = Type.Object(
  {
    /** "NAME@ADDRESS:PORT on HOST", or a target with its address. */
    where: Type.String(),
    /** What it presents, as far as it is known now: the new certificate, the old one, another, nothing; `gone`: it is no more. */
    state: Type.Optional(Type.Enum(['new', 'old', 'other', 'unanswered', 'gone'])),
  },
  closed,
);

const lineage = {
  wave: Type.Integer(),
  agentId: Type.String(),
  hostName: Type.String(),
  lineage: Type.String(),
  owner: Type.Optional(Type.String()),
  old: Fingerprint,
  names: Type.Array(Type.String()),
  issuer: Type.String(),
  key: Type.String(),
  notBefore: Instant,
  notAfter: Instant,
  places: Type.Array(PlaceShown),
};

/** A lineage of a campaign. */
export const MemberShown = Type.Object(
  {
    number: Type.Integer(),
    ...lineage,
    state: Type.Enum(['waiting', 'asked', 'served', 'failed', 'skipped']),
    /** How often its host was asked. */
    attempt: Type.Integer(),
    /** The id of the last request, as /api/v1/requests has it. */
    request: Type.Optional(Type.String()),
    askedAt: Type.Optional(Instant),
    changedAt: Instant,
    /** Why it failed or was skipped. */
    cause: Type.Optional(Type.String()),
    /** Why it is not asked for yet. */
    held: Type.Optional(Type.String()),
    /** As those of the campaign. */
    placesLeft: Type.Integer(),
    placesServed: Type.Integer(),
  },
  closed,
);
export type MemberShown = Static<typeof MemberShown>;

export const CampaignAnswer = Type.Object(
  { version: Type.Literal(1), campaign: CampaignShown, members: Type.Array(MemberShown) },
  closed,
);
export type CampaignAnswer = Static<typeof CampaignAnswer>;

export const CampaignsAnswer = Type.Object(
  { version: Type.Literal(1), at: Instant, items: Type.Array(CampaignShown) },
  closed,
);
export type CampaignsAnswer = Static<typeof CampaignsAnswer>;

/** What a campaign would do. Lists have a thousand items at most; `radius` counts all. */
export const PlanAnswer = Type.Object(
  {
    version: Type.Literal(1),
    at: Instant,
    selection: SelectionShown,
    limits: LimitsShown,
    /** Names this plan: POST /api/v1/campaigns begins no other. */
    digest: Type.String(),
    radius: Type.Object(
      {
        certificates: Type.Integer(),
        lineages: Type.Integer(),
        hosts: Type.Integer(),
        endpoints: Type.Integer(),
        names: Type.Integer(),
        owners: Type.Array(Type.String()),
      },
      closed,
    ),
    members: Type.Array(Type.Object(lineage, closed)),
    /** What fits and no agent can replace. */
    leftOut: Type.Array(
      Type.Object(
        {
          reason: Type.Enum(['no-lineage', 'copy', 'policy', 'not-renewable', 'silent', 'nowhere-served', 'not-ours']),
          detail: Type.String(),
          where: Type.String(),
          lineage: Type.Optional(Type.String()),
          fingerprint: Fingerprint,
          names: Type.Array(Type.String()),
          places: Type.Integer(),
        },
        closed,
      ),
    ),
    leftOutTotal: Type.Integer(),
    /** What a renewal may not bring about: a sentence each. */
    cautions: Type.Array(Type.String()),
    /** Certificates that each registered domain needs of an issuer (its organisation), and had of it in the last seven days. */
    domains: Type.Array(
      Type.Object(
        { domain: Type.String(), issuer: Type.String(), members: Type.Integer(), issuedInWeek: Type.Integer() },
        closed,
      ),
    ),
  },
  closed,
);
export type PlanAnswer = Static<typeof PlanAnswer>;
