import Type, { type Static } from 'typebox';
import { SignatureAlgorithm } from './certificate.ts';
import { FailureReason } from './failure.ts';
import { StartTls } from './snapshot.ts';
import { maxDerBytes, maxLookedAddresses, maxLookedCertificates, maxLookedChain, maxStapleBytes } from './version.ts';

const closed = { additionalProperties: false };

/** Why nothing was seen from outside. */
export const OutsideReason = Type.Enum([
  ...FailureReason.enum,
  /** the DNS has no address for the name */
  'no-address',
  /** no resolver told of the name */
  'not-resolved',
  /** the address lies where nothing may be asked from there */
  'not-allowed',
  /** the agent's own settings do not let it look there */
  'vantage-refused',
  /** the agent looks at as much as it may at a time */
  'vantage-busy',
  /** the agent is too old to be asked; said by the collector alone */
  'vantage-too-old',
]);
export type OutsideReason = Static<typeof OutsideReason>;

/** A failure of a look from outside; `detail` is raw. */
export const OutsideFailure = Type.Object({ reason: OutsideReason, detail: Type.String({ maxLength: 2000 }) }, closed);
export type OutsideFailure = Static<typeof OutsideFailure>;

/** A family of addresses of which nobody told, while there are some of the other one; `detail` is raw. */
export const NotTold = Type.Object(
  { family: Type.Enum(['ipv4', 'ipv6']), detail: Type.String({ maxLength: 2000 }) },
  closed,
);
export type NotTold = Static<typeof NotTold>;

/**
 * collector -> agent: a wish that the agent looks from where it is at what a name and port present. The agent's own settings have the last word;
 * without any it refuses.
 */
export const LookFrame = Type.Object(
  {
    type: Type.Literal('look'),
    /** A UUID (RFC 9562), of this question in this session. */
    id: Type.String({ pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' }),
    /** A DNS name in lower case, or an IP address. */
    host: Type.String({ minLength: 1, maxLength: 253 }),
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    startTls: Type.Optional(StartTls),
  },
  closed,
);
export type LookFrame = Static<typeof LookFrame>;

/** What one address presents to clients of one kind of key: places in `certificates`, the leaf first and then the chain exactly as sent. */
export const LookedAnswer = Type.Object(
  {
    algorithm: SignatureAlgorithm,
    chain: Type.Array(Type.Integer({ minimum: 0, maximum: maxLookedCertificates - 1 }), {
      minItems: 1,
      maxItems: maxLookedChain,
    }),
    tlsVersion: Type.String({ maxLength: 16 }),
    alpn: Type.Optional(Type.String({ maxLength: 255 })),
    /** From version 6: the OCSP answer that was stapled to the leaf (RFC 6066 8), DER in base64; empty where none was. Absent, too, where it does not fit. */
    staple: Type.Optional(
      Type.String({ pattern: '^(?:[A-Za-z0-9+/]+={0,2})?$', maxLength: Math.ceil(maxStapleBytes / 3) * 4 }),
    ),
  },
  closed,
);
export type LookedAnswer = Static<typeof LookedAnswer>;

/** One address behind the name. */
export const LookedPlace = Type.Object(
  {
    address: Type.String({ maxLength: 64 }),
    answers: Type.Array(LookedAnswer, { maxItems: 3 }),
    /** Kinds of key that were asked for without an answer, while another was answered. */
    notAnswered: Type.Optional(
      Type.Array(Type.Object({ algorithm: SignatureAlgorithm, failure: OutsideFailure }, closed), { maxItems: 3 }),
    ),
    failure: Type.Optional(OutsideFailure),
  },
  closed,
);
export type LookedPlace = Static<typeof LookedPlace>;

/** agent -> collector: the one answer to a `look`. The collector reads and judges the certificates itself. */
export const LookedFrame = Type.Object(
  {
    type: Type.Literal('looked'),
    /** The question's. */
    id: LookFrame.properties.id,
    /** DER in base64, each once. */
    certificates: Type.Array(
      Type.String({ pattern: '^[A-Za-z0-9+/]+={0,2}$', maxLength: Math.ceil(maxDerBytes / 3) * 4 }),
      { maxItems: maxLookedCertificates },
    ),
    places: Type.Array(LookedPlace, { maxItems: maxLookedAddresses }),
    /** Addresses of the name that were not asked, because it has so many. */
    leftOut: Type.Integer({ minimum: 0 }),
    notTold: Type.Optional(NotTold),
    /** Why nothing was asked. */
    failure: Type.Optional(OutsideFailure),
  },
  closed,
);
export type LookedFrame = Static<typeof LookedFrame>;
