import type { Me } from '../../serve/action-bodies.ts';
import type { Connection } from '../../present/connection.ts';

interface SessionOverProps {
  readonly me: Me | undefined;
  readonly connection: Connection;
}

/** Says that the collector answers, and only wants to know who looks. Another tab signs in, so that nothing here is lost; this page then goes on by itself. */
export function SessionOver({ me, connection }: SessionOverProps) {
  if (connection !== 'lost' || me?.by !== 'nobody') return null;
  return (
    <p class="session-over" role="alert">
      Your session is over, and what you see is as it was.{' '}
      <a href="/sign-in" target="_blank" rel="noopener">
        Sign in again
      </a>
      , in another tab: this page then goes on, and what you typed stays.
    </p>
  );
}
