import { Certificate, Instant, SignatureAlgorithm } from '@certherd/protocol/certificate';
import { NotTold, OutsideFailure } from '@certherd/protocol/look';
import { StartTls } from '@certherd/protocol/snapshot';
import Type, { type Static } from 'typebox';
import { type PresentedProblem, problemsOf } from '../evaluate/outside/problems.ts';

const closed = { additionalProperties: false };

/** Where the way from the leaf to a trusted root ended. */
const ChainProblem = Type.Enum([
  'self-signed',
  'unknown-root',
  'no-issuer',
  'issuer-expired',
  'issuer-not-yet-valid',
  'gave-up',
  'not-read',
]);

/** The OCSP answer that was stapled to the leaf. */
export const Staple = Type.Object(
  {
    /** What it says, why it cannot be believed (x509/ocsp-response.ts), or `none`. */
    state: Type.Enum([
      'none',
      'good',
      'revoked',
      'unknown',
      'too-large',
      'malformed',
      'not-successful',
      'unsupported',
      'other-certificate',
      'issuer-absent',
      'signer-absent',
      'signer-not-entitled',
      'signature-wrong',
    ]),
    /** Of one that is believed. */
    producedAt: Type.Optional(Instant),
    thisUpdate: Type.Optional(Instant),
    /** Until when it may be relied on; absent: without end. */
    nextUpdate: Type.Optional(Instant),
    revokedAt: Type.Optional(Instant),
  },
  closed,
);

/** What one address presents to clients of one kind of key. Strings of certificates are raw. */
export const SeenAnswer = Type.Object(
  {
    algorithm: SignatureAlgorithm,
    /** The leaf, and the chain exactly as sent. */
    certificates: Type.Array(Certificate, { minItems: 1, maxItems: 100 }),
    tlsVersion: Type.String(),
    alpn: Type.Optional(Type.String()),
    /** Is the name, or address, that was asked for among the leaf's own (RFC 9525; a subject alone is none)? */
    nameMatches: Type.Boolean(),
    /** Does the chain lead to a root that is trusted here? The leaf's own validity is not judged by this. */
    trusted: Type.Boolean(),
    chainProblem: Type.Optional(ChainProblem),
    /** Absent where an older agent looked. */
    staple: Type.Optional(Staple),
    /** The leaf demands that there is one (RFC 7633). */
    mustStaple: Type.Optional(Type.Literal(true)),
  },
  closed,
);
export type SeenAnswer = Static<typeof SeenAnswer>;

/** One address of a target. */
export const SeenPlace = Type.Object(
  {
    address: Type.String(),
    answers: Type.Array(SeenAnswer),
    /** Kinds of key that were asked for without an answer, while another was answered: neither shown nor refused. */
    notAnswered: Type.Optional(
      Type.Array(Type.Object({ algorithm: SignatureAlgorithm, failure: OutsideFailure }, closed)),
    ),
    /** TLS versions that it takes, oldest first; absent where that was not asked. */
    versions: Type.Optional(Type.Array(Type.Enum(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']))),
    failure: Type.Optional(OutsideFailure),
  },
  closed,
);
export type SeenPlace = Static<typeof SeenPlace>;

/** What was seen of one target from outside. */
export const SeenTarget = Type.Object(
  {
    /** As targets are written: "smtp://mail.example.com:25". */
    target: Type.String(),
    host: Type.String(),
    port: Type.Integer(),
    startTls: Type.Optional(StartTls),
    at: Instant,
    /** One for each address that was asked, or may not be. */
    places: Type.Array(SeenPlace),
    /** Addresses of the name that were not asked, because it has so many. */
    leftOut: Type.Integer(),
    notTold: Type.Optional(NotTold),
    failure: Type.Optional(OutsideFailure),
  },
  closed,
);
export type SeenTarget = Static<typeof SeenTarget>;

/** What is wrong with an answer at an instant (milliseconds since 1970), in the order of its weight. */
export function answerProblems({ certificates: [leaf], ...seen }: SeenAnswer, now: number): PresentedProblem[] {
  return leaf ? problemsOf({ ...seen, notBefore: leaf.notBefore, notAfter: leaf.notAfter }, now) : [];
}
