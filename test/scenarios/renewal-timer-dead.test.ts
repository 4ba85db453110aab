import test from 'ava';
import { startMachine, withLineage } from '../helpers/machine-host.ts';
import { cleared, follow, found, look } from '../helpers/scenario.ts';
import { machinesCanBeMade } from '../helpers/testbed/machine.ts';

const isolated = machinesCanBeMade ? test : test.skip;

for (const { state, command, cause } of [
  { state: 'disabled', command: ['disable', 'certbot.timer'], cause: /^certbot\.timer is not enabled: nobody renews/ },
  { state: 'masked', command: ['mask', 'certbot.timer'], cause: /^certbot\.timer is masked, so that systemd never/ },
]) {
  isolated(`renewal-timer-dead: Debian's certbot.timer was ${state}`, async (t) => {
    const scene = await startMachine(t);
    await withLineage(t, scene);
    t.deepEqual((await look(scene)).findings, []);
    await scene.machine.must('systemctl', 'disable', 'certbot.timer');
    await scene.machine.must('systemctl', ...command);
    const finding = await found(scene, 'renewal-timer-dead');
    t.is(finding.severity, 'warning');
    t.regex(finding.cause, cause);
    // No systemd runs here that could start it at once (--now): systemctl makes the links alone.
    t.true(finding.remedy.endsWith('systemctl enable --now certbot.timer'), finding.remedy);
    await follow(t, scene, finding.remedy.replace(' --now', ''));
    await cleared(t, scene, finding);
  });
}
