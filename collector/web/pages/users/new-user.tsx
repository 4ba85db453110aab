import { useSignal } from '@preact/signals';
import type { Role } from '../../../accounts/role.ts';
import { roles } from '../../../accounts/roles.ts';
import type { UserBody, UserMade } from '../../../serve/account-bodies.ts';
import { send, type Sent } from '../../live/send.ts';
import { Choice } from '../../parts/choice.tsx';
import { OnceDialog } from '../../parts/once-dialog.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Told } from '../../parts/told.tsx';
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
  const sent = useSignal<Sent<UserMade> | 'asking' | undefined>(undefined);
  const make = async (): Promise<void> => {
    const body: UserBody = { name: name.value, role: role.value, invite: way.value === 'link' };
    sent.value = 'asking';
    sent.value = await send<UserMade>('POST', '/api/v1/users', body);
    if (sent.value.ok) made();
  };
  const { value } = sent;
  return (
    <OnceDialog
      id="new-user"
      title="Let somebody in"
      onClose={() => {
        sent.value = undefined;
        name.value = '';
      }}
    >
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          if (value !== 'asking') void make();
        }}
      >
        <label class="choice">
          Name
          <input
            type="text"
            required
            maxLength={64}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            value={name.value}
            onInput={({ currentTarget }) => {
              name.value = currentTarget.value;
            }}
          />
        </label>
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
        <button type="submit" class="firm">
          Let in
        </button>
      </form>
      <Told outcome={value === 'asking' || value?.ok === false ? value : undefined} />
      {typeof value === 'object' && value.ok && (
        <>
          {value.answer.invite ? (
            <NewLink name={value.answer.name} {...value.answer.invite} />
          ) : (
            <p aria-live="polite">
              <Raw text={value.answer.name} /> may sign in.
            </p>
          )}
        </>
      )}
    </OnceDialog>
  );
}
