import type { RefusalReason } from '@certherd/protocol/frame';

const anew = 'certherd-agent enroll --replace JOIN enrols this one as a host of its own';

/** Why the collector refused, for people, with what to do where a person has to. */
export const refusalWords: Readonly<Record<RefusalReason, string>> = {
  'token-refused': 'refused: the token was used, has expired, or is unknown',
  'not-authenticated': `refused: the collector does not know this host's key (not-authenticated); ${anew}`,
  revoked: `refused: this host's identity was revoked; ${anew}`,
  'identity-in-use': `refused: another machine presents this identity (identity-in-use), so this state was copied; ${anew}`,
  'version-unsupported': 'refused: agent and collector speak no common version of the protocol: upgrade the older one',
  'frame-invalid': 'refused: the collector found a mistake in what was sent (frame-invalid)',
  'too-slow': 'refused: too slow',
  'try-later': 'refused for now: the collector takes nothing from this host at the moment (try-later)',
};
