import { Instant } from '@certherd/protocol/certificate';
import { Mode, type Snapshot } from '@certherd/protocol/snapshot';
import Type, { type Static } from 'typebox';
import type { Config } from './config.ts';
import type { Ports } from './ports.ts';
import { ConnectionState } from './report/connection-state.ts';

const Count = Type.Integer({ minimum: 0 });

/** What the daemon leaves in its state directory for `certherd-agent status`. Instants are ISO 8601. */
export const Status = Type.Object({
  version: Type.Literal(1),
  pid: Type.Integer({ minimum: 1 }),
  host: Type.String(),
  agentVersion: Type.String(),
  mode: Mode,
  startedAt: Instant,
  lookedAt: Type.Optional(Instant),
  /** When the oldest answer was got that says what an endpoint presents: each was asked since. */
  askedAt: Type.Optional(Instant),
  nextLookAt: Type.Optional(Instant),
  endpoints: Type.Optional(Type.Object({ total: Count, served: Count })),
  findings: Type.Optional(Type.Object({ critical: Count, unknown: Count, warning: Count, notice: Count })),
  collector: ConnectionState,
  eventsWaiting: Count,
});
export type Status = Static<typeof Status>;

export const statusFile = 'status.json';

/** What changes is written at once; what a look saw, with what comes next, or where something comes between, by `write`. */
export interface StatusWriter {
  /** `askedAt`: milliseconds since 1970. */
  looked(snapshot: Snapshot, askedAt: number): void;
  next(at: number): void;
  write(): void;
  connection(state: ConnectionState, eventsWaiting: number): void;
}

export function statusWriter(
  config: Config,
  host: { name: string; agentVersion: string },
  ports: Pick<Ports, 'clock' | 'state'>,
): StatusWriter {
  const iso = (ms: number) => new Date(ms).toISOString();
  let status: Status = {
    version: 1,
    pid: process.pid,
    host: host.name,
    agentVersion: host.agentVersion,
    mode: config.mode,
    startedAt: iso(ports.clock.now()),
    collector: { state: 'not-enrolled' },
    eventsWaiting: 0,
  };
  const change = (by: Partial<Status>) => {
    status = { ...status, ...by };
  };
  const write = (by: Partial<Status> = {}) => {
    change(by);
    // Its loss costs nothing but the answer of `status`.
    ports.state.write(statusFile, `${JSON.stringify(status)}\n`, { lasting: false });
  };
  return {
    looked: ({ endpoints, findings }, askedAt) =>
      change({
        lookedAt: iso(ports.clock.now()),
        askedAt: iso(askedAt),
        endpoints: { total: endpoints.length, served: endpoints.filter(({ reached }) => reached === 'served').length },
        findings: {
          critical: findings.filter(({ severity }) => severity === 'critical').length,
          unknown: findings.filter(({ severity }) => severity === 'unknown').length,
          warning: findings.filter(({ severity }) => severity === 'warning').length,
          notice: findings.filter(({ severity }) => severity === 'notice').length,
        },
      }),
    next: (at) => write({ nextLookAt: iso(at) }),
    write: () => write(),
    connection: (collector, eventsWaiting) => write({ collector, eventsWaiting }),
  };
}
