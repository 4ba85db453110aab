import type { Me } from '../../serve/action-bodies.ts';
import { Nothing } from './section.tsx';

/** What stands on a page that is not for whoever looks. */
export function ForAdmins({ title, me }: { title: string; me: Me | undefined }) {
  const who = me?.name === undefined ? 'nobody has signed in' : `${me.name} is ${me.role ?? 'no user here'}`;
  const isOpen = me?.by === 'open';
  return (
    <>
      <h1>{title}</h1>
      <Nothing>
        {me === undefined ? 'Asking who you are…' : `This is for admins; ${who}.`}
        {isOpen && (
          <>
            {' '}
            Nobody has to yet. The first one: <code>certherd-collector user add NAME --role admin</code>
          </>
        )}
      </Nothing>
    </>
  );
}
