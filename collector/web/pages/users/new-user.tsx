import { useSignal } from '@preact/signals';
import type { Role } from '../../../accounts/role.ts';
import { roles } from '../../../accounts/roles.ts';
import type { UserBody, UserMade } from '../../../serve/account-bodies.ts';
import { send } from '../../live/send.ts';
import { Choice } from '../../parts/choice.tsx';
import { NewByName } from '../../parts/new-by-name.tsx';
import { Raw } from '../../parts/raw.tsx';
import { NewLink } from './new-link.tsx';

const means: Readonly<Record<Role, string>> = {
  viewer: 'viewer: reads',
  operator: 'operator: also asks hosts for something, and sets labels',
  admin: 'admin: also lets hosts and people in',
};
const ways = [
  ['link', 'a password, which they choose by a link'],
  ['elsewhere', 'an OpenID provider, or a proxy'],
] as const;

/** Lets somebody in. */
export function NewUser({ made }: { made: () => void }) {
  const name = useSignal('');
  const role = useSignal<Role>('viewer');
  const way = useSignal<(typeof ways)[number][0]>('link');
  const make = () => {
    const body: UserBody = { name: name.value, role: role.value, invite: way.value === 'link' };
    return send<UserMade>('POST', '/api/v1/users', body);
  };
  const choices = (
    <>
      <Choice
        label="Role"
        value={role.value}
        options={roles.map((one) => [one, means[one]])}
        choose={(one) => {
          role.value = one;
        }}
      />
      <Choice
        label="Signs in by"
        value={way.value}
        options={ways}
        choose={(one) => {
          way.value = one;
        }}
      />
    </>
  );
  return (
    <NewByName
      id="new-user"
      title="Let somebody in"
      name={name}
      choices={choices}
      verb="Let in"
      make={make}
      shown={shown}
      made={made}
    />
  );
}

function shown({ name, invite }: UserMade) {
  if (invite) return <NewLink name={name} {...invite} />;
  return (
    <p aria-live="polite">
      <Raw text={name} /> may sign in.
    </p>
  );
}
