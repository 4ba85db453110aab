import Type, { type Static } from 'typebox';
import { Certificate, Fingerprint, Instant, SignatureAlgorithm } from './certificate.ts';
import { Failure } from './failure.ts';
import { Finding } from './finding.ts';
import { maxSnapshotEntries, maxSnapshotFindings } from './version.ts';

const closed = { additionalProperties: false };
const Path = Type.String({ maxLength: 4096 });
/** A server program whose config is read for deployments; `other` is one whose listeners agent.toml lists. */
export const ServerProgram = Type.Enum(['nginx', 'apache', 'haproxy', 'other']);
export type ServerProgram = Static<typeof ServerProgram>;

const Name = Type.String({ maxLength: 1024 });

/** One certificate file: leaf first, as found. `failure` says why nothing, or not everything, was read. */
export const FileObservation = Type.Object(
  {
    path: Path,
    fingerprints: Type.Array(Fingerprint, { maxItems: 100 }),
    modifiedAt: Type.Optional(Instant),
    failure: Type.Optional(Failure),
  },
  closed,
);
export type FileObservation = Static<typeof FileObservation>;

/** When a lineage is to be renewed: the instant was chosen once inside the window. */
export const Renewal = Type.Object(
  {
    windowStart: Instant,
    windowEnd: Instant,
    at: Instant,
    /** Told by the CA (RFC 9773), or a share of the lifetime. */
    basis: Type.Enum(['lifetime', 'renewal-information']),
    /** A page of the CA that says why it suggests this window (RFC 9773, explanationURL); raw. */
    explanation: Type.Optional(Type.String({ maxLength: 2048 })),
  },
  closed,
);
export type Renewal = Static<typeof Renewal>;

/** What the agent may do here, from its local policy. */
export const Mode = Type.Enum(['observe', 'deploy', 'renew']);
export type Mode = Static<typeof Mode>;

/** What the last rehearsal of a lineage's renewal told: would it succeed today? */
export const Rehearsal = Type.Object(
  {
    at: Instant,
    /** Absent: it could not be told. */
    ok: Type.Optional(Type.Boolean()),
    /** One for each check that failed, or that could not be made; raw. */
    reasons: Type.Array(
      Type.Object({ check: Type.String({ maxLength: 64 }), detail: Type.String({ maxLength: 2000 }) }, closed),
      { maxItems: 20 },
    ),
  },
  closed,
);
export type Rehearsal = Static<typeof Rehearsal>;

/** A certbot lineage, read from renewal/NAME.conf, live/NAME and archive/NAME; certbot itself is never asked. */
export const Lineage = Type.Object(
  {
    name: Name,
    renewalConfig: Path,
    /** The path that servers are expected to name: live/NAME/fullchain.pem. */
    certificatePath: Path,
    keyPath: Path,
    /** Leaf of the highest-numbered archive/NAME/certN.pem: the newest that was issued. */
    issued: Type.Optional(Fingerprint),
    issuedVersion: Type.Optional(Type.Integer()),
    /** Leaf that live/NAME/fullchain.pem leads to. */
    live: Type.Optional(Fingerprint),
    liveVersion: Type.Optional(Type.Integer()),
    /** When the live link last changed (lstat mtime of live/NAME/fullchain.pem). */
    changedAt: Type.Optional(Instant),
    /** Does live/NAME/privkey.pem belong to the live leaf? Absent when it could not be told. */
    keyMatches: Type.Optional(Type.Boolean()),
    /** ACME directory, authenticator and installer as renewal/NAME.conf names them. */
    acmeDirectory: Type.Optional(Type.String({ maxLength: 2048 })),
    authenticator: Type.Optional(Name),
    installer: Type.Optional(Name),
    /** False: renewal/NAME.conf says `autorenew = False`, so neither certbot's timer nor the agent renews it. */
    autorenew: Type.Optional(Type.Boolean()),
    /** What the agent may do for this lineage, where that differs from the host's mode. */
    mode: Type.Optional(Mode),
    renewal: Type.Optional(Renewal),
    rehearsal: Type.Optional(Rehearsal),
    failure: Type.Optional(Failure),
  },
  closed,
);
export type Lineage = Static<typeof Lineage>;

/** The protocol that a connection begins with in plain text before it asks for TLS (RFC 3207, 2595, 4217, 4511; SSLRequest of PostgreSQL and MySQL). */
export const StartTls = Type.Enum(['smtp', 'imap', 'pop3', 'postgres', 'ftp', 'mysql', 'ldap']);
export type StartTls = Static<typeof StartTls>;

/** An address and port with TLS on. `address` is as configured: "0.0.0.0" and "::" for all addresses. */
export const Listener = Type.Object(
  {
    address: Type.String({ maxLength: 256 }),
    /** 0 for a unix socket, whose path is then `address` ("unix:/path"). */
    port: Type.Integer({ minimum: 0, maximum: 65535 }),
    /** The server that answers here when no name fits. */
    defaultServer: Type.Boolean(),
    proxyProtocol: Type.Boolean(),
    startTls: Type.Optional(StartTls),
  },
  closed,
);
export type Listener = Static<typeof Listener>;

/** One certificate and key pair that a server block names for its server names and listeners. */
export const Deployment = Type.Object(
  {
    /** CONFIGFILE:LINE:CERTIFICATEPATH */
    id: Type.String({ maxLength: 9000 }),
    server: ServerProgram,
    configFile: Path,
    /** Line of the `server {` in configFile, counted from 1. */
    line: Type.Integer({ minimum: 1 }),
    serverNames: Type.Array(Name, { maxItems: 10000 }),
    listeners: Type.Array(Listener, { maxItems: 1000 }),
    certificatePath: Path,
    keyPath: Path,
    /** Leaf in the file at certificatePath. */
    configured: Type.Optional(Fingerprint),
    /** The lineage that certificatePath belongs to, followed through links. */
    lineage: Type.Optional(Name),
    keyMatches: Type.Optional(Type.Boolean()),
    failure: Type.Optional(Failure),
  },
  closed,
);
export type Deployment = Static<typeof Deployment>;

/** How far the newest certificate got on its way to the client, in this order. `served-everywhere` is what a collector sees from outside: no agent says it. */
export const Reached = Type.Enum([
  'issued',
  'on-disk',
  'configured',
  'loaded',
  'served',
  'served-everywhere',
  'unknown',
]);
export type Reached = Static<typeof Reached>;

/** When the newest certificate reached each state, where that is known. Told by files and processes; `served`: when a look first saw it; `served-everywhere`: when the last address that is asked from outside did. */
export const ReachedAt = Type.Object(
  {
    issued: Type.Optional(Instant),
    'on-disk': Type.Optional(Instant),
    configured: Type.Optional(Instant),
    loaded: Type.Optional(Instant),
    served: Type.Optional(Instant),
    'served-everywhere': Type.Optional(Instant),
  },
  closed,
);
export type ReachedAt = Static<typeof ReachedAt>;

/** Listener + server name + signature algorithm: one thing a client can connect to, and what it presented. */
export const Endpoint = Type.Object(
  {
    /** NAME@ADDRESS:PORT/ALGORITHM */
    id: Type.String({ maxLength: 2048 }),
    server: ServerProgram,
    serverName: Name,
    /** The name that was asked for, where `serverName` is a pattern or a catch-all: "" for a handshake without one. */
    askedName: Type.Optional(Name),
    address: Type.String({ maxLength: 256 }),
    port: Type.Integer({ minimum: 0, maximum: 65535 }),
    startTls: Type.Optional(StartTls),
    algorithm: SignatureAlgorithm,
    vantage: Type.Enum(['host']),
    /** The deployments (ids) of this name and listener; the first of this algorithm is the one compared. */
    deployment: Type.Optional(Type.String({ maxLength: 9000 })),
    issued: Type.Optional(Fingerprint),
    configured: Type.Optional(Fingerprint),
    served: Type.Optional(Fingerprint),
    /** The chain as served, leaf left out. */
    chain: Type.Array(Fingerprint, { maxItems: 100 }),
    tlsVersion: Type.Optional(Type.String({ maxLength: 32 })),
    /** The application protocol that the server chose (RFC 7301): "h2"; absent where it chose none. */
    alpn: Type.Optional(Type.String({ maxLength: 255 })),
    /** Addresses that were asked and gave this answer: loopback and the host's own, where the listener is at all of them. */
    answeredAt: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 100 })),
    /** How many answers in this look said the same. */
    answers: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
    failure: Type.Optional(Failure),
    reached: Reached,
    reachedAt: Type.Optional(ReachedAt),
  },
  closed,
);
export type Endpoint = Static<typeof Endpoint>;

/** A server program on the host whose config was looked for. */
export const Server = Type.Object(
  {
    server: ServerProgram,
    configFile: Path,
    /** Every file that was read, in the order of reading. */
    configFiles: Type.Array(Path, { maxItems: 20000 }),
    /** What the server program itself would object to first, with the place where it would say so. */
    failure: Type.Optional(
      Type.Object(
        { ...Failure.properties, file: Type.Optional(Path), line: Type.Optional(Type.Integer({ minimum: 1 })) },
        closed,
      ),
    ),
  },
  closed,
);
export type Server = Static<typeof Server>;

/** A host's latest observations and verdicts. The next snapshot replaces it. */
export const Snapshot = Type.Object(
  {
    host: Type.Object(
      {
        name: Name,
        agentVersion: Type.String({ maxLength: 64 }),
        platform: Type.String({ maxLength: 256 }),
        mode: Mode,
        /** The longest time between two looks at the same facts, as configured. */
        lookSeconds: Type.Optional(Type.Number({ minimum: 0.1, maximum: 86_400 })),
      },
      closed,
    ),
    /** Every certificate that the rest refers to, once, in fingerprint order. */
    certificates: Type.Array(Certificate),
    files: Type.Array(FileObservation),
    lineages: Type.Array(Lineage),
    servers: Type.Array(Server),
    deployments: Type.Array(Deployment),
    endpoints: Type.Array(Endpoint),
    findings: Type.Array(Finding),
  },
  closed,
);
export type Snapshot = Static<typeof Snapshot>;

/** What a snapshot has too many of, in one line; undefined: nothing. */
export function snapshotExcess(snapshot: Snapshot): string | undefined {
  const { host: _, ...lists } = snapshot;
  const entries = Object.values(lists).reduce((sum, list) => sum + list.length, 0);
  const findings = snapshot.findings.length;
  if (entries > maxSnapshotEntries) return `it has ${entries} entries, and the collector takes ${maxSnapshotEntries}`;
  if (findings > maxSnapshotFindings)
    return `it has ${findings} findings, and the collector takes ${maxSnapshotFindings}`;
  return undefined;
}
