import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { Me } from '../../../serve/action-bodies.ts';
import { ownLabels } from '../../../present/certificate-rows.ts';
import { type Joined, makeJoin } from '../../live/make-join.ts';
import type { Sent } from '../../live/send.ts';
import { CopyCommand } from '../../parts/copy-command.tsx';
import { Raw } from '../../parts/raw.tsx';
import { absolute } from '../../../wording/duration.ts';

interface EnrolProps {
  readonly me: Me | undefined;
  /** The collector's: its agent's package has the same. */
  readonly version: string;
}

/** The way to a new host: a join string, and the two commands that are typed on the VM. */
export function Enrol({ me, version }: EnrolProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const joined = useSignal<Sent<Joined> | 'asking' | undefined>(undefined);
  const admin = me?.role === 'admin';
  // A join string is a secret: it is not kept once the dialog is closed.
  const forget = (): void => {
    joined.value = undefined;
  };
  return (
    <div class="enrol">
      <button type="button" onClick={() => dialog.current?.showModal()}>
        Enrol a host
      </button>
      <dialog ref={dialog} aria-labelledby="enrol-title" onClose={forget}>
        <h2 id="enrol-title">Enrol a host</h2>
        {admin ? <Make joined={joined.value} make={(labels) => void make(labels)} /> : <ByCommand />}
        {joined.value !== undefined && joined.value !== 'asking' && joined.value.ok && (
          <Commands join={joined.value.answer.join} expiresAt={joined.value.answer.expiresAt} version={version} />
        )}
        <p class="close">
          <button type="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </p>
      </dialog>
    </div>
  );

  async function make(labels: Readonly<Record<string, string>>): Promise<void> {
    joined.value = 'asking';
    joined.value = await makeJoin(labels);
  }
}

interface MakeProps {
  readonly joined: Sent<Joined> | 'asking' | undefined;
  readonly make: (labels: Readonly<Record<string, string>>) => void;
}

function Make({ joined, make }: MakeProps) {
  const labels = useSignal<Readonly<Record<string, string>>>({});
  return (
    <>
      <p>A join string lets one host in, within one hour. Labels are optional; they say whose it is.</p>
      <fieldset class="label-fields">
        <legend class="unseen">Labels of the host</legend>
        {ownLabels.map((key) => (
          <label key={key}>
            {key}
            <input
              type="text"
              maxLength={500}
              autocomplete="off"
              onInput={({ currentTarget: { value } }) => {
                labels.value = { ...labels.value, [key]: value.trim() };
              }}
            />
          </label>
        ))}
      </fieldset>
      <p>
        <button
          type="button"
          class="firm"
          aria-disabled={joined === 'asking'}
          onClick={() =>
            joined !== 'asking' &&
            make(Object.fromEntries(Object.entries(labels.value).filter(([, value]) => value !== '')))
          }
        >
          Make a join string
        </button>{' '}
        <output aria-live="polite">
          {joined === 'asking' && 'Asking…'}
          {joined !== undefined && joined !== 'asking' && !joined.ok && (
            <>
              Not made: <Raw text={joined.why} limit={1000} />
            </>
          )}
        </output>
      </p>
    </>
  );
}

interface CommandsProps extends Pick<Joined, 'join' | 'expiresAt'> {
  /** The collector's. */
  readonly version: string;
}

function Commands({ join, expiresAt, version }: CommandsProps) {
  return (
    <div class="commands" aria-live="polite">
      <p>On the VM, as root:</p>
      <CopyCommand command={`apt install ./certherd-agent_${version}_amd64.deb`} label="install the agent" />
      <CopyCommand command={`certherd-agent enroll ${join}`} label="enrol the agent" />
      <p class="quiet">
        Without a package it is one: <code>./certherd-agent install --join</code> and the same string. Good until{' '}
        {absolute(expiresAt)}, for one host. The host appears here by itself.
      </p>
    </div>
  );
}

function ByCommand() {
  return (
    <>
      <p>
        Admins make join strings here. On the collector's own machine it is this command; it lets one host in, within
        one hour:
      </p>
      <CopyCommand command="certherd-collector token create" label="make a join string" />
      <p>On the VM, with that string in place of JOIN:</p>
      <CopyCommand command="certherd-agent enroll JOIN" label="enrol an agent" />
    </>
  );
}
