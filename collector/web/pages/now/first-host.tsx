import { CopyCommand } from '../../parts/copy-command.tsx';

/** What to do while there is no host: the two commands that bring one here. */
export function FirstHost() {
  return (
    <section class="first-host" aria-labelledby="first-host-title">
      <h2 id="first-host-title">Enrol the first host</h2>
      <ol>
        <li>
          <p>On this machine, make a join string. It is good for one host, for one hour.</p>
          <CopyCommand command="certherd-collector token create" label="make a join string" />
        </li>
        <li>
          <p>On the VM, enrol its agent with that string in place of JOIN.</p>
          <CopyCommand command="certherd-agent enroll JOIN" label="enrol an agent" />
        </li>
      </ol>
      <p class="quiet">The host appears here by itself as soon as its agent runs.</p>
    </section>
  );
}
