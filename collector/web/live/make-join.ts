import type { TokenBody } from '../../serve/action-bodies.ts';
import { send, type Sent } from './send.ts';

/** A join string, good for one host until then. */
export interface Joined {
  readonly version: 1;
  readonly join: string;
  readonly expiresAt: string;
}

/** Has the collector make a join string (POST /api/v1/tokens). */
export function makeJoin(labels: Readonly<Record<string, string>>): Promise<Sent<Joined>> {
  const body: TokenBody = Object.keys(labels).length === 0 ? {} : { labels: { ...labels } };
  return send('POST', '/api/v1/tokens', body);
}
