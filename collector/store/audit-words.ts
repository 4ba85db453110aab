/** What goes into the audit history. */
export const auditActions = [
  'set-up',
  'user-added',
  'user-role-changed',
  'user-password-changed',
  'user-removed',
  'user-invited',
  'user-disabled',
  'user-enabled',
  'user-signed-out',
  'signed-in',
  'signed-out',
  'sign-in-failed-too-often',
  'api-token-created',
  'api-token-revoked',
  'join-token-created',
  'labels-set',
  'labels-removed',
  'list-imported',
  'target-added',
  'target-removed',
  'target-look-asked',
  'host-revoked',
  'request-asked',
  'campaign-started',
  'campaign-paused',
  'campaign-resumed',
  'campaign-member-skipped',
  'campaign-aborted',
  'incident-acknowledged',
  'incident-taken-back',
  'silence-added',
  'silence-ended',
] as const;
export type AuditAction = (typeof auditActions)[number];

/** By which way: `set-up`, a one-time link; `proxy`, a reverse proxy named who it is; `link`, one in a message, whose holder says who it is. */
export const auditWays = ['command', 'page', 'api-token', 'proxy', 'set-up', 'link', 'nobody'] as const;
export type AuditWay = (typeof auditWays)[number];
