import type { Role } from '../../accounts/role.ts';
import { reaches } from '../../accounts/roles.ts';

/** What a route needs; HEAD needs what GET does. */
export interface RouteRule {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** As it is registered, with `:name` for what differs. */
  path: string;
  /** `nobody`: for whoever comes, before somebody signs in. */
  least: Role | 'nobody';
  /** `page`: for people, who are led to the sign-in page; `stream`: stays open, and is ended with the right to it. */
  kind?: 'page' | 'stream';
  /** Also for whoever comes where `web_anonymous` is "wall". */
  wall?: true;
}

const get = (path: string, least: RouteRule['least'], more: Partial<RouteRule> = {}): RouteRule => ({
  method: 'GET',
  path,
  least,
  ...more,
});

/** Every route but the page's own files, with the least role that it needs. A route that is not here is refused, whoever asks. */
const rules: readonly RouteRule[] = [
  get('/healthz', 'nobody'),
  get('/metrics', 'viewer'),
  get('/api', 'viewer', { kind: 'page' }),
  get('/api/v1/openapi.json', 'viewer'),
  get('/api/v1/me', 'nobody'),
  get('/api/v1/estate', 'viewer'),
  get('/api/v1/live', 'viewer', { kind: 'stream' }),
  get('/api/v1/wall', 'viewer', { wall: true }),
  get('/api/v1/hosts', 'viewer'),
  get('/api/v1/certificates', 'viewer'),
  get('/api/v1/certificates/:fingerprint/history', 'viewer'),
  get('/api/v1/certificates/:fingerprint/pem', 'viewer'),
  get('/api/v1/endpoints', 'viewer'),
  get('/api/v1/endpoint-history', 'viewer'),
  get('/api/v1/findings', 'viewer'),
  get('/api/v1/lineages', 'viewer'),
  get('/api/v1/targets', 'viewer'),
  get('/api/v1/targets/:id/history', 'viewer'),
  get('/api/v1/transparency', 'viewer'),
  get('/api/v1/events', 'viewer'),
  get('/api/v1/history', 'viewer'),
  get('/api/v1/requests', 'viewer'),
  get('/api/v1/requests/:id', 'viewer'),
  get('/api/v1/labels', 'viewer'),
  get('/api/v1/restorations', 'viewer'),
  get('/api/v1/campaigns', 'viewer'),
  get('/api/v1/campaigns/:id', 'viewer'),
  get('/api/v1/campaign-plan', 'viewer'),
  { method: 'POST', path: '/api/v1/campaigns', least: 'operator' },
  { method: 'POST', path: '/api/v1/campaigns/:id', least: 'operator' },
  get('/api/v1/listed.csv', 'viewer'),
  get('/api/v1/incidents', 'viewer'),
  get('/api/v1/silences', 'viewer'),
  get('/api/v1/audit', 'admin'),
  get('/api/v1/me/sessions', 'viewer'),
  { method: 'DELETE', path: '/api/v1/me/sessions/:id', least: 'viewer' },
  get('/api/v1/api-tokens', 'viewer'),
  { method: 'POST', path: '/api/v1/api-tokens', least: 'viewer' },
  { method: 'DELETE', path: '/api/v1/api-tokens/:name', least: 'viewer' },
  get('/api/v1/users', 'admin'),
  { method: 'POST', path: '/api/v1/users', least: 'admin' },
  { method: 'PATCH', path: '/api/v1/users/:name', least: 'admin' },
  { method: 'DELETE', path: '/api/v1/users/:name', least: 'admin' },
  { method: 'POST', path: '/api/v1/users/:name/invite', least: 'admin' },
  { method: 'DELETE', path: '/api/v1/users/:name/sessions', least: 'admin' },
  { method: 'POST', path: '/api/v1/requests', least: 'operator' },
  { method: 'POST', path: '/api/v1/labels', least: 'operator' },
  { method: 'DELETE', path: '/api/v1/labels', least: 'operator' },
  { method: 'PATCH', path: '/api/v1/labels/:id', least: 'operator' },
  { method: 'DELETE', path: '/api/v1/labels/:id', least: 'operator' },
  { method: 'POST', path: '/api/v1/listed', least: 'operator' },
  { method: 'POST', path: '/api/v1/listed/check', least: 'operator' },
  { method: 'POST', path: '/api/v1/incidents/:id/acknowledgement', least: 'operator' },
  { method: 'DELETE', path: '/api/v1/incidents/:id/acknowledgement', least: 'operator' },
  { method: 'POST', path: '/api/v1/silences', least: 'operator' },
  { method: 'DELETE', path: '/api/v1/silences/:id', least: 'operator' },
  { method: 'POST', path: '/api/v1/targets', least: 'operator' },
  { method: 'DELETE', path: '/api/v1/targets/:id', least: 'operator' },
  { method: 'POST', path: '/api/v1/targets/:id/look', least: 'operator' },
  { method: 'POST', path: '/api/v1/tokens', least: 'admin' },
  // The signature in the link is the right to it.
  get('/answer/:token', 'nobody'),
  { method: 'POST', path: '/answer/:token', least: 'nobody' },
  // So is the secret in these.
  get('/invite', 'nobody'),
  { method: 'POST', path: '/invite', least: 'nobody' },
  get('/set-up', 'nobody'),
  { method: 'POST', path: '/set-up', least: 'nobody' },
  get('/sign-in', 'nobody'),
  { method: 'POST', path: '/sign-in', least: 'nobody' },
  get('/sign-in/provider', 'nobody'),
  get('/sign-in/return', 'nobody'),
  { method: 'POST', path: '/sign-out', least: 'nobody' },
  get('/account', 'viewer', { kind: 'page' }),
  { method: 'POST', path: '/account/password', least: 'viewer' },
];

export type RouteTable = (method: string, path: string) => RouteRule | undefined;

/** The table together with the page's own files: what is below /assets/ says nothing of the estate. */
export function routeTable(pagePaths: Iterable<string>): RouteTable {
  const pages = [...pagePaths].map((path) =>
    path.startsWith('/assets/')
      ? get(path, 'nobody')
      : get(path, 'viewer', { kind: 'page', ...(/^\/wall(?:\/\*)?$/.test(path) && { wall: true }) }),
  );
  const byRoute = new Map([...rules, ...pages].map((rule) => [`${rule.method} ${rule.path}`, rule]));
  return (method, path) => byRoute.get(`${method === 'HEAD' ? 'GET' : method} ${path}`);
}

/** May somebody of this role, or nobody, have what the route gives? */
export function mayHave(rule: RouteRule, role: Role | undefined, isWallOpen: boolean): boolean {
  return rule.least === 'nobody' || reaches(role, rule.least) || (isWallOpen && rule.wall === true);
}
